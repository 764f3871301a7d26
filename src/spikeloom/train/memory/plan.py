"""The memory of a training step: predicted, fitted into a budget, and told before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.saving.saves import Saves
from spikeloom.nn.saving.segments import uncuttable
from spikeloom.train.memory.count import RECOMPUTABLE, Count, Row, count_bytes
from spikeloom.train.memory.facts import Facts, find_facts
from spikeloom.train.memory.machine import available

Budget = int | Literal["auto"] | None
SHARE = 0.8
"""Of the memory that can be had, what ``"auto"`` takes at most."""


@dataclass(frozen=True)
class MemoryPlan:
    """What a training step takes, and what the network keeps to make it fit.

    Arguments:
        rows: One for each layer.
        saves: What to keep; for ``net.saves``.
        batch, steps: Samples and time steps of a step of training.
        activations: Most bytes alive at one time besides weights.
        weights: Bytes of weights, their gradients and what the optimiser keeps of them.
        budget: Bytes that were allowed, or None.
        reason: Why these choices.

    >>> plan = memory_plan(Sequential(nn.Linear(100, 50), nn.ReLU()), (100,), 10, 20)
    >>> plan.steps, plan.peak == plan.activations + plan.weights, plan.saves
    (20, True, Saves(bits=True, recompute=(), segment=None))
    """

    rows: tuple[Row, ...]
    saves: Saves
    batch: int
    steps: int
    activations: int
    weights: int
    budget: int | None
    reason: str

    @property
    def peak(self) -> int:
        """Bytes at the worst moment."""
        return self.activations + self.weights

    @property
    def summary(self) -> str:
        """One line."""
        return (
            f"memory: {megabytes(self.peak)} at the peak for {self.batch} samples of {self.steps} "
            f"steps, {megabytes(self.weights)} of it weights, gradients and optimiser; "
            f"{self.reason}"
        )

    def __str__(self) -> str:
        lines = [f"{'layer':<20}{'output':>12}{'waits':>12}  as"]
        for row in self.rows:
            sizes = f"{megabytes(row.output):>12}{megabytes(row.kept):>12}"
            lines.append(f"{row.name:<20}{sizes}  {row.form}".rstrip())
        return "\n".join([*lines, self.summary])


def memory_plan(
    net: nn.Module,
    shape: Sequence[int],
    batch: int,
    steps: int,
    *,
    budget: Budget = None,
    held: bool = False,
    optimizer: Any = None,
    segments: bool = True,
) -> MemoryPlan:
    """Predict the memory of a training step, and choose what makes it fit into a budget.

    The rule, without any search: spikes wait as bits. If that is too much, outputs of layers before
    neurons are computed again, those that free the most bytes for each multiplication first, until
    it fits. If all of them are not enough, time is cut into halves, quarters and so on, with only
    states between (`Saves.segment`). What then still does not fit is refused.

    Arguments:
        net: A `Sequential`; one step of two empty samples is run through it.
        shape: Features of a sample at one step.
        batch: Samples.
        steps: T.
        budget: Bytes that a step may take in all; ``"auto"`` is 80 % of what the machine has left;
            None takes ``net.saves`` as it is and only predicts.
        held: Whether the input is one step held for all, as `ConstantCurrent` makes it.
        optimizer: A torch optimiser, for what it keeps of each weight; None counts two numbers.
        segments: Whether time may be cut, which rounds sums over time in another order.

    Returns:
        The plan; set ``net.saves = plan.saves`` to follow it, as `fit` does.

    Raises:
        ParameterError: It cannot fit; the message names the largest batch that does.

    >>> from spikeloom.nn import LIF
    >>> net = Sequential(nn.Linear(784, 512), LIF(), nn.Linear(512, 10), LIF())
    >>> print(memory_plan(net, (784,), 64, 32))
    layer                     output       waits  as
    linear1                   4.2 MB      0.0 MB  there anyway
    spiking1                  4.2 MB      4.3 MB  itself
    linear2                   0.1 MB      0.1 MB  bits
    spiking2                  0.1 MB      0.1 MB  itself
    memory: 19.5 MB at the peak for 64 samples of 32 steps, 6.5 MB of it weights, gradients and \
