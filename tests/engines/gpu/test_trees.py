"""Cells with a shape in a network on a GPU: the step as it is written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom import (
    AllToAll,
    Cable,
    ExponentialConductance,
    GivenSpikes,
    HodgkinHuxley,
    Morphology,
    Network,
    Ohm,
    PassiveMembrane,
    cm,
    ms,
    nS,
    um,
)


def test_a_small_tree_is_that_of_the_cpu() -> None:
    shape = Morphology.soma(20 * um).branch("dend", 200 * um, 2 * um)
    membranes = {"soma": HodgkinHuxley(), "dend": PassiveMembrane()}
    cell = Cable(shape, membranes, Ri=100 * Ohm * cm, compartments={"soma": 1, "dend": 2})
    seen: list[Any] = []
    for engine in ("auto", "gpu"):
        net = Network(dt=0.025 * ms, engine=engine)  # type: ignore[arg-type]
        pre = net.source(GivenSpikes([[0.025] * ms]), name="pre")
        cells = net.population(3, cell)
        net.connect(pre, cells, ExponentialConductance(), AllToAll(), weight=5 * nS, at=("dend", 1))
        v = net.record(cells, "v", at=("dend", 1))
        seen.append(net.run(0.2 * ms, progress=False)[v].values)
    assert np.ptp(seen[0]) > 0.5
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-5)
