"""What past signals have left at the weights of a stage, and the gradients that follow from it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from spikeloom.compile.eligibility import Eligibility
from spikeloom.errors import ParameterError
from spikeloom.nn.forwards import Partials
from spikeloom.train.rules.stages import Stage

Gradients: TypeAlias = dict[Tensor, Tensor]
"""Weights or bias -> what is to be added to its gradient."""


class SharedTraces:
    """One trace for each presynaptic signal: where all neurons of a stage forget alike.

    With ε'_s = Σ keep_{s,s₂} ε_{s₂} + enter_s x, and numbers keep and enter that are the same for
    every neuron at all times, the traces of all synapses of one signal are one. Holds for any
    linear weights, convolutions included. Memory: B × P for each state.

    Arguments:
        stage: Whose traces.
        what: Its neurons' derivatives; None where there are no neurons.
    """

    def __init__(self, stage: Stage, what: Eligibility | None) -> None:
        self.stage, self.what = stage, what
        self.traces: dict[str, Tensor] = {}
        self.ones: dict[str, Tensor] = {}

    def learn(self, signal: Tensor, partials: Partials | None, pre: Tensor, to: Gradients) -> None:
        """Add the gradients of Σ signal · output, through this step's output alone.

        Arguments:
            signal: Gradient at the outputs (B, *features).
            partials: Derivatives of this step.
            pre: Signals at the weights (B, *presynaptic).
            to: Where to add.
        """
        weights = self.stage.weights
        if weights is None:
            return
        flat = signal.reshape(signal.shape[0], -1)
        pieces = [(pre, torch.ones((), dtype=pre.dtype), flat)]
        if self.what is not None and partials is not None:
            source = self.what.sources[0]
            pieces = []
            for by, factor in partials.show.items():
                if by == source:
                    pieces.append((pre, torch.ones((), dtype=pre.dtype), flat * factor))
                elif by in self.traces:
                    pieces.append((self.traces[by], self.ones[by], flat * factor))
        if not pieces:
            return
        signals = torch.cat([p for p, _, _ in pieces])
        errors = torch.cat([e for _, _, e in pieces]).reshape(-1, *signal.shape[1:])
        times = torch.cat([o.expand(pre.shape[0]) for _, o, _ in pieces])
        weight, bias = weights.weight, weights.bias
        if type(weights) is torch.nn.Linear and not self.stage.after and signals.dim() == 2:
            at_weights = errors
            to_weight = errors.T @ signals
        else:
            with torch.enable_grad():
                out = weights(signals)
                driven = out
                for module in self.stage.after:
                    driven = module(driven)
                (at_weights,) = torch.autograd.grad(driven, out, errors, retain_graph=True)
                (to_weight,) = torch.autograd.grad(out, weight, at_weights)
        _add(to, weight, to_weight)
        if bias is not None:
            channel = -1 if isinstance(weights, torch.nn.Linear) else 1
            shape = (-1, *(1 for _ in at_weights.shape[1:]))
            weighed = at_weights * times.reshape(shape)
            _add(to, bias, weighed.transpose(channel, -1).reshape(-1, bias.shape[0]).sum(0))

    def advance(self, partials: Partials | None, pre: Tensor) -> None:
        """Let the traces take in the signals of this step."""
        what = self.what
        if what is None or partials is None:
            return
        source, traces, ones = what.sources[0], {}, {}
        for name in what.states:
            trace, one = torch.zeros_like(pre), torch.zeros((), dtype=pre.dtype)
            if (name, source) in partials.enter:
                enter = partials.enter[name, source]
                trace, one = pre * enter, one + enter
            for before in self.traces:
                if (name, before) in partials.keep:
                    keep = partials.keep[name, before]
                    trace = torch.addcmul(trace, self.traces[before], keep)
                    one = one + keep * self.ones[before]
            traces[name], ones[name] = trace, one
        self.traces, self.ones = traces, ones


class SynapseTraces:
    """A trace of its own for every synapse of a fully connected stage.

    Memory: B × F × P for each state, with P presynaptic signals and a bias.

    Arguments:
        stage: Whose traces.
        what: Its neurons' derivatives.
    """

    def __init__(self, stage: Stage, what: Eligibility) -> None:
        self.stage, self.what = stage, what
        self.traces: dict[str, Tensor] = {}

    def eligibility(self, partials: Partials, pre: Tensor) -> Tensor:
        """e = ∂ output of this step / ∂ weight, (B, F, P + 1), the last for the bias."""
        x, total = _with_one(pre), None
        for by, factor in partials.show.items():
            value = x if by == self.what.sources[0] else self.traces.get(by)
            if value is None:
                continue
            wide = _wide(factor)
            total = wide * value if total is None else torch.addcmul(total, wide, value)
        return torch.zeros_like(x) if total is None else total

    def learn(self, signal: Tensor, partials: Partials | None, pre: Tensor, to: Gradients) -> None:
        """As `SharedTraces.learn`."""
        if partials is not None:
            self.collect(signal, self.eligibility(partials, pre), to)

    def collect(self, signal: Tensor, eligibility: Tensor, to: Gradients) -> None:
        """Add Σ_batch signal · eligibility to the gradients of weights and bias."""
        weights = self.stage.weights
        if weights is None:
            return
        flat = signal.reshape(signal.shape[0], -1)
        found = torch.einsum("bf,bfp->fp", flat, eligibility.expand(*flat.shape, -1))
        _add(to, weights.weight, found[:, :-1])
        if weights.bias is not None:
            _add(to, weights.bias, found[:, -1])

    def advance(self, partials: Partials | None, pre: Tensor) -> None:
        """As `SharedTraces.advance`."""
        if partials is None:
            return
        x, source = _with_one(pre), self.what.sources[0]
        after: dict[str, Tensor] = {}
        for name in self.what.states:
            total = None
            if (name, source) in partials.enter:
                total = _wide(partials.enter[name, source]) * x
            for before, trace in self.traces.items():
                if (name, before) in partials.keep:
                    wide = _wide(partials.keep[name, before])
                    total = wide * trace if total is None else torch.addcmul(total, wide, trace)
            after[name] = torch.zeros_like(x) if total is None else total
        self.traces = after


def is_shared(what: Eligibility, partials: Partials) -> bool:
    """Whether all neurons forget alike, at all times."""
    names = [*what.keep.values(), *what.enter.values()]
    same = all(v.dim() == 0 for v in (*partials.keep.values(), *partials.enter.values()))
    return same and not any(name in what.varying for name in names)


def traces_for(
    stage: Stage, what: Eligibility | None, partials: Partials | None, rule: object
) -> SharedTraces | SynapseTraces:
    """The cheapest traces that are exact.

    Raises:
        ParameterError: A convolution whose neurons do not forget alike.
    """
    if what is None or partials is None or is_shared(what, partials):
        return SharedTraces(stage, what)
    check_full(stage, rule)
    return SynapseTraces(stage, what)


def check_full(stage: Stage, rule: object) -> None:
    """Raise unless each synapse can have a trace of its own."""
    if stage.weights is None or (type(stage.weights) is torch.nn.Linear and not stage.after):
        return
    raise ParameterError(
        f"{rule!r}: the synapses of {type(stage.weights).__name__} in front of {stage.name} would"
        " each need a trace of their own.",
        hint="train convolutions with OTTT() or DECOLLE(), and neurons that share all parameters; "
        "rule=BPTT() trains any network",
    )


def hand_over(found: Gradients) -> None:
    """Add what was found to ``.grad``."""
    for parameter, grad in found.items():
        if parameter.requires_grad:
            parameter.grad = grad if parameter.grad is None else parameter.grad.add_(grad)


def _add(to: Gradients, parameter: Tensor, grad: Tensor) -> None:
    grad = grad.reshape(parameter.shape)
    to[parameter] = to[parameter] + grad if parameter in to else grad


def _with_one(pre: Tensor) -> Tensor:
    """(B, P) -> (B, 1, P + 1), the last being the constant signal of a bias."""
    return torch.nn.functional.pad(pre.reshape(pre.shape[0], -1), (0, 1), value=1.0).unsqueeze(1)


def _wide(value: Tensor) -> Tensor:
    return value if value.dim() == 0 else value.unsqueeze(-1)