optimiser; spikes wait as bits
    >>> memory_plan(net, (784,), 64, 32, budget=16_000_000).saves
    Saves(bits=True, recompute=(), segment=16)
    """
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"memory_plan: needs a spikeloom Sequential, got {type(net).__name__}.",
            hint="Sequential(*layers)",
        )
    for name, value in {"batch": batch, "steps": steps}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ParameterError(f"memory_plan: {name} must be a whole number >= 1, got {value!r}.")
    allowed = _allowed(budget)
    dtype = next((p.dtype for p in net.parameters() if p.is_floating_point()), torch.float32)
    size = torch.empty(0, dtype=dtype).element_size()
    facts = find_facts(net, tuple(shape), dtype)
    fixed = _weights(net, optimizer)

    def at(saves: Saves, batch: int = batch) -> Count:
        return count_bytes(facts, batch, steps, saves, held, size)

    def plan(saves: Saves, reason: str) -> MemoryPlan:
        found = at(saves)
        return MemoryPlan(found.rows, saves, batch, steps, found.peak, fixed, allowed, reason)

    if allowed is None:
        return plan(net.saves, _reason(net.saves))
    tried = _choices(facts, net, steps, segments)
    for saves in tried:
        if at(saves).peak + fixed <= allowed:
            return plan(saves, _reason(saves))
    least = min(at(saves).peak for saves in tried) + fixed
    fits = _largest_batch(
        lambda b: any(at(saves, b).peak + fixed <= allowed for saves in tried), batch
    )
    raise ParameterError(
        f"memory: a step of training takes {megabytes(least)} with {batch} samples "
        f"of {steps} steps, whatever is computed again; {megabytes(allowed)} are allowed.",
        hint=f"the largest batch that fits is {fits}"
        if fits
        else "not even one sample fits: take fewer steps, or a smaller network",
    )


def _allowed(budget: Budget) -> int | None:
    if budget is None:
        return None
    if budget == "auto":
        free = available()
        return None if free is None else int(SHARE * free)
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ParameterError(
            f"memory: the budget must be a number of bytes, 'auto' or None, got {budget!r}.",
            hint="2 GB are 2_000_000_000",
        )
    return budget


def _weights(net: nn.Module, optimizer: Any) -> int:
    """Weights, gradients, what the optimiser keeps of each."""
    kept = 2
    if optimizer is not None:
        options = optimizer.defaults
        kept = 2 if "betas" in options else int(bool(options.get("momentum")))
        kept += int(bool(options.get("amsgrad")))
    numbers = [(p.numel() * p.element_size(), p.requires_grad) for p in net.parameters()]
    return sum(n * (2 + kept if learns else 1) for n, learns in numbers)


def _choices(facts: Sequence[Facts], net: nn.Module, steps: int, segments: bool) -> list[Saves]:
    """What is tried, in order."""
    names: tuple[str, ...] = ()
    found = [Saves()]
    for group in _groups(facts):
        names += group
        found.append(Saves(recompute=names))
    segment = -(-steps // 2)
    while segments and uncuttable(net) is None and segment >= 1 and steps > 1:
        found.append(Saves(segment=segment))
        if segment == 1:
            break
        segment = -(-segment // 2)
    return found


def _groups(facts: Sequence[Facts]) -> list[tuple[str, ...]]:
    """Layers before each layer of neurons that can be computed again, the cheapest bytes first."""
    groups: list[tuple[float, tuple[str, ...]]] = []
    run: list[Facts] = []
    for f in facts:
        if f.kind in RECOMPUTABLE:
            run.append(f)
        elif f.kind == "neurons" and run:
            price = sum(r.products for r in run) / max(f.before, 1)
            groups.append((price, tuple(r.name for r in run)))
            run = []
        elif f.kind != "view":
            run = []
    return [names for _, names in sorted(groups, key=lambda pair: pair[0])]


def _largest_batch(fits: Any, batch: int) -> int:
    """The largest batch below this one that fits, by halving the interval; 0 if none does."""
    low, high = 0, batch
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _reason(saves: Saves) -> str:
    words = ["spikes wait as bits" if saves.bits else "everything waits as it is"]
    if saves.recompute:
        words.append(f"computed again: {', '.join(saves.recompute)}")
    if saves.segment is not None:
        words.append(f"only states wait between segments of {saves.segment} steps")
    return "; ".join(words)


def megabytes(size: int) -> str:
    """Bytes for a reader.

    >>> megabytes(1_500_000)
    '1.5 MB'
    """
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
