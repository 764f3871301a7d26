"""`import spikeloom` is light, and each layer imports only what lies below it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HEAVY = (
    *("sympy", "torch", "llvmlite", "matplotlib", "triton", "scipy", "numba", "sklearn", "PIL"),
    *("h5py", "neo", "elephant", "quantities"),
)

# What may be loaded by each part, when it is imported alone.
ALLOWED = {
    "spikeloom": (),
    "spikeloom.errors": (),
    "spikeloom.equations": (),
    "spikeloom.models": (),
    "spikeloom.models.neurons": (),
    "spikeloom.models.surrogates": (),
    "spikeloom.engines": (),
    "spikeloom.engines.reference": (),
    "spikeloom.engines.gpu": (),
    "spikeloom.files": (),
    "spikeloom.network": (),
    "spikeloom.data": (),
    "spikeloom.show": (),
    "spikeloom.cli": (),
}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ALLOWED)
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = loaded_after(f"import {module}") & set(HEAVY)
    assert not heavy - set(ALLOWED[module])


def test_defining_and_printing_a_model_loads_nothing_heavy() -> None:
    heavy = loaded_after("import spikeloom as sl\nrepr(sl.LIF(tau=10 * sl.ms))") & set(HEAVY)
    assert not heavy


def test_import_order(root: Path) -> None:
    """The contracts in pyproject.toml hold (the same that `make lint` checks)."""
    importlinter = pytest.importorskip("importlinter.cli")
    del importlinter
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_folder_has_a_place_in_the_order(root: Path) -> None:
    config = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contract = config["tool"]["importlinter"]["contracts"][0]
    order = {
        name.strip(" ()")
        for layer in contract["layers"]
        for name in layer.replace(":", "|").split("|")
    }
    folders = {p.parent.name for p in (root / "src/spikeloom").glob("*/__init__.py")}
    assert folders <= order
