"""Every bit of state: none can be forgotten, and nothing depends on where a run was cut."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.everything import everything

import spikeloom as sl
from spikeloom.engines.network_plan import NetworkPlan, ProjectionPlan
from spikeloom.errors import CheckpointError
from spikeloom.network.save import FORMAT

ENGINES: list[Any] = ["cpu", "reference"]
STEPS = 120
SCRATCH = {
    r"logs\.\d+": "who spiked in the last native call",
    r"deliveries\.\d+\.scratch\..*": "what a thread needs while it visits rows that learn",
    r"deliveries\.\d+\._words\..*": "where in memory such arrays are",
    r"deliveries\.\d+\.storage\..*": "events of targets that rows may still ask for; the state "
    "holds those that one will",
    r".*\.series\._kept\..*": "numbers over time, made of the step alone, and kept for a while",
    r"neurons\.\d+\.windows\..*": "inputs over time, written before each native call",
    r".*\._ahead\.\d": "where inputs that fluctuate would be when all that was asked for is used",
    r"neurons\.\d+\._bundle\..*": "spikes of sources, written before each native call",
    r"neurons\.\d+\.middles\..*": "mean potentials of a step, found anew in each",
    r"deliveries\.\d+\._(kept|calls)\..*": "words and memory of kernels that draw rows",
}
"""Arrays and numbers of an engine that a state need not hold, and why."""


def parts(thing: Any, path: str = "", seen: set[int] | None = None) -> dict[str, Any]:
    """Every array and number that an engine holds, by where it is."""
    seen = set() if seen is None else seen
    if isinstance(thing, np.ndarray | np.generic | bool | int | float | str):
        return {path: thing}
    if id(thing) in seen:
        return {}
    seen.add(id(thing))
    if isinstance(thing, list | tuple):
        inner = {str(k): x for k, x in enumerate(thing)}
    elif isinstance(thing, dict):
        inner = {str(k): x for k, x in thing.items()}
    elif type(thing).__module__.startswith("spikeloom.engines"):
        inner = {name: _used(thing, x) for name, x in getattr(thing, "__dict__", {}).items()}
    else:
        return {}
    found: dict[str, Any] = {}
    for name, value in inner.items():
        found |= parts(value, f"{path}.{name}".lstrip("."), seen)
    return found


def _used(owner: Any, value: Any) -> Any:
    """Rows without what fills them up to whole groups of neurons."""
    full = getattr(owner, "padded", None)
    if isinstance(value, np.ndarray) and full and value.shape[-1:] == (full,):
        return value[..., : owner.size]
    return value


def differing(one: Any, other: Any) -> list[str]:
    """Where two engines differ, scratch memory aside."""
    mine, theirs = (
        {
            name: value
            for name, value in parts(engine).items()
            if not any(re.fullmatch(pattern, name) for pattern in SCRATCH)
        }
        for engine in (one, other)
    )
    assert mine.keys() == theirs.keys()
    return [
        name
        for name, value in mine.items()
        if np.asarray(value).tobytes() != np.asarray(theirs[name]).tobytes()
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_state_of_an_engine_is_forgotten(engine: Any, tmp_path: Path) -> None:
    net, fresh = everything(engine, gaps=True), everything(engine, gaps=True)
    net.run(8.3 * sl.ms)
    fresh.restore(net.checkpoint(tmp_path / "state"))
    ours, theirs = net._ready(), fresh._ready()
    assert len(parts(ours)) > 20
    assert differing(ours, theirs) == []
    assert differing(ours, net.fork()._ready()) == []
    net.run(3 * sl.ms)
    fresh.run(3 * sl.ms)
    assert differing(ours, theirs) == []


def test_the_walk_through_an_engine_sees_a_planted_state() -> None:
    """The test above can fail."""
    net = everything()
    net.run(2 * sl.ms)
    ours, theirs = net._ready(), net.fork()._ready()
    for k, engine in enumerate((ours, theirs)):
        engine.neurons[0].traces = {"pre": [np.full(3, float(k))]}  # type: ignore[attr-defined]
    assert differing(ours, theirs) == ["neurons.0.traces.pre.0"]


def test_the_network_with_everything_has_everything() -> None:
    plan = everything("reference", gaps=True).build()
    for each in fields(NetworkPlan):
        value = getattr(plan, each.name)
        if each.name == "couplings":  # gap junctions do not reach from process to process yet
            continue
        assert not isinstance(value, tuple) or value, f"{each.name}: add it to everything.py"
    for each in fields(ProjectionPlan):
        if each.name == "span":  # of processes
            continue
        used = any(getattr(p, each.name) is not None for p in plan.projections)
        assert used, f"{each.name} of a projection: add it to everything.py"


def outcome(net: sl.Network, pieces: list[int], record: bool = True, **where: Any) -> Any:
    """States at the end, and all spikes of a run in pieces of so many steps."""
    recorders = [net.record(p) for p in net.populations] if record else []
    if record:
        net.record(net.populations[0][3:9], "v", every=0.3 * sl.ms)
    spikes: list[list[Any]] = [[] for _ in recorders]
    for k, steps in enumerate(pieces):
        if "path" in where and k == where["at"]:
            path = net.checkpoint(where["path"])
            net = where["fresh"]()
            recorders = [net.record(p) for p in net.populations]
            net.restore(path)
        result = net.run(steps * 0.1 * sl.ms, progress=False)
        for kept, recorder in zip(spikes, recorders, strict=True):
            trains = result.spikes[recorder]
            kept.append(np.stack([trains.times, trains.ids.astype(float)]))
    states = [net._ready().state(p.index).tobytes() for p in net.populations]
    return states, [np.concatenate(kept, axis=1) for kept in spikes]


def cut(data: st.DataObject, total: int) -> list[int]:
    """Some division of a number of steps."""
    borders = data.draw(st.lists(st.integers(0, total), max_size=4).map(sorted))
    return np.diff([0, *borders, total]).tolist()


@lru_cache(maxsize=2)
def whole(engine: Any) -> Any:
    """What comes of a run in one piece, on one thread."""
    return outcome(everything(engine, 1), [STEPS])


@settings(max_examples=8)
@given(st.data(), st.sampled_from([1, 2, 4]), st.booleans(), st.sampled_from(ENGINES))
def test_cutting_threads_and_recording_change_no_bit(
    data: st.DataObject, threads: int, record: bool, engine: Any
) -> None:
    expected, spikes = whole(engine)
    assert all(each.shape[1] for each in spikes)
    states, found = outcome(everything(engine, threads), cut(data, STEPS), record)
    assert states == expected
    for ours, theirs in zip(found, spikes, strict=False):
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=6)
@given(st.data(), st.sampled_from([1, 2]))
def test_a_checkpoint_at_any_point_changes_no_bit(data: st.DataObject, threads: int) -> None:
    import tempfile

    pieces = cut(data, STEPS)
    at = data.draw(st.integers(0, len(pieces) - 1))
    expected, spikes = whole("cpu")
    with tempfile.TemporaryDirectory() as folder:
        states, found = outcome(
            everything(threads=1), pieces, path=Path(folder) / "state", at=at,
            fresh=lambda: everything(threads=threads),
        )  # fmt: skip
    assert states == expected
    for ours, theirs in zip(found, spikes, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_restoring_into_another_network_names_what_is_different(tmp_path: Path) -> None:
    def made(**change: Any) -> sl.Network:
        given = {"seed": 1, "tau": 10, "weight": 1, "rate": 5, "method": None, "p": 0.5} | change
        net = sl.Network(seed=given["seed"], engine="reference", **change.get("options", {}))
        a = net.population(4, sl.LIF(tau=given["tau"] * sl.ms), name="a", method=given["method"])
        if change.get("set"):
            net.set(a[0], R=50 * sl.MOhm)
        net.connect(
            a, a, sl.Delta(), sl.FixedProbability(given["p"]), weight=given["weight"] * sl.mV,
            name="loop",
        )  # fmt: skip
        net.poisson(a, sl.Delta(), rate=given["rate"] * sl.Hz, weight=1 * sl.mV)
        if change.get("more"):
            net.population(1, sl.LIF(), name="more")
            net.connect(a, net.populations[1], sl.Delta(), sl.AllToAll(), weight=1 * sl.mV)
        return net

    path = made().checkpoint(tmp_path / "state")
    made().restore(path)
    made(more=True).checkpoint(tmp_path / "more")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"seed": 2}, "the seed is not the same"),
        ({"options": {"dt": 1 * sl.ms}}, "the time step is not the same"),
        ({"options": {"dtype": "float64"}}, "the precision is not the same"),
        ({"tau": 11}, "population 'a' is not the same"),
        ({"set": True}, "population 'a' is not the same"),
        ({"method": sl.compile.Euler()}, "population 'a' is not the same"),
        ({"weight": 2}, "connection 'loop' is not the same"),
        ({"p": 0.4}, "connection 'loop' is not the same"),
        ({"rate": 6}, "number 1 of its sources is not the same"),
        ({"more": True}, "had no population 'more'"),
    ]
    for change, words in cases:
        with pytest.raises(CheckpointError, match=words):
            made(**change).restore(path)
    with pytest.raises(CheckpointError, match="this one has no population 'more'"):
        made().restore(tmp_path / "more")


def test_a_file_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    net = everything()
    path = net.checkpoint(tmp_path / "state")
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    about = json.loads(head["__metadata__"]["spikeloom"])
    about["format"] = FORMAT + 1
    head["__metadata__"]["spikeloom"] = json.dumps(about)
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    with pytest.raises(CheckpointError, match=f"format {FORMAT + 1} .* reads format {FORMAT}"):
        net.restore(path)


def test_a_refused_file_changes_nothing(tmp_path: Path) -> None:
    net, other = everything(), everything()
    other.population(1, sl.LIF(), name="more")
    with pytest.warns(sl.NetworkWarning):
        path = other.checkpoint(tmp_path / "state")
    net.run(1 * sl.ms)
    before = net._ready().state_dict()
    with pytest.raises(CheckpointError):
        net.restore(path)
    after = net._ready().state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)


def test_a_restored_branch_keeps_its_seed(tmp_path: Path) -> None:
    net = everything()
    branch = net.fork(seed=77)
    branch.set(branch.populations[0], v=sl.uniform(-60, -50) * sl.mV)
    branch.run(3 * sl.ms)
    fresh = everything()
    fresh.restore(branch.checkpoint(tmp_path / "state"))
    for each in (branch, fresh):
        each.set(each.populations[0][:5], v=sl.uniform(-60, -50) * sl.mV)
        each.run(5 * sl.ms)
    assert differing(branch._ready(), fresh._ready()) == []


def test_a_place_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    net = everything()
    with pytest.raises(sl.errors.StorageError):
        net.checkpoint(Path("/proc/none/state"))
    with pytest.raises(CheckpointError, match="cannot be read"):
        net.restore(tmp_path)
