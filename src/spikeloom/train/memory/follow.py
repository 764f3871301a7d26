"""Training under a memory plan: made before the first batch, followed, and put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.fold import is_constant
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.saving.saves import Saves
from spikeloom.train.loop.room import is_full
from spikeloom.train.loop.samples import Batches, SampleBatches
from spikeloom.train.loop.step import Objective, in_precision_of
from spikeloom.train.memory.plan import Budget, MemoryPlan, memory_plan
from spikeloom.train.rules.bptt import BPTT


@contextmanager
def planned(
    objective: Objective, batches: Batches, rule: Any, optimizer: Any, memory: Budget
) -> Iterator[MemoryPlan | None]:
    """Make the plan, let the network follow it, and give it for the user to see.

    Where there is nothing to plan (no block of time, a DataLoader that does not say what it holds,
    a rule that keeps other things) the plan is None. With ``"auto"`` time is not cut: how much the
    machine has free must not change the bits of a result.

    Raises:
        ParameterError: It cannot fit into memory, or there is a budget and nothing to plan.
    """
    net = objective.net
    plan = _plan(objective, batches, rule, optimizer, memory)
    if plan is None or not isinstance(net, Sequential):
        if memory not in ("auto", None):
            raise ParameterError(
                f"fit: memory={memory!r} needs a Sequential, samples as arrays, and rule=BPTT().",
                hint="set net.saves = memory_plan(net, ...).saves yourself, and leave memory out",
            )
        yield None
        return
    before = net.saves
    net.saves = plan.saves
    try:
        yield plan
    finally:
        net.saves = before


def _plan(
    objective: Objective, batches: Batches, rule: Any, optimizer: Any, memory: Budget
) -> MemoryPlan | None:
    net, encode = objective.net, objective.encode
    if memory is None or encode is None or not isinstance(net, Sequential):
        return None
    if not isinstance(batches, SampleBatches) or not isinstance(rule, BPTT) or not batches.count:
        return None
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            block = encode(in_precision_of(net, batches.samples.inputs[:1]), 0)
    except (RuntimeError, MemoryError) as error:
        if not is_full(error):
            raise
        return None  # the first batch will say what fits
    steps = block.shape[0] if rule.chunk is None else min(rule.chunk, block.shape[0])
    if not steps or block.dim() < 3:
        return None
    chosen = net.saves != Saves()  # by the user: predicted, not changed
    return memory_plan(
        net,
        tuple(block.shape[2:]),
        min(batches.batch_size, batches.count),
        steps,
        budget=None if chosen else memory,
        held=is_constant(block),
        optimizer=optimizer,
        segments=memory != "auto" and rule.chunk is None,
    )
