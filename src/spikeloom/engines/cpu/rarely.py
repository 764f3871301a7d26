"""What of a step is needed only where something rare happens: a draw, a reset.

A neuron that fires by chance once it may needs no random number while it may not, and a neuron
that does not fire needs no reset. Groups of neurons go through time together: where it happens to
none of them, one test skips the work. What is computed otherwise is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spikeloom.compile.program import Block
from spikeloom.engines.cpu.emit import HEAVY, live

WORTH = 4
"""Vector instructions of a reset from which on a test for spikes costs less than the reset."""


@dataclass(frozen=True)
class Rarely:
    """A step in two parts, each in order.

    Arguments:
        before: Instructions that every step needs.
        when: The rest is needed only where all of these hold.
        chance: Random numbers that only the rest reads.
        rest: The other instructions.
        otherwise: Selection of a state after the reset -> the state where the rest is skipped.
    """

    before: tuple[int, ...]
    when: tuple[int, ...]
    chance: tuple[str, ...]
    rest: tuple[int, ...]
    otherwise: dict[int, int]


def rarely(block: Block, wanted: Sequence[str]) -> Rarely | None:
    """What of a step can be skipped, or None where nothing is worth it.

    Arguments:
        block: One step.
        wanted: Outputs to compute, ``out`` among them.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import LIF, ProbabilisticLIF
    >>> rarely(compile_neuron(ProbabilisticLIF()).forward, ("state:v", "out")).chance
    ('uniform:draw1',)
    >>> rarely(compile_neuron(LIF()).forward, ("state:v", "out")) is None
    True
    """
    order, places, instrs = live(block, wanted), dict(block.outputs), block.instrs
    out = instrs[places["out"]]
    if out.op != "indicator":
        return None
    fired = out.args[0]
    users = {k: [i for i in order if k in instrs[i].args] for k in order}
    chosen = [i for i in users[fired] if instrs[i].op == "select" and instrs[i].args[0] == fired]
    if {*users[fired]} - {*chosen, places["out"]} or any(users[i] for i in chosen):
        return None
    ends = {instrs[i].args[2] for i in chosen} | {places[n] for n in wanted if n != "out"}
    ends -= {*chosen}
    conditions = _conditions(block, users, fired)
    free = [i for i in conditions if not _draws(block, [i])]
    before = _needed(block, [*free, *ends])
    chance = _draws(block, [fired]) - _draws(block, before)
    if not free or not chance:
        free, chance = [fired], set[str]()
        before = _needed(block, [fired, *ends])
    rest = tuple(i for i in order if i not in before and i != places["out"])
    work = sum(HEAVY.get(instrs[i].op, 1) for i in rest if instrs[i].args)
    if not chance and work < WORTH:
        return None
    return Rarely(
        before=tuple(i for i in order if i in before),
        when=tuple(free),
        chance=tuple(sorted(chance)),
        rest=rest,
        otherwise={i: instrs[i].args[2] for i in chosen},
    )


def _needed(block: Block, ends: Iterable[int]) -> set[int]:
    """The instructions that these need, themselves among them."""
    todo, found = list(ends), set[int]()
    while todo:
        i = todo.pop()
        if i not in found:
            found.add(i)
            todo += block.instrs[i].args
    return found


def _draws(block: Block, ends: Iterable[int]) -> set[str]:
    """The uniform random numbers among what these need."""
    names = (block.instrs[i].name for i in _needed(block, ends))
    return {name for name in names if name is not None and name.startswith("uniform:")}


def _conditions(block: Block, users: dict[int, list[int]], fired: int) -> list[int]:
    """What must hold for a spike, taken apart as far as nothing else reads it."""
    found, todo = list[int](), [fired]
    while todo:
        i = todo.pop()
        alone = i == fired or len(users[i]) == 1
        if block.instrs[i].op == "and" and alone:
            todo += block.instrs[i].args
        else:
            found.append(i)
    return found
