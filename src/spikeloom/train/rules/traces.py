"""What past signals have left at the weights of a stage, and the gradients that follow from it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from spikeloom.compile.eligibility import Eligibility
from spikeloom.errors import ParameterError
from spikeloom.nn.neurons.forwards import Partials
from spikeloom.train.rules.stages import Stage

Gradients: TypeAlias = dict[Tensor, Tensor]
"""Weights or bias -> what is to be added to its gradient."""


class SharedTraces:
    """One trace for each presynaptic signal: where all neurons of a stage forget alike.

    With ε'_s = Σ keep_{s,s₂} ε_{s₂} + enter_s x, and numbers keep and enter that are the same for
    every neuron at all times, the traces of all synapses of one signal are one. Holds for any
    linear weights, convolutions included. Memory: steps × B × P for each state.

    Arguments:
        stage: Whose traces.
        what: Its neurons' derivatives; None where there are no neurons.
        past: Whether there are traces at all; False leaves the signals of each step.
    """

    def __init__(self, stage: Stage, what: Eligibility | None, past: bool = True) -> None:
        self.stage, self.what, self.past = stage, what, past
        self.traces: dict[str, Tensor] = {}
        self.ones: dict[str, Tensor] = {}

    def learn(
        self, signal: Tensor | None, partials: Partials | None, pre: Tensor, to: Gradients
    ) -> None:
        """Add the gradients of Σ signal · output of some steps, and take in their signals.

        Arguments:
            signal: Gradient at the outputs (steps, B, *features), each of its own step alone; None
                learns nothing from these steps.
            partials: Derivatives of the steps.
            pre: Signals at the weights (steps, B, *presynaptic).
            to: Where to add.
        """
        before = self._advance(partials, pre)
        weights = self.stage.weights
        if weights is None or signal is None:
            return
        one = torch.ones(len(pre), dtype=pre.dtype, device=pre.device)
        pieces = [(pre, one, signal)]
        if self.what is not None and partials is not None:
            before[self.what.sources[0]] = (pre, one)
            flat = signal.flatten(2)
            pieces = [(*before[by], flat * f) for by, f in partials.show.items() if by in before]
        if not pieces:
            return
        signals = torch.cat([p.flatten(0, 1) for p, _, _ in pieces])
        errors = torch.cat([e.reshape(-1, *signal.shape[2:]) for _, _, e in pieces])
        times = torch.cat([o.repeat_interleave(pre.shape[1]) for _, o, _ in pieces])
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
                at_weights = errors
                if driven is not out:
                    (at_weights,) = torch.autograd.grad(driven, out, errors, retain_graph=True)
                (to_weight,) = torch.autograd.grad(out, weight, at_weights)
        _add(to, weight, to_weight)
        if bias is not None:
            channel = -1 if isinstance(weights, torch.nn.Linear) else 1
            weighed = at_weights * times.reshape(-1, *(1 for _ in at_weights.shape[1:]))
            _add(to, bias, weighed.transpose(channel, -1).reshape(-1, bias.shape[0]).sum(0))

    def _advance(self, partials: Partials | None, pre: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Traces before each of some steps (steps, B, *presynaptic), and those of a constant 1."""
        what = self.what
        if what is None or partials is None or not self.past:
            return {}
        source, names = what.sources[0], what.states
        if not self.traces:
            self.traces = {n: torch.zeros_like(pre[0]) for n in names}
            self.ones = {n: torch.zeros((), dtype=pre.dtype, device=pre.device) for n in names}
        rows: dict[str, list[Tensor]] = {n: [] for n in names}
        ones: dict[str, list[Tensor]] = {n: [] for n in names}
        for x in pre:
            after, counted = {}, {}
            for name in names:
                rows[name].append(self.traces[name])
                ones[name].append(self.ones[name])
                enter = partials.enter.get((name, source))
                trace = torch.zeros_like(x) if enter is None else x * enter
                one = torch.zeros_like(self.ones[name]) if enter is None else enter
                for before in names:
                    keep = partials.keep.get((name, before))
                    if keep is not None:
                        trace = torch.addcmul(trace, self.traces[before], keep)
                        one = one + keep * self.ones[before]
                after[name], counted[name] = trace, one
            self.traces, self.ones = after, counted
        return {n: (torch.stack(rows[n]), torch.stack(ones[n])) for n in names}


