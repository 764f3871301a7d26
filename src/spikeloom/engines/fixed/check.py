"""What an integer engine is given, checked: the same for the reference and for native code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile.tick_numeric import whole
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.randomness import Chance
from spikeloom.errors import EngineError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Given:
    """Everything as int64.

    Arguments:
        params: Name → () or (N,).
        state: (S, N).
        inputs: Name → (N,) or (T, N); zeros where nothing was given.
        chance: Where random numbers come from.
    """

    params: dict[str, Array]
    state: Array
    inputs: dict[str, Array]
    chance: Chance


def given(
    program: TickProgram,
    coefs: Mapping[str, Array],
    state: Array,
    steps: int,
    inputs: Mapping[str, Array | None],
    record: tuple[str, ...],
    every: int,
    spikes: str,
    chance: Chance | None,
) -> Given:
    """The arguments of `simulate` as whole numbers inside their widths.

    Raises:
        EngineError: Something is missing, or not known to the Program.
        ShapeError: A wrong shape.
        ParameterError: A number that is not whole, or too large for its width.
    """
    if not isinstance(program, TickProgram):
        raise EngineError(
            f"fixed engine: it runs models of whole numbers, not {program!r}.",
            hint="the engines reference, cpu and gpu run models with a flow",
        )
    if steps < 0 or every < 1 or spikes not in ("indices", "bits", "none"):
        raise EngineError(
            "fixed engine: steps >= 0, every >= 1 and spikes 'indices', 'bits' or 'none' are "
            f"expected, got {steps}, {every} and {spikes!r}."
        )
    for name in record:
        if name not in program.states:
            raise EngineError(f"fixed engine: the program has no state {name!r}.",
                              hint=suggest(name, program.states))  # fmt: skip
    if np.ndim(state) != 2 or len(state) != len(program.states):
        raise ShapeError(
            f"fixed engine: state must be ({len(program.states)}, neurons), got {np.shape(state)}."
        )
    width = np.shape(state)[1]
    names = dict(program.states_in)
    rows = [whole(f"state {n!r}", row, names[n]) for n, row in zip(names, state, strict=True)]
    params = {n: whole(f"{program.model}.{n}", _of(coefs, n), s) for n, s in program.params_in}
    for name, value in params.items():
        _shape(f"{program.model}.{name}", value, ((), (width,)))
    for name in inputs:
        if name not in program.inputs:
            raise EngineError(f"fixed engine: the program has no input {name!r}.",
                              hint=suggest(name, program.inputs))  # fmt: skip
    driven: dict[str, Array] = {}
    for name, span in program.inputs_in:
        value = inputs.get(name)
        driven[name] = whole(f"input {name!r}", np.zeros(width) if value is None else value, span)
        _shape(f"input {name!r}", driven[name], ((width,), (steps, width)))
    table = np.array(rows, np.int64).reshape(len(rows), width)
    return Given(params, table, driven, _chance(program, chance))


def _of(coefs: Mapping[str, Array], name: str) -> Array:
    if name not in coefs:
        raise EngineError(f"fixed engine: no value for parameter {name!r}.",
                          hint="take them from bind_ticks(program, values).coefs")  # fmt: skip
    return coefs[name]


def _shape(what: str, value: Array, shapes: tuple[tuple[int, ...], ...]) -> None:
    if value.shape not in shapes:
        raise ShapeError(f"fixed engine: {what} must have one of the shapes {shapes}, got "
                         f"{value.shape}.")  # fmt: skip


def _chance(program: TickProgram, chance: Chance | None) -> Chance:
    names = set(program.random)
    if chance is None and not names:
        return Chance({})
    if chance is None or set(chance.keys) != names:
        raise EngineError(
            f"{program.model}: its ticks draw {sorted(names)}, and nothing says from where.",
            hint="give chance=Chance.of(program, seed, entity)",
        )
    if not 0 <= chance.step < 1 << 62:
        raise EngineError(f"{program.model}: the first tick must be at least 0, got {chance.step}.")
    return chance
