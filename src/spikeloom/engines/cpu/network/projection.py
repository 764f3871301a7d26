"""A projection whose synapses are held in few bytes; its arrays are made when asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.packed import Packed, pack
from spikeloom.engines.network_plan import PopulationPlan, ProjectionPlan, check_ends
from spikeloom.engines.unpacked import Unpacked


@dataclass(frozen=True, eq=False)
class PackedProjection(Unpacked):
    """What a `ProjectionPlan` says, in a half to a quarter of the bytes.

    ``targets``, ``weights`` and ``delays`` are unpacked anew each time they are asked for, in the
    order of a ProjectionPlan; several synapses of one pair come by their delays.

    Arguments:
        source, target: Places of the populations in the plan.
        channel: Impulse input of the target population.
        packed: The synapses.
        shortest, longest: Of the delays, in steps.
        weight: The one weight of all synapses, or None.
        name: Of the connection it belongs to.
    """

    source: int
    target: int
    channel: str
    packed: Packed
    shortest: int
    longest: int
    weight: Array | None
    name: str = ""

    @property
    def learning(self) -> None:
        """Nothing: synapses that learn are not packed."""

    @property
    def count(self) -> int:
        """Number of synapses."""
        return int(self.indptr[-1])

    @property
    def empty(self) -> bool:
        """Whether there is no synapse, in any process."""
        return self.shortest > self.longest

    @property
    def expected(self) -> float:
        """Number of synapses."""
        return self.count

    @property
    def indptr(self) -> Array:
        """Where each row begins, and the end; int64 (N_source + 1,)."""
        starts = self.packed.bounds[0]
        return starts if starts.base is None else starts.base

    @property
    def whole(self) -> ProjectionPlan:
        """The same with all its arrays."""
        targets, weights, delays = unpack(self.packed)
        return ProjectionPlan(
            source=self.source,
            target=self.target,
            channel=self.channel,
            indptr=self.indptr,
            targets=targets,
            weights=weights if self.weight is None else self.weight,
            delays=delays,
            name=self.name,
        )

    def scaled(self, factor: float) -> PackedProjection:
        """The same with all weights multiplied; of weights of 24 bits only their unit changes."""
        packed, weight = self.packed, self.weight
        if packed.rows.weights == "fixed":
            return replace(self, packed=replace(packed, step=packed.step * factor))
        by = packed.weights.dtype.type(factor)
        weight = None if weight is None else np.asarray(weight * weight.dtype.type(factor))
        return replace(self, packed=replace(packed, weights=packed.weights * by), weight=weight)

    def spanning(self, shortest: int, longest: int) -> PackedProjection:
        """The same, where other processes hold synapses whose delays go from one to the other."""
        return replace(self, shortest=shortest, longest=longest)

    @property
    def sample(self) -> ProjectionPlan:
        """The same with all its arrays."""
        return self.whole

    def check(self, populations: tuple[PopulationPlan, ...]) -> None:
        """Raise unless it fits the populations; its arrays were checked before they were packed."""
        check_ends(self, populations, len(self.indptr) - 1)


def packed_projection(
    p: ProjectionPlan, populations: tuple[PopulationPlan, ...], dtype: str, threads: int
) -> PackedProjection:
    """A projection in few bytes.

    Arguments:
        p: The projection.
        populations: Of the plan.
        dtype: Of the plan.
        threads: Between how many the targets will be shared out.

    Raises:
        SpikeloomError: The projection does not fit the populations.
    """
    p.check(populations)
    return PackedProjection(
        source=p.source,
        target=p.target,
        channel=p.channel,
        packed=pack(p, populations[p.target].size, dtype, threads),
        shortest=p.shortest,
        longest=p.longest,
        weight=None if np.ndim(p.weights) else np.asarray(p.weights),
        name=p.name,
    )


def unpack(packed: Packed) -> tuple[Array, Array, Array]:
    """Targets, weights and delays in the order of a `ProjectionPlan`."""
    rows, bounds = packed.rows, packed.bounds
    counts = np.diff(np.stack(bounds, 1), axis=1).ravel()  # of each row and part
    weights = _numbers(packed)
    if rows.delays == "places":
        places = packed.targets
        delays = (places // packed.padded).astype(np.uint16)
        return (places % packed.padded).astype(np.uint32), weights, delays
    lows = np.tile(np.array(packed.borders[:-1], np.uint32), len(bounds[0]))
    targets = packed.targets + np.repeat(lows, counts)
    if rows.delays == "one":
        return targets, weights, np.asarray(packed.delay, np.uint16)
    delays = np.repeat(packed.heads[::2].astype(np.uint16), packed.heads[1::2])
    # Within each row by target; equal targets stay by delay.
    row = np.repeat(np.arange(len(bounds[0]), dtype=np.uint64), bounds[-1] - bounds[0])
    order = np.argsort((row << np.uint64(32)) | targets, kind="stable")
    return targets[order], weights if weights.ndim == 0 else weights[order], delays[order]


def _numbers(packed: Packed) -> Array:
    if packed.rows.weights == "one":
        return packed.weights.reshape(())
    if packed.rows.weights == "own":
        return packed.weights
    count = len(packed.targets)
    three = packed.weights[: 3 * count].reshape(-1, 3)
    whole = np.zeros((count, 4), np.uint8)
    whole[:, 1:] = three
    return (whole.view("<i4").ravel() >> 8).astype(np.float32) * np.float32(packed.step)
