"""Reading an error message back: the line it points at and the text above its caret."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest

from spikeloom.errors import SpikeloomError


@dataclass(frozen=True)
class Shown:
    """What an error shows."""

    kind: type[SpikeloomError]
    text: str
    file: str
    line: int
    marked: str
    """The sub-expression above the carets."""

    @property
    def headline(self) -> str:
        """The first line."""
        return self.text.splitlines()[0]


def shown(error: SpikeloomError) -> Shown:
    """Take the message of an error apart."""
    text = str(error)
    place = re.search(r"^  (.+), line (\d+)\n    (.*)\n    ( *)(\^+)$", text, re.M)
    if place is None:
        return Shown(type(error), text, "", 0, "")
    file, line, source, blank, carets = place.groups()
    marked = source[len(blank) : len(blank) + len(carets)]
    return Shown(type(error), text, file, int(line), marked)


def _mistake(build: Callable[[], object]) -> tuple[Shown, int]:
    with pytest.raises(SpikeloomError) as caught:
        build()
    lines, first = inspect.getsourcelines(build)
    marks = [first + i for i, line in enumerate(lines) if "# here" in line]
    return shown(caught.value), marks[0] if marks else 0


@pytest.fixture
def mistake() -> Callable[[Callable[[], object]], tuple[Shown, int]]:
    """Run a function that builds a wrong model; also the line that it marks with ``# here``."""
    return _mistake


@pytest.fixture
def error_of() -> Callable[[Callable[[], object]], Shown]:
    """Run a function that must fail, and take the message apart."""

    def run(build: Callable[[], object]) -> Shown:
        with pytest.raises(SpikeloomError) as caught:
            build()
        return shown(caught.value)

    return run


@pytest.fixture(scope="session")
def sent() -> Callable[[Any], Any]:
    """A value as it arrives in another process, such as a worker of a data loader."""
    return lambda value: ForkingPickler.loads(bytes(ForkingPickler.dumps(value)))
