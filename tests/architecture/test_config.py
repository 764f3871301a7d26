"""What the configuration names exists, so that no check runs on nothing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def config(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_paths_in_pyproject_exist(root: Path, config: dict[str, Any]) -> None:
    tool = config["tool"]
    named = [
        config["project"]["readme"],
        *config["project"]["license-files"],
        *tool["setuptools"]["packages"]["find"]["where"],
        *tool["pytest"]["ini_options"]["testpaths"],
        *(o.partition("=")[2] for o in tool["pytest"]["ini_options"]["addopts"] if "=src/" in o),
        *tool["ruff"]["src"],
        *tool["pyright"]["include"],
        *tool["pyright"]["strict"],
        *(p.removesuffix("/**") for p in tool["ruff"]["lint"]["per-file-ignores"]),
    ]
    assert [name for name in named if not (root / name).exists()] == []


def test_modules_in_the_import_contracts_exist(root: Path, config: dict[str, Any]) -> None:
    named = [
        module
        for contract in config["tool"]["importlinter"]["contracts"]
        for module in contract.get("source_modules", [])
    ]
    for module in named:
        path = root / "src" / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), module


def test_paths_in_the_hooks_and_the_makefile_exist(root: Path) -> None:
    for name in (".pre-commit-config.yaml", "Makefile", ".ci/run", "mkdocs.yml"):
        text = (root / name).read_text(encoding="utf-8")
        for path in re.findall(r"\b(?:tests|scripts|docs)/[\w./-]+\.(?:py|sh|md|css)\b", text):
            assert (root / path).is_file(), f"{name} names {path}"


def test_the_entry_point_exists(config: dict[str, Any]) -> None:
    module, _, function = config["project"]["scripts"]["spikeloom"].partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_every_pinned_dependency_meets_its_bound(root: Path, config: dict[str, Any]) -> None:
    requirements = pytest.importorskip("packaging.requirements")
    pins = dict(
        line.split("==")
        for line in (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    extras, wanted, open_ = config["project"]["optional-dependencies"], [], ["dev"]
    while open_:  # what a development environment holds; other extras are for their users alone
        for text in extras[open_.pop()]:
            requirement = requirements.Requirement(text)
            open_ += requirement.extras if requirement.name == "spikeloom" else ()
            wanted.append(text)
    for text in [*config["project"]["dependencies"], *wanted]:
        requirement = requirements.Requirement(text)
        if requirement.name != "spikeloom":
            assert requirement.name.lower() in pins, f"{requirement.name} has no pin"
            assert pins[requirement.name.lower()] in requirement.specifier, text


def test_one_version(root: Path, config: dict[str, Any]) -> None:
    import spikeloom

    version = config["project"]["version"]
    assert spikeloom.__version__ == version
    assert f"version: {version}" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert version in (root / "CHANGELOG.md").read_text(encoding="utf-8")
