"""A neuron layer one step at a time, with the partial derivatives of each step: forward mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spikeloom.compile.adjoint import Reset
from spikeloom.compile.eligibility import Eligibility, compile_eligibility
from spikeloom.compile.methods import Method
from spikeloom.nn.neurons import kernel
from spikeloom.nn.neurons.on_device import refuse_gpu
from spikeloom.nn.neurons.prologue import OPERATIONS
from spikeloom.nn.neurons.spiking import Spiking

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate


@dataclass(frozen=True)
class _Wanted:
    """What to compile. The text of the Program says it all, the rest is what it was made from."""

    text: str
    own_width: bool
    reset: Reset
    coefs: tuple[str, ...]
    neuron: Cell | Neuron | Refractory = field(compare=False)
    method: Method | None = field(compare=False)
    surrogate: Surrogate = field(compare=False)


@lru_cache(maxsize=64)
def _compiled(wanted: _Wanted) -> Eligibility:
    return compile_eligibility(
        wanted.neuron,
        wanted.method,
        surrogate=wanted.surrogate,
        own_width=wanted.own_width,
        given_noise=True,
        reset=wanted.reset,
        coefs=wanted.coefs,
    )


def eligibility_of(layer: Spiking, reset: Reset, coefs: tuple[str, ...] = ()) -> Eligibility:
    """The forward derivative of the neurons of a layer.

    >>> from spikeloom.nn.neurons.short import LIF
    >>> eligibility_of(LIF(), "ignored").states
    ('v',)
    """
    text, own_width = layer.program.to_json(), layer.width is not None
    return _compiled(
        _Wanted(text, own_width, reset, coefs, layer.neuron, layer.method, layer.surrogate)
    )


@dataclass(frozen=True, eq=False)
class Partials:
    """Derivatives of some steps as tensors; see `Eligibility` for the names.

    Each is (), (F,), or (steps, B, F) where it depends on states or inputs.
    """

    keep: Mapping[tuple[str, str], Tensor]
    enter: Mapping[tuple[str, str], Tensor]
    show: Mapping[str, Tensor]


class Forwards:
    """The neurons of a layer from a fresh start, some steps at a time, without a graph of torch.

    Arguments:
        layer: The neurons.
        what: Their derivatives.
        like: An input of the layer (batch, *features).

    >>> from spikeloom.nn.neurons.short import LeakyIntegrator
    >>> layer = LeakyIntegrator()
    >>> run = Forwards(layer, eligibility_of(layer, "detached"), torch.ones(1, 2))
    >>> y, partials = run.steps(torch.ones(5, 1, 2))
    >>> y.shape, round(float(partials.keep["v", "v"]), 3)
    (torch.Size([5, 1, 2]), 0.951)
    """

    def __init__(self, layer: Spiking, what: Eligibility, like: Tensor) -> None:
        self.layer, self.what = layer, what
        self.features = tuple(like.shape[1:])
        with torch.no_grad():
            values = layer._values(self.features)
        self._values = values
        self._fixed = {n: values[f"coef:{n}"].numpy() for n in layer.program.coefs}
        self.state = layer._state(None, like[None], values)
        instrs = what.block.instrs
        self._varying = [False] * len(instrs)
        self._cells: list[Tensor] = [torch.empty(0)] * len(instrs)
        for place, instr in enumerate(instrs):
            own = instr.op == "leaf" and not str(instr.name).startswith("coef:")
            self._varying[place] = own or any(self._varying[a] for a in instr.args)
            if not self._varying[place]:
                self._run(place, {}, like.dtype)

    @torch.no_grad()
    def steps(self, x: Tensor) -> tuple[Tensor, Partials]:
        """Some steps.

        Arguments:
            x: Input (steps, batch, *features).

        Returns:
            Output (steps, batch, *features), and the derivatives of each step.
        """
        layer, shape = self.layer, (x.shape[0], x.shape[1], prod(self.features))
        given = {n: g.reshape(shape) for n, g in layer._inputs(x, {}).items()}
        out, self.state, before = kernel.forward(
            layer.program, self._engine(), given, self.state, self._fixed, 1
        )
        return out.reshape(x.shape), self.partials(given, before)

    def _engine(self) -> str:
        return "reference" if refuse_gpu("e-prop", self.layer.engine) == "reference" else "cpu"

    def partials(self, given: Mapping[str, Tensor], before: Tensor) -> Partials:
        """Derivatives of steps.

        Arguments:
            given: Inputs by name, (steps, B, F).
            before: States before each step, (steps, S, B, F).
        """
        leaves = {f"input:{n}": g for n, g in given.items()}
        leaves |= {f"state:{n}": before[:, place] for place, n in enumerate(self.layer.states)}
        for place, varies in enumerate(self._varying):
            if varies:
                self._run(place, leaves, before.dtype)
        what = self.what
        found = {name: self._cells[place] for name, place in what.block.outputs}
        return Partials(
            {pair: found[name] for pair, name in what.keep.items()},
            {pair: found[name] for pair, name in what.enter.items()},
            {by: found[name] for by, name in what.show.items()},
        )

    def _run(self, place: int, leaves: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        instr = self.what.block.instrs[place]
        args = [self._cells[a] for a in instr.args]
        if instr.op == "const":
            value = torch.tensor(instr.value or 0.0, dtype=dtype)
        elif instr.op == "leaf":
            name = instr.name or ""
            value = leaves[name] if name in leaves else self._values[name].to(dtype)
        elif instr.op == "indicator":
            value = args[0].to(dtype)
        else:
            value = OPERATIONS[instr.op](*args)
        self._cells[place] = value
