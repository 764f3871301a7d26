"""A projection on the GPU."""

from __future__ import annotations

import numpy as np

from spikeloom.engines.gpu.deliver import TEXT
from spikeloom.engines.gpu.grid import on_grid
from spikeloom.engines.gpu.launch import launch
from spikeloom.engines.gpu.machine import Machine
from spikeloom.engines.gpu.module import kernel
from spikeloom.engines.gpu.neurons import Log, Neurons
from spikeloom.engines.network_plan import AnyProjection

LANES = 128
"""Synapses that a program delivers at once; one warp."""


class Synapses:
    """Rows of synapses: of each source, targets in order.

    Arguments:
        machine: Where.
        plan: The projection.
        senders: Neurons of its source.
        grid: Distance of the points on which its weights lie, from `grid.grid_of`.
        dtype: Of the weights.
    """

    def __init__(
        self, machine: Machine, plan: AnyProjection, senders: int, grid: float, dtype: str
    ) -> None:
        p = plan.whole
        self.machine, self.plan, self.senders, self.grid = machine, plan, senders, grid
        self.source, self.target, self.channel = plan.source, plan.target, plan.channel
        self._indptr = machine.put(np.asarray(p.indptr, np.int64))
        self._targets = machine.put(np.asarray(p.targets, np.int32))
        weights, delays = np.asarray(p.weights), np.asarray(p.delays)
        self._weights = machine.put(np.atleast_1d(on_grid(weights, grid)).astype(dtype))
        narrow = np.int16 if p.longest < 1 << 15 else np.int32
        self._delays = machine.put(np.atleast_1d(delays).astype(narrow))
        self._constants = {
            "OWN_WEIGHTS": weights.ndim > 0,
            "OWN_DELAYS": delays.ndim > 0,
            "BLOCK": LANES,
        }
        longest = int(np.max(np.diff(p.indptr), initial=1))
        across = min(max(-(-longest // (4 * LANES)), 1), machine.programs)
        self._programs = (min(senders, max(machine.programs // across, 1)), across)
        self._kernel = kernel(TEXT, "deliver")

    def deliver(self, block: int, first: int, log: Log, target: Neurons) -> None:
        """Send the spikes of a block on their way.

        Arguments:
            block: Number of the block in the segment.
            first: Its first step.
            log: Spikes of the source.
            target: Whose rings take them.
        """
        ring = target.rings[target.plan.channels.index(self.channel)]
        args = [log.spikes, log.counts, self._indptr, self._targets, self._weights, self._delays]
        args += [ring, block, log.room, first, self.senders, target.size, target.slots]
        launch(self.machine, self._kernel, self._programs, args, self._constants, warps=1)
