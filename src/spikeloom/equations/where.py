"""Where in the user's own source an expression came from, and how to point at it."""

from __future__ import annotations

import inspect
import linecache
import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import CodeType, TracebackType

WIDEST = 100
_HERE = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True, slots=True)
class Where:
    """The place in the user's own source that an expression came from."""

    file: str
    line: int
    end_line: int
    column: int  # 0-based, first character of the sub-expression
    end_column: int
    text: str | None = None
    """The source line itself, where it is not in a file that can be read."""

    def show(self) -> str:
        """File and line, the source line, and a caret line under the sub-expression."""
        head = f"  {self.file}, line {self.line}"
        source = self.text if self.text is not None else linecache.getline(self.file, self.line)
        source = source.rstrip()
        body = source.lstrip()
        if not body:
            return head
        cut = len(source) - len(body)
        start = max(self.column - cut, 0)
        stop = self.end_column - cut if self.end_line == self.line else len(body)
        if len(body) > WIDEST:  # show the part around the caret
            left = max(min(start - 20, len(body) - WIDEST), 0)
            body = body[left : left + WIDEST]
            start, stop = start - left, stop - left
        stop = min(stop, len(body))
        return f"{head}\n    {body}\n    {' ' * start}{'^' * max(stop - start, 1)}"


def here() -> Where | None:
    """The sub-expression that is being evaluated in the nearest frame outside this package."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return None if frame is None else _position(frame.f_code, frame.f_lasti, frame.f_lineno)


def of_traceback(traceback: TracebackType | None) -> Where | None:
    """The sub-expression that raised: the innermost frame of the traceback outside this package."""
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith(_HERE):
            found = _position(code, traceback.tb_lasti, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _position(code: CodeType, instruction: int, line_number: int) -> Where:
    spans = islice(code.co_positions(), instruction // 2, None)
    line, end_line, column, end_column = next(spans, (None, None, None, None))
    line = line or line_number
    if column is None or end_column is None:  # python -X no_debug_ranges
        return Where(code.co_filename, line, line, 0, 10_000)
    source = linecache.getline(code.co_filename, line)
    last = source if end_line == line else linecache.getline(code.co_filename, end_line or line)
    return Where(
        code.co_filename,
        line,
        end_line or line,
        _characters(source, column),
        _characters(last, end_column),
    )


def _characters(line: str, column: int) -> int:
    """Python counts columns in bytes; a caret line counts characters."""
    return column if line.isascii() else len(line.encode()[:column].decode(errors="replace"))
