"""What every test shares: Hypothesis profiles, no network, and the table of reference values."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.reference_values import Known, Row, Tolerance, compared, read, write

# Read by pyright, never run: some of it is wrong on purpose.
collect_ignore_glob = ["typing/*"]

# Slow shared machines make any deadline a coin toss; a found failure is printed with its seed.
_SLOW_MACHINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "local", deadline=None, max_examples=50, suppress_health_check=_SLOW_MACHINE, print_blob=True
)
# In CI the examples are the same on every run, so that a red build is red again when repeated.
settings.register_profile(
    "ci", deadline=None, max_examples=50, suppress_health_check=_SLOW_MACHINE, derandomize=True
)
# `HYPOTHESIS_PROFILE=thorough make test` before a release.
settings.register_profile("thorough", deadline=None, max_examples=1000)
if not os.path.exists("/dev/nvidiactl"):
    # Triton decides when it is imported, and a library that nobody thinks of may do that first.
    os.environ.setdefault("TRITON_INTERPRET", "1")

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))


@pytest.fixture(scope="session", autouse=True)
def _no_network(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test fetches data sets from the net, or finds those of the person who runs it."""
    os.environ["SPIKELOOM_OFFLINE"] = "1"
    os.environ["SPIKELOOM_DATA"] = str(tmp_path_factory.getbasetemp() / "no-data")


@pytest.fixture(scope="session", autouse=True)
def _headless() -> None:
    """Figures are drawn to memory; no test opens a window or asks for the size of a terminal."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("COLUMNS", "100")


ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()
RAN: pytest.StashKey[set[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reference-table", nargs="?", const="all", choices=("all", "merge"),
                     help="run the tests of reference values, and write their table; with `merge`"
                          " keep the rows of the tests that were not chosen")  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS], config.stash[RAN] = [], set()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The check of the table comes last; to write it, nothing else than its tests runs."""
    items.sort(key=lambda item: "reference_rows" in getattr(item, "fixturenames", ()))
    if config.getoption("--reference-table"):
        kept = [item for item in items if "reference" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Known:
    """Compare a number with what it must be, and note it for the table of the docs."""
    test = request.node.nodeid
    request.config.stash[RAN].add(test)

    def check(
        model: str, quantity: str, expected: Any, got: Any, tolerance: Tolerance, source: str,
        unit: str = "",
    ) -> None:  # fmt: skip
        row = compared(model, quantity, expected, got, tolerance, source, unit, test)
        request.config.stash[ROWS].append(row)

    return check


@pytest.fixture
def reference_rows(pytestconfig: pytest.Config) -> tuple[list[Row], set[str]]:
    """The rows of this session so far, and the tests that made them."""
    return pytestconfig.stash[ROWS], pytestconfig.stash[RAN]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    how = session.config.getoption("--reference-table")
    if how and exitstatus == 0:
        rows, ran = session.config.stash[ROWS], session.config.stash[RAN]
        kept = [row for row in read() if row.test not in ran] if how == "merge" else []
        write([*kept, *rows])