class SynapseTraces:
    """A trace of its own for every synapse of a fully connected stage.

    Memory: B × F × P for each state, with P presynaptic signals and a bias.

    Arguments:
        stage: Whose traces.
        what: Its neurons' derivatives.
        past: As for `SharedTraces`.
    """

    def __init__(self, stage: Stage, what: Eligibility, past: bool = True) -> None:
        self.stage, self.what, self.past = stage, what, past
        self.traces: dict[str, Tensor] = {}
        self._spare: dict[str, Tensor] = {}
        self._shown = torch.empty(0)

    def learn(
        self, signal: Tensor | None, partials: Partials | None, pre: Tensor, to: Gradients
    ) -> None:
        """As `SharedTraces.learn`."""
        if partials is None:
            return
        for step in range(len(pre)):
            shown = self.step(partials, step, pre[step])
            if signal is not None:
                self.collect(signal[step], shown, to)

    def step(self, partials: Partials, step: int, pre: Tensor) -> Tensor:
        """Take in one step.

        Returns:
            e = ∂ output of the step / ∂ weight, (B, F, P + 1), the last for the bias. The memory is
            used again in the next step.
        """
        x, source = with_one(pre.flatten(1)).unsqueeze(1), self.what.sources[0]
        if not self.traces:
            self._start(partials, x)
        shown, fresh = self._shown, True
        for by, factor in partials.show.items():
            value = x if by == source else self.traces[by]
            _accumulate(shown, _wide(factor, step), value, fresh)
            fresh = False
        if fresh:
            shown.zero_()
        if self.past:
            self._advance(partials, step, x)
        return shown

    def collect(self, signal: Tensor, eligibility: Tensor, to: Gradients) -> None:
        """Add Σ_batch signal · eligibility to the gradients of weights and bias."""
        flat = signal.reshape(signal.shape[0], -1)
        wide = eligibility.expand(*flat.shape, -1)
        spread(self.stage, torch.einsum("bf,bfp->fp", flat, wide), to)

    def _start(self, partials: Partials, x: Tensor) -> None:
        neurons = next((f.shape[-1] for f in partials.show.values() if f.dim()), 1)
        self._shown = x.new_empty((x.shape[0], neurons, x.shape[2]))
        wide = {n: self._width(n, partials, neurons) for n in self.what.states}
        for _ in wide:  # a state is as wide as those that it comes from
            for name, before in partials.keep:
                wide[name] = max(wide[name], wide[before])
        for name, size in wide.items():
            self.traces[name] = x.new_zeros((x.shape[0], size, x.shape[2]))
            self._spare[name] = torch.empty_like(self.traces[name])

    def _width(self, name: str, partials: Partials, neurons: int) -> int:
        """Neurons that a trace must tell apart by what enters and what is kept."""
        rows = [v for (n, _), v in (*partials.keep.items(), *partials.enter.items()) if n == name]
        return neurons if any(v.dim() for v in rows) else 1

    def _advance(self, partials: Partials, step: int, x: Tensor) -> None:
        source = self.what.sources[0]
        for name in self.what.states:
            into, fresh = self._spare[name], True
            for before, trace in self.traces.items():
                if (name, before) in partials.keep:
                    _accumulate(into, _wide(partials.keep[name, before], step), trace, fresh)
                    fresh = False
            if (name, source) in partials.enter:
                _accumulate(into, _wide(partials.enter[name, source], step), x, fresh)
                fresh = False
            if fresh:
                into.zero_()
        self.traces, self._spare = self._spare, self.traces


def spread(stage: Stage, found: Tensor, to: Gradients) -> None:
    """Add gradients (F, P + 1) to those of the weights, recurrent weights and biases of a stage."""
    weights, joined, count = stage.weights, stage.joined, found.shape[1] - 1
    if joined is not None:
        count -= len(joined.weight)
        to_joined = found[:, count:-1].T  # of `Recurrent` a row belongs to a source
        _add(to, joined.weight, to_joined if joined.mask is None else to_joined * joined.mask)
        if joined.bias is not None:
            _add(to, joined.bias, found[:, -1])
    if weights is None:
        return
    _add(to, weights.weight, found[:, :count])
    if weights.bias is not None:
        _add(to, weights.bias, found[:, -1])


def _accumulate(into: Tensor, factor: Tensor, value: Tensor, fresh: bool) -> None:
    """into (+)= factor · value, in memory that is there already."""
    if fresh:
        torch.mul(factor, value, out=into)
    else:
        into.addcmul_(factor, value)


def is_shared(what: Eligibility, partials: Partials) -> bool:
    """Whether all neurons forget alike, at all times."""
    names = [*what.keep.values(), *what.enter.values()]
    same = all(v.dim() == 0 for v in (*partials.keep.values(), *partials.enter.values()))
    return same and not any(name in what.varying for name in names)


def traces_for(
    stage: Stage,
    what: Eligibility | None,
    partials: Partials | None,
    rule: object,
    past: bool = True,
) -> SharedTraces | SynapseTraces:
    """The cheapest traces that are exact.

    Raises:
        ParameterError: A convolution whose neurons do not forget alike.
    """
    if what is None or partials is None or is_shared(what, partials):
        return SharedTraces(stage, what, past)
    check_full(stage, rule)
    return SynapseTraces(stage, what, past)


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


def with_one(pre: Tensor) -> Tensor:
    """(…, P) -> (…, P + 1), the last being the constant signal of a bias."""
    return torch.nn.functional.pad(pre, (0, 1), value=1.0)


def _wide(value: Tensor, step: int) -> Tensor:
    """A derivative at one of some steps, to go with (B, F, P)."""
    if value.dim() == 3:
        value = value[step]
    return value if value.dim() == 0 else value.unsqueeze(-1)
