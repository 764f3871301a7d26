"""What the GPU engine cannot do, it says, with the name of the engine that can."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.engines.network.nets import Shape, random_plan

import spikeloom as sl
from spikeloom.engines.gpu import GpuNetwork
from spikeloom.errors import EngineError


def learning(net: sl.Network, a: sl.Population) -> None:
    net.connect(a, a, sl.Delta(), sl.AllToAll(), weight=1 * sl.mV, learning=sl.PairSTDP())


def junctions(net: sl.Network, a: sl.Population) -> None:
    net.gap_junctions(a, a, sl.FixedProbability(0.5), conductance=1 * sl.nS)


def varying(net: sl.Network, a: sl.Population) -> None:
    net.poisson(a, sl.Delta(), rate=lambda t: 10 * sl.Hz * (1 + 0 * t.to(sl.ms)), weight=1 * sl.mV)


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (learning, "synapses of .* learn"),
        (junctions, "gap junctions"),
        (varying, "rate changes over time"),
    ],
)
def test_what_it_cannot_run(add: Callable[[sl.Network, sl.Population], None], words: str) -> None:
    net = sl.Network(engine="gpu")
    add(net, net.population(4, sl.LIF(), name="a"))
    with pytest.raises(EngineError, match=words) as caught:
        net.build()
    assert 'engine="cpu"' in str(caught.value)


def test_no_exchange() -> None:
    with pytest.raises(EngineError, match="one process"):
        GpuNetwork(random_plan(Shape(5, (3,))), exchange=lambda logs: logs)


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("triton")  # it looks at the variable once, when it is imported
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    net = sl.Network(engine="gpu")
    net.population(4, sl.LIF(), name="a")
    with pytest.raises(EngineError, match="no GPU") as caught:
        net.run(1 * sl.ms)
    assert 'engine="auto"' in str(caught.value)


def test_synapses_do_not_learn() -> None:
    gpu = GpuNetwork(random_plan(Shape(5, (3,), 1.0)))
    assert gpu.weights(0).shape == (9,) and gpu.traces(0) == {}
    for call in (
        lambda: gpu.set_weights(0, gpu.weights(0)),
        lambda: gpu.freeze(0, True),
        lambda: gpu.reward(0, 1.0),
    ):
        with pytest.raises(EngineError, match="do not learn"):
            call()
