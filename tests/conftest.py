"""What every test shares: Hypothesis profiles, and a place of its own for the kernel cache."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

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
