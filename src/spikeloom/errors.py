"""Every error type of spikeloom: each says where, what was expected, what came, what to do."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikeloom.network.result import Result


class SpikeloomError(Exception):
    """Base of all errors raised on purpose.

    Arguments:
        message: Where it happened, what was expected and what came.
        hint: What to do about it; printed on a line of its own.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.result: Result | None = None
        """What a run of a network had recorded when it failed."""

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


class ModelError(SpikeloomError, TypeError):
    """A model class is wrong: found when the class is created, never later."""


class UnitError(SpikeloomError, ValueError):
    """Two units do not fit together."""


class ParameterError(SpikeloomError, ValueError):
    """A value given to a model, layer or function is outside what it accepts."""


class ShapeError(SpikeloomError, ValueError):
    """An array has the wrong shape or axis order."""


class NumericsError(SpikeloomError, ArithmeticError):
    """NaN or infinity in the data, or a step too large to be stable."""


class CompileError(SpikeloomError, ValueError):
    """A model cannot be turned into a Program in the way that was asked for."""


class VerificationError(SpikeloomError, AssertionError):
    """A Program breaks a rule of its own form: a fault of the compiler, not of the user."""


class EngineError(SpikeloomError, RuntimeError):
    """An engine cannot build or run a Program."""


class RankError(EngineError):
    """Another of the processes that hold a network together has failed or ended."""


class DataError(SpikeloomError, ValueError):
    """A data file is missing, cut short or not what it claims to be."""


class CheckpointError(SpikeloomError, ValueError):
    """A run folder or checkpoint cannot be read, is damaged, or is of another version."""


class StorageError(SpikeloomError, OSError):
    """A result could not be written: no permission, no space, a path in the way."""


class ConfigError(SpikeloomError, ValueError):
    """An option or a configuration file has a value that makes no sense."""


class BenchmarkError(SpikeloomError, RuntimeError):
    """Both sides of a benchmark do not compute the same thing, so no time is reported."""


class NumericsWarning(UserWarning):
    """What was computed depends on the time step, or grew without bound: said once.

    ``warnings.simplefilter("ignore", NumericsWarning)`` silences it.
    """


def warn(text: str, category: type[Warning]) -> None:
    """Warn at the line of the first caller who is no part of this package."""
    own, level = __name__.partition(".")[0], 2
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # as logging does
    while frame.f_back is not None and frame.f_globals["__name__"].partition(".")[0] == own:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def suggest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or lists all of them.

    >>> suggest("tua", ["tau", "theta"])
    "did you mean 'tau'?"
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known names: {', '.join(names)}" if names else "there are no names to choose from"
