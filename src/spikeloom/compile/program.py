"""The Program: what the compiler hands to every engine.

A Program is a value: three straight-line blocks of scalar instructions and the names that go in
and come out. It holds no arrays and no units, it can be written to JSON and read back, and two
Programs that read the same are the same.

- *prologue* reads ``dt`` and ``param:NAME``; gives ``coef:NAME`` and ``start:STATE``.
- *forward* reads ``state:NAME``, ``input:NAME``, ``coef:NAME`` and random numbers; gives
  ``state:NAME`` and ``out``.
- *backward* reads the same, ``grad:out`` and ``grad:state:NAME``; gives the gradient of all that
  *forward* reads: ``grad:state:NAME``, ``grad:input:NAME``, ``grad:coef:NAME``.

The prologue runs once for each set of parameters, in float64, outside any kernel. One run of the
forward block is one time step of one neuron; ``out`` is 1 at a spike and 0 otherwise (for a model
without spikes it is the first state). One run of the backward block is the exact adjoint of that
step: it reads the state *before* the step and the gradients of what the step gave.

``random`` names the random numbers that a step reads, each new for every neuron and step:
``normal:NAME`` is standard normal, ``uniform:NAME`` uniform between 0 and 1. For gradients they are
constants.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from spikeloom.errors import CompileError

FORMAT = 2
"""Version of the JSON text of a Program."""


@dataclass(frozen=True, slots=True)
class Instr:
    """One instruction: its result is referred to by its place in the block."""

    op: str
    args: tuple[int, ...] = ()
    value: float | None = None
    """The number of a ``const``; the position of an ``item``; the size of a ``matrix``."""
    name: str | None = None
    """The name of a ``leaf``."""


@dataclass(frozen=True, slots=True)
class Block:
    """Instructions in an order that can be run, and which of their results leave the block."""

    instrs: tuple[Instr, ...]
    outputs: tuple[tuple[str, int], ...]

    @property
    def leaves(self) -> tuple[str, ...]:
        """Names of everything the block reads, in order of first use."""
        return tuple(i.name for i in self.instrs if i.op == "leaf" and i.name is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of everything the block gives."""
        return tuple(name for name, _ in self.outputs)


@dataclass(frozen=True, repr=False)
class Program:
    """Equations + method, ready for an engine; dt and parameters enter in the prologue.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import LeakyIntegrator
    >>> compile_neuron(LeakyIntegrator())
    Program: LeakyIntegrator by Exact(), 1 state, 2 coefficients, 8 instructions a step
    """

    model: str
    method: str
    reason: str
    """Why this method, in words for the user."""
    time_unit: str
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    params: tuple[str, ...]
    coefs: tuple[str, ...]
    spikes: bool
    prologue: Block
    forward: Block
    backward: Block
    random: tuple[str, ...] = ()

    def __repr__(self) -> str:
        states, coefs = len(self.states), len(self.coefs)
        return (
            f"Program: {self.model} by {self.method}, {states} state{'s' * (states != 1)}, "
            f"{coefs} coefficient{'s' * (coefs != 1)}, "
            f"{len(self.forward.instrs)} instructions a step"
        )

    def to_json(self) -> str:
        """The whole Program as text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Program:
        """Read a Program back; the inverse of `to_json`.

        Raises:
            CompileError: The text is no Program, or one of another version.
            VerificationError: It is a Program that breaks the rules: it was tampered with.
        """
        from spikeloom.compile.verify import verify

        try:
            raw = json.loads(text)
            version = raw.pop("format", None)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise _no_program(error) from error
        if version != FORMAT:
            raise CompileError(
                f"Program text: expected format {FORMAT}, got another one.",
                hint="it was written by another version of spikeloom: compile the model again",
            )
        try:
            for key in ("states", "inputs", "params", "coefs", "random"):
                raw[key] = tuple(raw[key])
            for key in ("prologue", "forward", "backward"):
                raw[key] = _block(raw[key])
            program = cls(**raw)
        except (KeyError, TypeError, ValueError) as error:
            raise _no_program(error) from error
        return verify(program)

    @cached_property
    def key(self) -> str:
        """Content hash: the same text gives the same key on every machine."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:32]


def _no_program(error: Exception) -> CompileError:
    return CompileError(
        f"Program text: it cannot be read ({error}).", hint="compile the model again"
    )


def _block(raw: dict[str, Any]) -> Block:
    instrs = tuple(Instr(r["op"], tuple(r["args"]), r["value"], r["name"]) for r in raw["instrs"])
    return Block(instrs, tuple((name, index) for name, index in raw["outputs"]))
