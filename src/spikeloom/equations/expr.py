"""The expression tree that a traced model method leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from spikeloom.equations.units import Unit


@dataclass(frozen=True, slots=True)
class Where:
    """The place in the user's own source that an expression came from."""

    file: str
    line: int
    end_line: int
    column: int  # 0-based, first character of the sub-expression
    end_column: int


LeafKind = Literal["param", "state", "input", "dt", "argument"]
