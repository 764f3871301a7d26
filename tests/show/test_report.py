"""report.html: complete, self-contained, and safe against words that look like markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spikeloom.errors import StorageError
from spikeloom.show import RunReport, write_report

VOID = {"meta", "path", "use", "image", "img", "br", "link", "line", "rect", "circle"}


class Page(HTMLParser):
    """Collects what the test asks about: open tags, identifiers, links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        self.links += [str(values[k]) for k in ("href", "src", "xlink:href") if values.get(k)]
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(run: RunReport, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(run, tmp_path_factory.mktemp("run"))[0].read_text(encoding="utf-8")


def test_page_and_figures_are_written(run: RunReport, tmp_path: Path) -> None:
    page, *pictures = write_report(run, tmp_path / "new" / "run")
    assert page.name == "report.html"
    assert [p.stem for p in pictures] == ["learning", "rasters", "potentials", "confusion", "rates"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)
    assert sorted(p.name for p in page.parent.iterdir()) == ["figures", "report.html"]


def test_headline_numbers_and_command(text: str) -> None:
    for words in ("97.9", "98.0 ± 0.2 %", "41.7", "1,430", "39.1", "0.9 pJ", "Horowitz 2014"):
        assert words in text
    assert "spikeloom train digits --seeds 3 --out runs/digits" in text
    assert "model.tau" in text and "CC BY 4.0" in text


def test_nothing_comes_from_outside(text: str) -> None:
    page = Page()
    page.feed(text)
    assert page.open == [] and page.scripts == 0
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not re.search(r"@import|url\((?!#)", text)
    addresses = set(re.findall(r"https?://[^\"' )]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_no_identifier_twice(text: str) -> None:
    page = Page()
    page.feed(text)
    assert len(page.ids) == len(set(page.ids))
    wanted = set(re.findall(r"url\(#([^)]+)\)", text)) | {
        link[1:] for link in page.links if link.startswith("#")
    }
    assert wanted <= set(page.ids)


def test_figures_take_the_colours_of_the_page(text: str) -> None:
    drawn = text[text.index("<figure>") :]
    assert "var(--ink)" in drawn and "#1c2430" not in drawn and "#0072b2" not in drawn
    assert "prefers-color-scheme: dark" in text


def test_words_are_escaped(run: RunReport, tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>$x"
    hostile = replace(run, title=bad, command=bad, source=bad, config={bad: {bad: bad}}, twin=bad)
    page = Page()
    page.feed(write_report(hostile, tmp_path)[0].read_text(encoding="utf-8"))
    assert page.scripts == 0


def test_a_folder_that_cannot_be_made(run: RunReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"report\.html"):
        write_report(run, tmp_path / "file")
