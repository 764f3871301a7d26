"""A plan cut in parts, each in an engine of its own, gives the bits of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import SHAPES, same_spikes
from tests.network.team import Played, play

from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.network_part import poisson_part, population_part
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.reference.network import ReferenceNetwork

STEPS = 40


def part_of(plan: NetworkPlan, rank: int, size: int) -> NetworkPlan:
    """The neurons and synapses of one process, cut out of the whole."""
    low = [p.size * rank // size for p in plan.populations]
    high = [p.size * (rank + 1) // size for p in plan.populations]

    own = list(zip(low, high, strict=True))
    populations = tuple(population_part(p, own[k]) for k, p in enumerate(plan.populations))
    projections = []
    for p in plan.projections:
        keep = (p.targets >= low[p.target]) & (p.targets < high[p.target])
        before = np.concatenate([[0], np.cumsum(keep)])
        some = {n: getattr(p, n) for n in ("weights", "delays")}
        projections.append(
            replace(
                p,
                indptr=before[p.indptr],
                targets=p.targets[keep] - np.uint32(low[p.target]),
                span=(p.shortest, p.longest),
                **{n: x[keep] if np.ndim(x) else x for n, x in some.items()},
            )
        )
    poisson = tuple(poisson_part(s, own[s.target]) for s in plan.poisson)
    return replace(plan, populations=populations, projections=tuple(projections), poisson=poisson)


@settings(max_examples=15)
@given(SHAPES, st.integers(1, 4), st.sampled_from([1, 2]), st.booleans())
def test_parts_give_the_bits_of_the_whole(
    shape: Shape, size: int, threads: int, reference: bool
) -> None:
    plan = random_plan(shape, "float64")
    if reference:
        whole: Any = ReferenceNetwork(plan)
    else:
        whole = NativeNetwork(plan, 1)
    expected = whole.run(STEPS)

    def script(team: Played) -> Any:
        def exchange(logs: Any) -> Any:
            return [log for part in team.gather(logs) for log in part]

        mine = part_of(plan, team.rank, size)
        if reference:
            engine: Any = ReferenceNetwork(mine, exchange=exchange)
        else:
            engine = NativeNetwork(mine, threads, exchange=exchange)
        return engine.run(STEPS), [engine.state(k) for k in range(len(plan.populations))]

    for made in (everyone := play(size, script)):
        if isinstance(made, BaseException):
            raise made
        assert same_spikes(made[0], expected)
    for k in range(len(plan.populations)):
        states = np.concatenate([made[1][k] for made in everyone], axis=1)
        assert states.tobytes() == whole.state(k).tobytes()


@pytest.mark.parametrize("delays", [7, -3])
def test_engines_of_one_plan_share_its_synapses(delays: int) -> None:
    plan = random_plan(Shape(1, (150, 90), delays=delays))
    one = NativeNetwork(plan, 2)
    other = NativeNetwork(plan, 2, like=one)
    for a, b in zip(one.synapses, other.synapses, strict=True):
        assert np.shares_memory(a.packed.targets, b.packed.targets)
        assert np.shares_memory(a.packed.weights, b.packed.weights)
    one.run(STEPS)
    assert same_spikes(other.run(STEPS), NativeNetwork(plan, 1).run(STEPS))
