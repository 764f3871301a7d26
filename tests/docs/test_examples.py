"""Every Python example in the README and the docs runs: the blocks of a page, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```python *$\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program(page: Path) -> str:
    """The page with everything but its Python blanked out, so that line numbers stay true."""
    text = page.read_text(encoding="utf-8")
    out: list[str] = []
    end = 0
    for block in _FENCE.finditer(text):
        out += ["\n" * text.count("\n", end, block.start(1)), block[1]]
        end = block.end(1)
    return "".join(out)


def runnable() -> list[Path]:
    return [page for page in PAGES if program(page).strip()]


@pytest.mark.parametrize("page", runnable(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_examples_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file of its own, because models read their own source to point at a mistake in it.
    copy = tmp_path / f"{page.stem.replace('-', '_')}.py"
    copy.write_text(program(page), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    exec(compile(copy.read_text(encoding="utf-8"), str(copy), "exec"), {"__name__": "__main__"})


def test_lines_are_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\na = 1\n```\ntext\n```python\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile(program(page), str(page), "exec"), {})
    assert caught.traceback[-1].lineno + 1 == 8
