"""Files stay small, and say nothing that only holds on one machine."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

LONGEST = 400
TYPICAL = 150
LONGEST_MODEL = 60

# Spelled in pieces so that this file does not find itself.
HOSTS = ["py" + "pi.org", "files.python" + "hosted", "download.py" + "torch", "npm" + "js.org"]
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt/wheels)/")
ANCHORLESS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b(?!\(#\d+\))")
BANNER = re.compile(r"^\s*#\s*[-=*#]{8,}\s*$", re.MULTILINE)
PYTHON_GLOBAL = re.compile(r"^\s+global \w", re.MULTILINE)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_long(sources: list[Path], root: Path) -> None:
    sizes = {str(path.relative_to(root)): lines(path) for path in sources}
    too_long = {name: n for name, n in sizes.items() if n > LONGEST}
    assert not too_long, f"split these by idea, none may pass {LONGEST} lines: {too_long}"


def test_most_files_are_short(sources: list[Path]) -> None:
    assert median(lines(path) for path in sources) <= TYPICAL


def test_a_model_fits_on_a_screen(root: Path) -> None:
    models = sorted((root / "src/spikeloom/models").glob("*/*.py"))  # the shelf itself may be long
    too_long = {p.name: lines(p) for p in models if lines(p) > LONGEST_MODEL}
    assert not too_long, f"a model is one file of at most {LONGEST_MODEL} lines: {too_long}"


def test_no_package_host_is_named(texts: dict[str, str]) -> None:
    found = [(name, host) for name, text in texts.items() for host in HOSTS if host in text]
    assert not found, f"where packages come from is the user's own setting: {found}"


def test_no_path_of_one_machine(texts: dict[str, str]) -> None:
    own = "tests/architecture/test_files.py"
    found = [
        (name, match.group())
        for name, text in texts.items()
        if name != own
        for match in MACHINE_PATHS.finditer(text)
    ]
    assert not found, f"these paths exist on one machine only: {found}"


def test_a_note_to_self_names_its_issue(texts: dict[str, str]) -> None:
    found = [
        (name, text[: match.start()].count("\n") + 1)
        for name, text in texts.items()
        if name.endswith(".py")
        for match in ANCHORLESS.finditer(text)
    ]
    assert not found, f"write TO-DO(#issue), or do it now: {found}"


def test_no_banners_and_no_globals(texts: dict[str, str]) -> None:
    found = [
        name
        for name, text in texts.items()
        if name.endswith(".py") and (BANNER.search(text) or PYTHON_GLOBAL.search(text))
    ]
    assert not found
