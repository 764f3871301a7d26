"""A network that is spread over processes has the bits of one that is not.

Processes are threads here that talk through a table; `test_torchrun.py` starts real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.everything import everything
from tests.network.team import Played, play

import spikeloom as sl
from spikeloom.engines.wiring import wiring
from spikeloom.errors import NumericsError, ParameterError, RankError, StorageError
from spikeloom.network.ranks import Share
from spikeloom.network.rules.cut import kept

ENGINES: list[Any] = ["cpu", "reference"]


def all_of(size: int, script: Callable[[Played], Any]) -> list[Any]:
    """What each process gave back; raises what one of them has raised."""
    found = play(size, script)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return found


def seen(net: sl.Network, steps: int = 90) -> dict[str, Any]:
    """Everything that a script can see of a run."""
    recorders = [net.record(p) for p in net.populations]
    exc, inh = net.populations[:2]
    v = net.record(inh[[19, 3]] + exc[60:] + exc[:2], "v", every=0.2 * sl.ms)
    result = net.run(steps * 0.1 * sl.ms, progress=False)
    found: dict[str, Any] = {f"times {r!r}": result.spikes[r].times for r in recorders}
    found |= {f"ids {r!r}": result.spikes[r].ids for r in recorders}
    found["trace"] = result.states[v].values
    for p in net.populations:
        found[f"{p.name} states"] = net.engine().state(p.index)
        if net.build().populations[p.index].program.states:
            found[f"{p.name} v"] = net.get(p, "v").value
    for projection in net.projections:
        name = projection.name
        found[f"{name} sources"], found[f"{name} targets"] = projection.sources, projection.targets
        found[f"{name} weights"] = projection.weights.value
        found[f"{name} delays"] = projection.delays.value
        if projection.learning is not None:
            found |= {f"{name} {t}": projection.trace(t).value for t in ("x", "y")}
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Raise unless all is the same, bit for bit."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.mark.parametrize(
    ("engine", "size", "threads"),
    [("cpu", 2, 1), ("cpu", 4, 2), ("cpu", 7, 1), ("reference", 3, 1)],
)
def test_all_processes_see_what_one_would(engine: Any, size: int, threads: int) -> None:
    expected = seen(everything(engine, 1))
    assert len(expected["times spikes of exc"]) > 30
    for found in all_of(size, lambda team: seen(everything(engine, threads, ranks=team))):
        same(found, expected)


def test_each_process_holds_its_share_of_the_synapses() -> None:
    def held(net: sl.Network) -> int:
        return sum(p.targets.size for p in net.build().projections)

    def made(**more: Any) -> sl.Network:
        net = sl.Network(seed=3, **more)
        exc = net.population(1000, sl.LIF(), name="exc")
        net.connect(exc, exc, sl.Delta(), sl.FixedProbability(0.1), weight=1 * sl.mV)
        return net

    total = held(made())
    parts = all_of(4, lambda team: held(made(ranks=team)))
    assert sum(parts) == total and max(parts) < 0.28 * total
    assert all_of(4, lambda team: len(made(ranks=team).projections[0])) == [total] * 4


RULES: dict[str, tuple[Any, int, int, dict[str, Any]]] = {
    "probability": (sl.FixedProbability(0.3), 40, 30, {}),
    "own": (sl.FixedProbability(0.3), 40, 40, {"same_population": True}),
    "shifted": (sl.FixedProbability(0.9), 40, 30, {"same_population": True, "shift": -5}),
    "all": (sl.AllToAll(), 20, 20, {"same_population": True}),
    "inputs": (sl.FixedInDegree(7), 40, 40, {"same_population": True}),
    "inputs twice": (sl.FixedInDegree(50, multapses=True), 40, 30, {}),
    "outputs": (sl.FixedOutDegree(7), 40, 40, {"same_population": True}),
    "outputs twice": (sl.FixedOutDegree(50, multapses=True), 40, 30, {}),
    "total": (sl.FixedTotal(300), 40, 40, {"same_population": True}),
    "total twice": (sl.FixedTotal(3000, multapses=True), 40, 30, {}),
    "one": (sl.OneToOne(), 30, 30, {}),
    "list": (sl.EdgeList([3, 1, 3, 2], [5, 0, 5, 2]), 4, 6, {}),
    "distance": (
        sl.Distance(sl.GaussianProfile(0.8, 6.0), period=40.0),
        *(40, 30),
        {"source_positions": np.arange(40.0), "target_positions": np.arange(30.0)},
    ),
    "convolution": (sl.Convolution((6, 6), np.ones((3, 3)), padding="same"), 36, 36, {}),
}


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=8)
@given(data=st.data(), reference=st.booleans())
def test_a_part_of_a_graph_has_the_synapses_of_the_whole(
    name: str, data: st.DataObject, reference: bool
) -> None:
    rule, sources, targets, more = RULES[name]
    borders = data.draw(st.lists(st.integers(0, targets), min_size=2, max_size=6).map(sorted))
    within = list(zip(borders[::2], borders[1::2], strict=False))
    builder = wiring("reference" if reference else "auto")
    whole = rule.build(sources, targets, seed=5, builder=builder, **more)
    part = rule.build(sources, targets, seed=5, builder=builder, within=within, **more)
    for got, expected in zip(part, kept(whole, within), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_neurons_are_shared_out_evenly() -> None:
    for size in (1, 2, 5, 8):
        for neurons in (1, 3, 64, 1001):
            borders = Share(0, size).borders(neurons)
            assert borders[0] == 0 and borders[-1] == neurons
            assert np.ptp(np.diff(borders)) <= 1


@pytest.mark.parametrize(
    ("engine", "wrote", "reads"),
    [("cpu", 2, 1), ("cpu", 2, 4), ("cpu", 1, 3), ("reference", 3, 2)],
)
def test_a_file_does_not_say_how_many_wrote_it(
    engine: Any, wrote: int, reads: int, tmp_path: Path
) -> None:
    path = tmp_path / "state"

    def write(team: Any) -> None:
        net = everything(engine, 1, ranks=team)
        net.run(4.1 * sl.ms)
        net.checkpoint(path)

    def read(team: Any) -> dict[str, Any]:
        net = everything(engine, 1, ranks=team)
        net.restore(path)
        return seen(net, 40)

    whole = everything(engine, 1)
    whole.run(4.1 * sl.ms)
    expected = seen(whole, 40)
    all_of(wrote, write) if wrote > 1 else write(1)
    for found in all_of(reads, read) if reads > 1 else [read(1)]:
        same(found, expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_changes_between_runs_are_the_same_everywhere(engine: Any) -> None:
    def script(team: Any) -> dict[str, Any]:
        net = everything(engine, 1, ranks=team)
        exc, inh = net.populations[:2]
        net.run(3 * sl.ms)
        net.set(exc[5:40], v=sl.uniform(-55, -50) * sl.mV, E_L=-48 * sl.mV)
        net.set(inh, tau=sl.normal(15, 1) * sl.ms)
        more = net.population(9, sl.LIF(), name="more", I=0.3 * sl.nA)
        net.connect(
            more, exc + inh, sl.ExponentialCurrent(), sl.FixedProbability(0.4),
            weight=sl.normal(50, 5) * sl.pA, delay=sl.uniform(1, 4) * sl.ms,
        )  # fmt: skip
        net.run(2 * sl.ms)
        first = net.projections[0]
        if first.learning is None:
            first.set_weights(2 * np.asarray(first.weights.value) * first.unit)
        if engine == "reference":
            learning = next(p for p in net.projections if p.learning is not None)
            learning.set_weights(11 * sl.pA, learning.targets < 30)
            learning.freeze()
        return seen(net.fork(seed=8), 30)

    expected = script(1)
    for found in all_of(2, script):
        same(found, expected)


def test_a_process_that_fails_ends_all_with_its_reason() -> None:
    def script(team: Played) -> None:
        net = everything(ranks=team)
        net.run(1 * sl.ms)
        net.run((1 if team.rank != 1 else 0.05) * sl.ms)

    one, failed, other = play(3, script)
    assert isinstance(failed, ParameterError)
    for told in (one, other):
        assert isinstance(told, RankError)
        assert "rank 1 of 3 has failed: run: ParameterError" in str(told)
        assert "whole number of steps" in str(told)


def test_processes_that_part_ways_are_told() -> None:
    def script(team: Played) -> None:
        net = everything(ranks=team)
        net.run((2 if team.rank else 1) * sl.ms)

    for told in play(2, script):
        assert isinstance(told, RankError) and "do different things" in str(told)

    def other(team: Played) -> None:
        net = everything(ranks=team)
        net.build()
        if team.rank:
            net.run(1 * sl.ms)
        else:
            net.get(net.populations[0], "v")

    for told in play(2, other):
        assert isinstance(told, RankError) and "do different things" in str(told)


def test_an_error_of_all_processes_is_the_error_of_each() -> None:
    def script(team: Played) -> float:
        net = everything(ranks=team)
        with pytest.raises(ParameterError, match="no state, inflow or parameter"):
            net.set(net.populations[0], u=1)
        net.run(1 * sl.ms)
        with pytest.raises(ParameterError, match="whole number"):
            net.run(0.05 * sl.ms)
        net.run(1 * sl.ms)
        return net.time

    assert all_of(3, script) == [2.0] * 3


def test_a_file_that_cannot_be_written_is_told_to_all() -> None:
    def script(team: Played) -> None:
        everything(ranks=team).checkpoint("/proc/none/state")

    first, second = play(2, script)
    assert isinstance(first, StorageError)
    assert isinstance(second, RankError) and "rank 0 of 2" in str(second)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_nan_anywhere_is_named_everywhere(engine: Any) -> None:
    def script(team: Any) -> str:
        net = sl.Network(1 * sl.ms, dtype="float64", engine=engine, ranks=team)
        start = [0.0] * 9 + [40.0]
        a = net.population(
            10, sl.FitzHughNagumo(), name="a", method=sl.compile.Euler(), v=start, I=start
        )
        net.record(a, "v")
        with pytest.raises(NumericsError) as told:
            net.run(200 * sl.ms)
        return str(told.value)

    alone = script(1)
    assert "a[9].v is" in alone
    assert all_of(3, script) == [alone] * 3


def test_more_processes_than_neurons() -> None:
    def script(team: Any) -> list[float]:
        net = sl.Network(1 * sl.ms, engine="cpu", ranks=team)
        a = net.population(2, sl.LIF(), name="a", I=1 * sl.nA)
        net.connect(a, a, sl.Delta(), sl.AllToAll(), weight=1 * sl.mV, delay=2 * sl.ms)
        spikes = net.record(a)
        return net.run(50 * sl.ms).spikes[spikes].times.tolist()

    assert len(expected := script(1)) > 5
    assert all_of(5, script) == [expected] * 5


def test_choices_that_make_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    for choice in (4, "four", 0.5):
        with pytest.raises(ParameterError, match="ranks must be"):
            sl.Network(ranks=choice)  # pyright: ignore[reportArgumentType]
    assert sl.Network().ranks == 1 and sl.Network().rank == 0
    # What other launchers leave behind is not enough to think of oneself as one of several.
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert sl.Network().ranks == 1
    monkeypatch.setenv("WORLD_SIZE", "many")
    assert sl.Network().ranks == 1
