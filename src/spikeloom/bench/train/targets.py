"""The figures that training set out for."""

from __future__ import annotations

from spikeloom.bench.network.targets import Target

SPEED, SHARE = "speed_ratio", "memory_share"
MEMORY_CASE = "{}, memory at T={}"
"""Name of the row of peak memory."""

TARGETS: tuple[Target, ...] = (
    Target("mnist-fc", "times as fast as the fastest peer", 4.0, SPEED),
    Target("recurrent", "times as fast as the fastest peer", 4.0, SPEED),
    Target("mnist-conv", "times as fast as the fastest peer", 2.0, SPEED),
    Target("fsdd", "times as fast as the fastest peer", 2.0, SPEED),
    *(
        Target(MEMORY_CASE.format(name, 32), "of the fastest peer's memory", 1 / 3, SHARE, False)
        for name in ("mnist-fc", "mnist-conv", "recurrent", "fsdd")
    ),
)
