"""The Program of a model of whole numbers, and the proof that nothing in it overflows.

One block of instructions is one tick of one neuron; another gives the states at the beginning. All
values are whole numbers or truth values. The widths of what comes in are declared, so `spans` knows
where every result lies: an engine takes from it how many bits each instruction needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from spikeloom.compile.program import Block, Instr
from spikeloom.equations.span import RESULTS, Span, result
from spikeloom.errors import ModelError, VerificationError

COMPARE = frozenset({"lt", "le", "gt", "ge", "eq"})
LOGIC = {"and": 2, "or": 2, "not": 1}
EXACT = 1 << 53
"""Literals up to this are whole numbers without a doubt."""
Named = tuple[tuple[str, Span], ...]


@dataclass(frozen=True, repr=False, eq=False)
class TickProgram:
    """A model of whole numbers, ready for the fixed engine.

    Arguments:
        model: Name of the model.
        time_unit: In which a tick is measured.
        states, inputs, params: Names, and where their values lie.
        draws: Random numbers and their bits.
        spikes: Whether the output ``out`` is 1 at a spike; otherwise it is the first state.
        prologue: Reads ``param:NAME``; gives ``start:STATE``.
        forward: Reads ``state:``, ``input:``, ``param:`` and ``draw:NAME``; gives ``state:NAME``
            and ``out``.

    >>> from spikeloom.compile import compile_ticks
    >>> from spikeloom.models import LoihiNeuron
    >>> compile_ticks(LoihiNeuron())
    TickProgram: LoihiNeuron, 2 states, 44 instructions a tick in up to 37 bits
    """

    model: str
    time_unit: str
    states_in: Named
    inputs_in: Named
    params_in: Named
    draws: tuple[tuple[str, int], ...]
    spikes: bool
    prologue: Block
    forward: Block

    @property
    def method(self) -> str:
        """How it goes on."""
        return "tick"

    @property
    def reason(self) -> str:
        """Why in this way."""
        return "whole numbers go from tick to tick"

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return tuple(name for name, _ in self.states_in)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(name for name, _ in self.inputs_in)

    @property
    def params(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(name for name, _ in self.params_in)

    @property
    def coefs(self) -> tuple[str, ...]:
        """What is fixed in a run: the parameters themselves."""
        return self.params

    @property
    def random(self) -> tuple[str, ...]:
        """Leaves that hold random numbers."""
        return tuple(f"draw:{name}" for name, _ in self.draws)

    @cached_property
    def leaf_spans(self) -> dict[str, Span]:
        """Where everything lies that comes into a tick."""
        made = {f"state:{n}": s for n, s in self.states_in}
        made |= {f"input:{n}": s for n, s in self.inputs_in}
        made |= {f"param:{n}": s for n, s in self.params_in}
        return made | {f"draw:{n}": Span.of(bits, signed=False) for n, bits in self.draws}

    @cached_property
    def spans(self) -> tuple[Span | None, ...]:
        """Where the result of each instruction of a tick lies; None for a truth value."""
        return spans_of(self.model, self.forward, self.leaf_spans)

    @cached_property
    def key(self) -> str:
        """Content hash: the same text gives the same key on every machine."""
        text = json.dumps(asdict(self), separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TickProgram) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        bits = max((s.bits + (s.low >= 0) for s in self.spans if s is not None), default=0)
        count = len(self.states)
        return (
            f"TickProgram: {self.model}, {count} state{'s' * (count != 1)}, "
            f"{len(self.forward.instrs)} instructions a tick in up to {bits} bits"
        )


def spans_of(model: str, block: Block, leaves: Mapping[str, Span]) -> tuple[Span | None, ...]:
    """Where each result of a block lies.

    Raises:
        VerificationError: An unknown instruction, a wrong argument, or more than 64 bits.
    """
    made: list[Span | None] = []
    for place, instr in enumerate(block.instrs):
        if any(not 0 <= a < place for a in instr.args):
            raise _broken(model, place, instr, "arguments must be earlier instructions")
        args = [made[a] for a in instr.args]
        if instr.op == "const":
            value = instr.value
            if value is None or value != int(value) or abs(value) > EXACT:
                raise _broken(model, place, instr, "a literal must be a whole number of 53 bits")
            made.append(Span(int(value), int(value)))
        elif instr.op == "leaf":
            if instr.name is None or instr.name not in leaves:
                raise _broken(model, place, instr, "this block must not read that leaf")
            made.append(leaves[instr.name])
        elif instr.op in COMPARE or instr.op in LOGIC:
            wanted = 2 if instr.op in COMPARE else LOGIC[instr.op]
            if len(args) != wanted or any((a is None) is (instr.op in COMPARE) for a in args):
                raise _broken(model, place, instr, "arguments of another kind are expected")
            made.append(None)
        elif instr.op == "indicator":
            made.append(Span(0, 1))
        else:
            numbers = [a for a in args if a is not None]
            if (len(args) - len(numbers)) != (instr.op == "select") or instr.op not in RESULTS:
                raise _broken(
                    model, place, instr, "unknown operation, or arguments of another kind"
                )
            try:
                made.append(result(instr.op, numbers))
            except (ModelError, TypeError) as error:
                raise _broken(model, place, instr, str(error)) from None
    return tuple(made)


def verify_ticks(program: TickProgram) -> TickProgram:
    """The Program itself, or a `VerificationError` that names the broken rule."""
    states = dict(program.states_in)
    params = {f"param:{n}": s for n, s in program.params_in}
    starts = spans_of(program.model, program.prologue, params)
    for block, prefix, spans in (
        (program.prologue, "start:", starts),
        (program.forward, "state:", program.spans),
    ):
        given = {name: spans[place] for name, place in block.outputs}
        wanted = {f"{prefix}{name}" for name in states}
        wanted |= {"out"} if prefix == "state:" else set[str]()
        if set(given) != wanted:
            raise VerificationError(f"{program.model}: outputs {sorted(given)}.")
        for name, span in states.items():
            found = given[f"{prefix}{name}"]
            if found is None or not span.holds(found):
                raise VerificationError(f"{program.model}: {name} in {span} is given {found}.")
    return program


def _broken(model: str, place: int, instr: Instr, rule: str) -> VerificationError:
    return VerificationError(f"{model}, forward[{place}] {instr}: {rule}.")
