"""The training benchmark on tiny cases: equality, refusal, targets. No time is asserted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.bench.test_report import check_format

from spikeloom.bench import train, worker
from spikeloom.bench.contest import Side
from spikeloom.bench.machine import TRAIN_PEERS, peer_python
from spikeloom.errors import BenchmarkError, ConfigError

STAND_IN = """
import sys
sys.path.insert(0, {workers!r})
import loop, numpy as np

SPEC = loop.config()
DATA = dict(np.load(SPEC["data"]))

def prove(to):
    names = [n for n in DATA if "." in n]
    np.savez(to, **{{n: DATA[n] * {factor} for n in names}})

work = lambda: {work}
loop.serve({{"prepare": work, "prove": prove, "peak": lambda: {peak}, "time": work,
            "convolutions": work, "used": work}})
"""
CASE = replace(
    train.CASES["mnist-fc"].smaller(3, 4),
    layers=(("flat",), ("linear", 12, 6), ("lif",), ("linear", 6, 3), ("lif",)),
    shape=(1, 3, 4),
    classes=3,
)


@pytest.fixture
def side(tmp_path: Path):
    """A stand-in that takes as long and as much as it is told."""

    def make(name: str, work: float = 1.0, peak: float = 1.0, factor: float = 1.0) -> Side:
        script = tmp_path / f"{name}.py"
        told = {"workers": str(worker.SCRIPTS), "factor": factor, "work": work, "peak": peak}
        script.write_text(STAND_IN.format(**told))
        return Side(name, script)

    return make


def measure(ours: Side, *peers: Side, case: train.Case = CASE, file: Path | None = None):
    return train.run(cases=(case,), ours=ours, peers=peers, threads=1, rounds=3, json=file)


def test_ratios_are_to_the_fastest_peer_and_judged(side, tmp_path: Path):
    case = replace(CASE, memory_steps=32)
    file = tmp_path / "train.json"
    peers = side("quick", 3.0, 40.0), side("slow", 9.0, 4.0)
    measure(side("ours", 1.0, 10.0), *peers, case=case, file=file)
    data = json.loads(file.read_text())
    check_format(data)
    speed, memory = data["rows"]
    assert speed["speed_ratio"] == speed["ratio_to_best_peer"] == 3.0
    assert speed["cpu_ratio"] == 3.0 and speed["cpu_s"] == {"ours": 1.0, "quick": 3.0, "slow": 9.0}
    assert speed["samples_per_s"] == {"ours": 4.0, "quick": 4 / 3, "slow": 4 / 9}
    assert memory["memory_share"] == memory["memory_ratio_to_best_peer"] == 0.25
    assert [t["verdict"] for t in speed["targets"]] == ["not reached"]
    assert [t["verdict"] for t in memory["targets"]] == ["reached"]


def test_a_wrong_gradient_is_refused(side):
    with pytest.raises(BenchmarkError, match="do not compute the same thing"):
        measure(side("ours"), side("peer", factor=1.001))


def test_unknown_names_are_told():
    with pytest.raises(ConfigError, match="mnist-con'"):
        train.run(("mnist-con",))
    with pytest.raises(ConfigError, match="snntorhc"):
        train.run(against=("snntorhc",))


@pytest.mark.parametrize("name", list(train.CASES))
def test_every_weight_has_the_shape_of_its_layer(name: str):
    case = train.CASES[name].smaller(2, 3)
    found = case.arrays(2)
    assert found["x"].shape == ((3,) if case.rate is None else (2, 3)) + case.shape
    assert set(found["labels"]) <= set(range(case.classes))
    again = case.arrays(2)
    assert all(np.array_equal(found[key], again[key]) for key in found)


@pytest.mark.parametrize(("name", "recipe"), [("mnist-conv", "MNIST_CONV"), ("fsdd", "FSDD_CONV")])
def test_convolutional_cases_are_the_networks_of_the_recipes(name: str, recipe: str):
    from spikeloom.train.recipes import fsdd, mnist
    from spikeloom.train.recipes.architectures import Neurons

    told = getattr(mnist, recipe, None) or getattr(fsdd, recipe)
    neurons = Neurons(told.neuron, told.output, told.surrogate, told.dt)
    case = train.CASES[name]
    net = told.model.build(case.shape[1:], case.classes, neurons)
    wanted = [tuple(p.shape) for p in net.parameters()]
    assert [v.shape for k, v in case.arrays(1).items() if "." in k] == wanted
    assert (case.batch, case.steps) == (told.batch_size, told.encode.steps)


def test_our_worker_runs_every_kind_of_layer():
    layers = (
        ("conv", 1, 2, 3), ("pool", 2), ("norm", 2), ("lif",),
        ("flat",), ("linear", 8, 5), ("recurrent", 5), ("linear", 5, 3), ("lif",),
    )  # fmt: skip
    case = replace(CASE, layers=layers, shape=(1, 4, 4), memory_steps=2)
    report = measure(train.job.OURS, case=case)
    assert report.rows[0].extra["convolutions_s"] > 0
    assert report.rows[1].ours_peak_mb is not None


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("name", list(train.CASES))
def test_every_peer_computes_the_same(name: str):
    python = peer_python(TRAIN_PEERS)
    if python is None:
        pytest.skip("no peers here: make bench-peers")
    case = train.CASES[name].smaller(5, 8)
    sides = [Side(peer, "peer_train.py", python, ("eager",)) for peer in train.PEERS]
    report = measure(train.job.OURS, *sides, case=case)
    assert report.rows[0].max_abs_error is not None
    assert set(report.rows[0].peers) == set(train.PEERS)
