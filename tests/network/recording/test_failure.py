"""Whatever ends a run, what was recorded before is kept."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom import ms, mV
from spikeloom.errors import EngineError, NumericsError
from spikeloom.network.blame import explanation

pytestmark = pytest.mark.filterwarnings("ignore:population:spikeloom.NetworkWarning")


class Explosive(sl.Neuron):
    """An exponential that nothing holds back."""

    D: sl.Param = 2 * mV
    tau: sl.Param = 10 * ms
    v: sl.State = sl.state(mV, start=-65 * mV)

    def flow(self, d: Any) -> None:
        d.v = (self.D * sl.exp(self.v / self.D) - self.v) / self.tau


def explosive(engine: Any) -> tuple[sl.Network, sl.Population, sl.Population]:
    """Neurons that fire, and one whose explicit steps of a cubic run off to infinity."""
    net = sl.Network(1 * ms, dtype="float64", engine=engine)
    well = net.population(5, sl.LIF(), name="well", I=0.3 * sl.nA)
    ill = net.population(
        3, sl.FitzHughNagumo(), name="ill", method=sl.compile.Euler(), v=[0.0, 0.0, 0.5]
    )
    return net, well, ill


@pytest.mark.parametrize("engine", ["reference", "cpu"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_nan_keeps_what_was_before(engine: Any, stream: bool, tmp_path: Path) -> None:
    net, well, _ = explosive(engine)
    spikes, v = net.record(well), net.record(well, "v")
    around = net.record(well[0], "v", around=well[0], after=20 * ms)
    before = net.run(50 * ms)
    net.set(net.populations[1][2], v=1e3)
    with pytest.raises(NumericsError, match=r"ill\[2\]\.v is -?inf at (\d+) ms") as caught:
        net.run(200 * ms, to=tmp_path / "run.h5" if stream else None)
    error, result = caught.value, caught.value.result
    assert result is not None and not result.complete
    at = int(str(error).split(" at ")[1].split(" ms")[0])
    assert result.stop == at - 1 == net.time  # the step before the one that failed
    assert "because v**3 of the term -(v**3/3)/tau of dv/dt is inf" in str(error)
    fine, well, _ = explosive(engine)
    expected_spikes, expected_v = fine.record(well), fine.record(well, "v")
    fine.run(50 * ms)
    expected = fine.run((at - 51) * ms)
    np.testing.assert_array_equal(result[spikes].times, expected[expected_spikes].times)
    np.testing.assert_array_equal(result[v].values, expected[expected_v].values)
    assert np.isfinite(result[v].values).all()
    assert len(result[around]) == np.count_nonzero(result[spikes].ids == 0)
    assert before.complete
    net.set(net.populations[1], v=0, w=0)
    assert net.run(5 * ms).complete  # it can be mended and gone on with


def test_the_term_is_the_one_that_is_not_finite() -> None:
    values = {("param", "D"): 2.0, ("param", "tau"): 10.0, ("state", "v"): 2000.0}
    told = explanation(Explosive.definition, "v", values)
    assert told == ", because exp(v/D) of the term D*exp(v/D)/tau of dv/dt is inf"


def test_an_infinite_kick_is_named() -> None:
    """Weights are finite, but their sum need not be."""
    net = sl.Network(1 * ms, dtype="float64", engine="reference")
    a = net.population(2, sl.LIF(), name="a", v=-40 * mV, I=1 * sl.nA)
    b = net.population(1, sl.LIF(), name="b")
    net.connect(a, b, sl.Delta(), sl.AllToAll(), weight=1.7e308 * mV, receptor="kick")
    with pytest.raises(NumericsError, match="what arrives at kick is inf"):
        net.run(5 * ms)


def test_any_error_of_the_engine_holds_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    net, exc, _ = small()
    spikes = net.record(exc)
    net.build()
    engine, runs = net.engine(), []

    def run(steps: int, *wishes: Any) -> Any:
        runs.append(steps)
        if len(runs) > 2:
            raise EngineError("out of order.")
        return type(engine).run(engine, 50, *wishes)

    monkeypatch.setattr(engine, "run", run)
    with pytest.raises(EngineError, match="out of order") as caught:
        net.run(100 * ms)
    result = caught.value.result
    assert result is not None and result.stop == pytest.approx(10)
    assert result[spikes].stop == pytest.approx(10) and not result.complete


@pytest.mark.parametrize("stream", [False, True])
def test_ctrl_c_gives_what_there_is(stream: bool, tmp_path: Path) -> None:
    net, exc, inh = small()
    spikes, gaps = net.record(exc + inh), net.record(exc + inh, sl.Intervals())
    net.build()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    path = tmp_path / "run.h5"
    result = net.run(600_000 * ms, progress=False, to=path if stream else None)
    timer.join()
    assert not result.complete and 0 < result.stop == pytest.approx(net.time)
    assert len(result[spikes]) > 0
    number = np.sum(np.maximum(result[spikes].counts - 1, 0))
    assert result[gaps].number.sum() == number
    if stream:
        again = sl.Result.load(path)
        assert not again.complete and again.stop == result.stop
        np.testing.assert_array_equal(again[spikes].times, result[spikes].times)
