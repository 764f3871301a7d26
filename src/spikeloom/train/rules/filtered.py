"""Eligibilities, filtered as the output neurons filter what they get."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.neurons.forwards import Partials
from spikeloom.train.rules.stages import Stage
from spikeloom.train.rules.traces import (
    Gradients,
    SynapseTraces,
    is_shared,
    spread,
    with_one,
)
from spikeloom.train.rules.walk import Moment, Walker


@dataclass(eq=False)
class Filter:
    """The output neurons as a filter of what they get, the same for all of them.

    Arguments:
        stage: The outputs.
        rule: Whose messages these are.
    """

    stage: Stage
    rule: str
    keep: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    enter: dict[str, float] = field(default_factory=dict[str, float])
    source: str = ""
    names: tuple[str, ...] = ()
    plain: str | None = None
    """The state that is the output, of neurons that do not spike."""

    def look(self, walker: Walker, partials: Partials | None) -> None:
        """Take the filter from the derivatives of any step."""
        what, neurons = walker.what, walker.stage.neurons
        if partials is None or what is None or neurons is None:
            return
        if not is_shared(what, partials):
            raise ParameterError(
                f"{self.rule}: the neurons of {self.stage.name} forget at different speeds, "
                "so there is no one filter from them to the neurons before.",
                hint="take a leaky readout with one time constant, such as "
                "LeakyIntegrator(tau=20 * ms), or reset='ignored' for spiking outputs",
            )
        self.source, self.names = what.sources[0], what.states
        self.keep = {pair: float(v) for pair, v in partials.keep.items()}
        self.enter = {n: float(v) for (n, by), v in partials.enter.items() if by == self.source}
        if not neurons.spikes and neurons.states[0] in what.states:
            self.plain = neurons.states[0]


class SynapseHidden:
    """A hidden stage with its eligibilities and what the filter made of them."""

    def __init__(self, walker: Walker, filters: Filter) -> None:
        what = walker.what
        if what is None:
            raise ParameterError(f"{filters.rule}: {walker.stage.name} has no neurons.")
        self.walker, self.filters = walker, filters
        self.traces = SynapseTraces(walker.stage, what)
        self.filtered: dict[str, Tensor] = {}
        self._spare: dict[str, Tensor] = {}

    def learn(
        self,
        moment: Moment,
        end: Partials | None,
        signal: Tensor,
        back: Tensor,
        own: Tensor | None,
        to: Gradients,
    ) -> None:
        """Add the gradients of some steps, and let traces and filter take in the steps.

        Arguments:
            moment: The steps.
            end: Derivatives of the output neurons in these steps.
            signal: ∂E/∂y (steps, B, classes).
            back: B, (classes, neurons).
            own: Gradient of the regularisers at the spikes (steps, B, *features), or None.
            to: Where to add.
        """
        if moment.partials is None:
            return
        filters, show = self.filters, {} if end is None else end.show
        to_states = {n: (signal * show[n]) @ back for n in filters.names if n in show}
        now = (signal * show[filters.source]) @ back if filters.source in show else None
        if end is None:
            now = signal @ back
        whole = signal @ back if filters.plain is not None else None
        for step in range(len(moment.out)):
            e = self.traces.step(moment.partials, step, moment.pre[step])
            if not self.filtered:
                self.filtered = {n: torch.zeros_like(e) for n in filters.names}
                self._spare = {n: torch.empty_like(e) for n in filters.names}
            here = None if own is None else own[step].flatten(1)
            if whole is None:
                for name, errors in to_states.items():
                    self.traces.collect(errors[step], self.filtered[name], to)
                if now is not None:
                    here = now[step] if here is None else here + now[step]
            if here is not None:
                self.traces.collect(here, e, to)
            self._filter(e)
            if whole is not None and filters.plain is not None:
                # A potential that is read out is its own trace: one product does for both terms.
                self.traces.collect(whole[step], self.filtered[filters.plain], to)

    def _filter(self, e: Tensor) -> None:
        filters = self.filters
        for name in filters.names:
            into, fresh = self._spare[name], True
            for before, value in self.filtered.items():
                keep = filters.keep.get((name, before))
                if keep is not None and fresh:
                    torch.mul(value, keep, out=into)
                elif keep is not None:
                    into.add_(value, alpha=keep)
                fresh = fresh and keep is None
            if fresh:
                into.zero_()
            if name in filters.enter:
                into.add_(e, alpha=filters.enter[name])
        self.filtered, self._spare = self._spare, self.filtered


class SharedHidden:
    """A hidden stage whose neurons all forget alike: as `SynapseHidden`, in a few products.

    With e_f,p[t] = Σ_s show_s,f[t] a_s,p[t] the filter need not run for each synapse and step: it
    runs backwards over the learning signals of these steps, and forwards once for all of them.
    """

    def __init__(self, walker: Walker, filters: Filter) -> None:
        self.walker, self.filters = walker, filters
        self.traces: dict[str, Tensor] = {}
        self.filtered: dict[str, Tensor] = {}

    def learn(
        self,
        moment: Moment,
        end: Partials | None,
        signal: Tensor,
        back: Tensor,
        own: Tensor | None,
        to: Gradients,
    ) -> None:
        """As `SynapseHidden.learn`."""
        what, partials = self.walker.what, moment.partials
        if what is None or partials is None:
            return
        pre = with_one(moment.pre.flatten(2))
        before = self._advance(partials, pre)
        before[what.sources[0]] = pre
        shape = moment.out.flatten(2).shape
        parts = [(f.expand(shape), before[by]) for by, f in partials.show.items()]
        errors, first = self._backwards(end, signal, back)
        if own is not None:
            errors = errors + own.flatten(2)
        found = torch.zeros(shape[2], pre.shape[2], dtype=pre.dtype, device=pre.device)
        for show, trace in parts:
            found += (errors * show).flatten(0, 1).T @ trace.flatten(0, 1)
        for name, filtered in self.filtered.items():
            found += torch.einsum("bf,bfp->fp", first[name], filtered)
        spread(self.walker.stage, found, to)
        self._forwards(parts)

    def _backwards(
        self, end: Partials | None, signal: Tensor, back: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Learning signals for the eligibilities of these steps, and for what was filtered before.

        With λ[t] = show[t] + keepᵀ λ[t + 1] the eligibility of step t gets enterᵀ λ[t + 1] and
        what passes the output neurons within the step.
        """
        filters = self.filters
        if end is None:
            return signal @ back, {}
        errors = torch.zeros_like(signal)
        if filters.source in end.show:
            errors = signal * end.show[filters.source]
        shown = {n: (signal * end.show[n]) for n in filters.names if n in end.show}
        ahead = {n: torch.zeros_like(signal[0]) for n in filters.names}
        for step in reversed(range(len(signal))):
            for name, factor in filters.enter.items():
                errors[step] += factor * ahead[name]
            now = {n: shown[n][step] if n in shown else 0 * ahead[n] for n in filters.names}
            for (name, before), keep in filters.keep.items():
                now[before] = now[before] + keep * ahead[name]
            ahead = now
        return errors @ back, {n: value @ back for n, value in ahead.items()}

    def _forwards(self, parts: list[tuple[Tensor, Tensor]]) -> None:
        """Filter the eligibilities of these steps."""
        filters = self.filters
        if not filters.names:
            return
        steps = len(parts[0][0]) if parts else 0
        index = {n: place for place, n in enumerate(filters.names)}
        like = parts[0][1]
        keep = torch.zeros(len(index), len(index), dtype=like.dtype)
        for (name, before), factor in filters.keep.items():
            keep[index[name], index[before]] = factor
        weight = torch.zeros(len(index), dtype=like.dtype)
        for name, factor in filters.enter.items():
            weight[index[name]] = factor
        weights = [weight]
        for _ in range(steps - 1):
            weights.append(keep @ weights[-1])
        late = torch.stack(weights[::-1])  # (steps, states): what is left of each step at the end
        whole = torch.linalg.matrix_power(keep, steps)
        after: dict[str, Tensor] = {}
        for name, place in index.items():
            total: Tensor | None = None
            for show, trace in parts:
                weighed = show * late[:, place, None, None]
                made = torch.einsum("kbf,kbp->bfp", weighed, trace)
                total = made if total is None else total.add_(made)
            for before, filtered in self.filtered.items():
                factor = float(whole[place, index[before]])
                if factor and total is not None:
                    total.add_(filtered, alpha=factor)
            if total is not None:
                after[name] = total
        self.filtered = after

    def _advance(self, partials: Partials, pre: Tensor) -> dict[str, Tensor]:
        """Traces before each step (steps, B, P + 1)."""
        what = self.walker.what
        if what is None:
            return {}
        names, source = what.states, what.sources[0]
        if not self.traces:
            self.traces = {n: torch.zeros_like(pre[0]) for n in names}
        rows: dict[str, list[Tensor]] = {n: [] for n in names}
        for x in pre:
            after: dict[str, Tensor] = {}
            for name in names:
                rows[name].append(self.traces[name])
                enter = partials.enter.get((name, source))
                trace = torch.zeros_like(x) if enter is None else x * enter
                for before in names:
                    keep = partials.keep.get((name, before))
                    if keep is not None:
                        trace = torch.addcmul(trace, self.traces[before], keep)
                after[name] = trace
            self.traces = after
        return {n: torch.stack(rows[n]) for n in names}


def hidden_for(
    walker: Walker, filters: Filter, partials: Partials | None
) -> SharedHidden | SynapseHidden:
    """The cheapest way that is exact."""
    if walker.what is not None and partials is not None and is_shared(walker.what, partials):
        return SharedHidden(walker, filters)
    return SynapseHidden(walker, filters)
