"""The network benchmark with stand-ins for its sides: proof, refusal, format. No time asserted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.bench.test_report import check_format

from spikeloom.bench import network
from spikeloom.bench.machine import SIM_PEERS, peer_python
from spikeloom.bench.network.agree import Activity, agree
from spikeloom.bench.network.cases import CASES, cuba, microcircuit, power_law, quiet, sparse
from spikeloom.bench.network.job import LEAST
from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import Side, ours, peer
from spikeloom.bench.network.spec import Spec
from spikeloom.bench.network.targets import TARGETS, Target, judged
from spikeloom.bench.network.twins import twins
from spikeloom.bench.report import Row
from spikeloom.bench.worker import SCRIPTS
from spikeloom.errors import BenchmarkError, ConfigError

STUB = """
import sys
sys.path.insert(0, {workers!r})
import loop
import numpy as np

SPEC = loop.config()
RATE = {what!r}.get("rate", 5.6)
SIZES = {{c["name"]: c["size"] for c in SPEC["spec"]["cells"]}}

def prove(ms, to):
    random = np.random.default_rng(1)
    found = {{}}
    for name, size in SIZES.items():
        count = int(RATE * size * ms / 1000)
        found["times:" + name] = np.sort(random.uniform(0.1, ms, count))
        found["ids:" + name] = random.integers(0, size, count)
    np.savez(to, **found)
    return {{"s": 0.5}}

def prepare():
    if SPEC["variant"] == "broken":
        raise ValueError("no such way")
    number = SPEC["spec"]["wires"][0]["number"] * sum(SIZES.values()) ** 2
    return {{"build_s": 1.0, "construct_s": 0.25, "version": "stub 1",
            "synapses": round(number)}}

took = {{"fast": 0.25, "slow": 0.75}}.get(SPEC["variant"], 0.5)
loop.serve({{"prepare": prepare, "prove": prove,
            "time": lambda ms: {{"s": took, "cpu_s": took, "spikes": 10}},
            "memory": lambda: {{"network_mb": 64.0, "peak_mb": 128.0}}}})
"""


@pytest.fixture
def stubs(tmp_path: Path) -> Callable[..., Callable[[str], Side]]:
    """Stand-ins by what is wrong with each side; several variants where asked for."""

    def make(variants: tuple[str, ...] = ("slow", "fast"), **wrong: dict) -> Callable[[str], Side]:
        def side(name: str) -> Side:
            script = tmp_path / f"{name}.py".replace(" ", "-")
            script.write_text(STUB.format(workers=str(SCRIPTS), what=wrong.get(name, {})))
            own = (name.split()[-1],) if name.startswith("ours") else variants
            return Side(name, script, None, own)

        return side

    return make


def measure(sides: Callable[[str], Side], tmp_path: Path, **options):
    defaults = {"case": ["cuba"], "rounds": 2, "scale": 0.5, "dtypes": ("float32",)}
    return network.run(sides=sides, **{**defaults, **options}, console=Console(quiet=True))


def test_a_report_has_run_construction_and_whole_job(stubs, tmp_path: Path):
    file = tmp_path / "network.json"
    report = measure(stubs(), tmp_path, json=file)
    data = json.loads(file.read_text())
    check_format(data)
    assert data == json.loads(json.dumps(report.to_dict()))
    run, construction, cold = data["rows"]
    assert [row["case"] for row in data["rows"]] == [
        "cuba, float32", "cuba, construction, float32", "cuba, whole job cold, float32",
    ]  # fmt: skip
    assert run["ours_s"] == 0.5  # seconds of a simulated second
    assert run["peers"] == {"brian2": 0.25, "nest": 0.25}
    assert run["ratios"]["nest"]["median"] == 0.5
    assert run["peers_way"] == {"brian2": "fast", "nest": "fast"}
    assert run["tried"]["nest"] == {"slow": 0.75, "fast": 0.25}
    assert run["same_spikes"] == {"sides": ["brian2", "nest"], "spikes": 280}
    assert construction["ours_s"] == 0.25
    assert set(cold["peers"]) == {"brian2", "nest"}
    events = run["activity"]["ours float32"]["rate"] * 2000 * 80  # of each neuron
    assert run["events_per_s_core"]["ours float32"] == pytest.approx(events / 0.5, rel=0.02)


def test_a_side_that_differs_is_refused(stubs, tmp_path: Path):
    with pytest.raises(BenchmarkError, match=r"agree to 30 %: ours float32 5\.6 Hz"):
        measure(stubs(("fast",), nest={"rate": 8.5}), tmp_path, against=["nest"], case=["coba"])


def test_a_twin_that_fires_another_spike_is_refused(stubs, tmp_path: Path):
    with pytest.raises(BenchmarkError, match=r"spikes of ours float64 and nest differ; the first"):
        measure(stubs(("fast",), nest={"rate": 5.7}), tmp_path, against=["nest"])


def test_a_silent_twin_proves_nothing(stubs, tmp_path: Path):
    silent = {name: {"rate": 0.0} for name in ("ours float64", "nest")}
    with pytest.raises(BenchmarkError, match="nothing fires"):
        measure(stubs(("fast",), **silent), tmp_path, against=["nest"])


GOOD = Activity({"exc": 5.5, "inh": 6.0}, 5.6, 0.9, 320_000, 0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate": 4.4}, "rates do not agree"),
        ({"rate": 0.0}, "rates do not agree"),
        ({"rate": float("nan")}, "rates do not agree"),
        ({"synapses": 323_000}, "323,000 synapses instead of about 320,000"),
        ({"cv": 0.7}, "irregular: CV ours 0.9, nest 0.7"),
        ({"weight": 0.103}, r"means ours 0\.1, nest 0\.103"),
    ],
)
def test_what_must_agree(wrong: dict, message: str):
    assert agree(cuba(), {"ours": GOOD, "nest": replace(GOOD, rate=5.0)}, 0.2) > 0.1
    with pytest.raises(BenchmarkError, match=message):
        agree(cuba(), {"ours": GOOD, "nest": replace(GOOD, **wrong)}, 0.2)


def test_a_known_rate_must_be_met_by_every_side():
    assert agree(cuba(), {"ours": GOOD}, 0.2, (5, 7)) == 0.0
    with pytest.raises(BenchmarkError, match=r"nest fires at 4\.9 Hz, known is 5 to 7 Hz"):
        agree(cuba(), {"ours": GOOD, "nest": replace(GOOD, rate=4.9)}, 0.2, (5, 7))


def test_numbers_that_are_not_random_must_be_met_exactly():
    spec = CASES["brunel"].make(1.0)
    exact = Activity({"exc": 38.0, "inh": 38.0}, 38.0, 0.4, 15_625_000)
    assert agree(spec, {"ours": exact}, 0.0) == 0.0
    with pytest.raises(BenchmarkError, match="synapses"):
        agree(spec, {"ours": replace(exact, synapses=15_624_999)}, 0.0)


@pytest.mark.parametrize("ids", [[4000], [-1]])
def test_spikes_of_neurons_that_are_not_there_are_refused(tmp_path: Path, ids: list[int]):
    path = tmp_path / "nest.npz"
    spikes = {"times:exc": [1.0], "ids:exc": ids, "times:inh": [], "ids:inh": []}
    np.savez(path, **{name: np.array(value) for name, value in spikes.items()})
    with pytest.raises(BenchmarkError, match="nest: spikes that cannot be of 'exc'"):
        Activity.read(path, cuba(), 320_000)


def test_a_way_that_fails_is_left_out(stubs, tmp_path: Path):
    options = {"against": ["nest"], "case": ["coba"]}
    report = measure(stubs(("broken", "slow")), tmp_path, **options)
    assert report.rows[0].extra["peers_way"] == {"nest": "slow"}
    assert "no such way" in report.rows[0].extra["tried"]["nest"]["broken"]
    with pytest.raises(BenchmarkError, match="no way of running"):
        measure(stubs(("broken", "broken")), tmp_path, **options)


def test_a_failing_case_does_not_take_the_others_along(stubs, tmp_path: Path):
    file = tmp_path / "network.json"
    many = {name: {"rate": 40.0} for name in ("ours float32", "ours float64", "nest")}
    with pytest.raises(BenchmarkError, match="1 of 2 cases failed: coba"):
        options = {"case": ["cobahh", "coba"], "scale": 1.0, "rounds": 1, "against": ["nest"]}
        measure(stubs(("fast",), **many), tmp_path, **options, json=file)
    data = json.loads(file.read_text())
    assert len(data["rows"]) == 2
    assert any("coba" in note and "15 to 25" in note for note in data["notes"])


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"against": ["brain2"]}, "brian2"),
        ({"case": ["cubba"]}, "cuba"),
        ({"case": []}, "--case"),
        ({"threads": 0}, "at least 1"),
        ({"scale": -1.0}, "above 0"),
        ({"seconds": float("nan")}, "above 0"),
        ({"rounds": 0}, "at least 1"),
        ({"case": ["brunel"], "scale": 0.01}, "smallest scale is 0.11"),
    ],
)
def test_what_does_not_exist_is_refused_first(options: dict, near: str):
    with pytest.raises(ConfigError) as caught:
        network.run(**options)
    assert near in str(caught.value)


def test_our_side_runs_every_model(tmp_path: Path):
    """The real worker of our side, with the real specs at a small scale; no peers."""
    scales = {"cuba": 0.1, "cobahh": 0.1, "brunel": 0.11, "microcircuit": 0.005}
    for name, scale in scales.items():
        spec = replace(CASES[name].make(scale), settle=5.0, stretch=10.0)
        side = ours("float32")
        with side.start(spec, "float32", 1) as worker:
            told = worker.ask("prepare")
            worker.ask("prove", ms=10.0, to=str(tmp_path / "spikes.npz"))
            assert worker.ask("time", ms=10.0)["s"] > 0
            assert worker.ask("memory")["peak_mb"] > 0
        activity = Activity.read(tmp_path / "spikes.npz", spec, told["synapses"])
        agree(spec, {"ours": activity}, 0.0, (0.1, 400))


@pytest.mark.peers
@pytest.mark.parametrize("case", [name for name in CASES if CASES[name].exact])
def test_twins_of_the_real_sides_fire_the_same_spikes(case: str):
    python = peer_python(SIM_PEERS)
    assert python is not None, "make bench-peers"
    known, lines = CASES[case], []
    sides = [ours("float64"), *(peer(name, python, 1) for name in known.exact)]
    assert twins(known.make(known.twin), sides, 1, Pace(lines.append, case)) > 100


def test_specs_have_the_published_sizes():
    assert cuba().neurons == 4000 and cuba().synapses == pytest.approx(320_000)
    assert cuba(250).synapses / cuba(250).neurons == pytest.approx(80)
    brunel = CASES["brunel"].make(1.0)
    assert (brunel.neurons, brunel.synapses) == (12_500, 15_625_000)
    learning = CASES["brunel-stdp"].make(1.0)
    assert learning.synapses == brunel.synapses
    assert [w.learning for w in learning.wires] == [True, False, False]
    full = microcircuit(1.0)
    assert full.neurons == 77_169
    assert full.synapses == pytest.approx(298_880_969, abs=64)
    assert sparse(1_000_000, 1000).synapses == pytest.approx(1e9)
    assert quiet(1000, 0.1, "few").synapses == pytest.approx(100)


def test_a_smaller_column_keeps_its_mean_input():
    """Recurrent, external and constant input together, per neuron, at the published rates."""
    from spikeloom.network.library.microcircuit import NAMES as layers
    from spikeloom.network.library.microcircuit import RATES

    def mean(spec: Spec, layer: str) -> float:
        tau, rates = 0.5e-3, dict(zip(layers, RATES, strict=True))
        cells = next(c for c in spec.cells if c.name == layer)
        recurrent = sum(
            spec.expected(w) / cells.size * w.weight * rates[w.source]
            for w in spec.wires if w.target == (layer,)
        )  # fmt: skip
        noise = sum(n.sources * n.rate * n.weight for n in spec.noise if n.target == (layer,))
        return (recurrent + noise) * tau + cells.values["I"]

    for layer in layers:
        whole = mean(microcircuit(1.0), layer)
        assert mean(microcircuit(0.2), layer) == pytest.approx(whole, rel=1e-2)


def test_the_power_law_is_that_of_the_paper_in_other_units():
    rule, weight = power_law(45.6096), 45.6096
    up = weight + rule.lambda_ * weight**rule.mu * np.exp(-10 / rule.tau_plus)
    assert up == pytest.approx(45.846243, abs=1e-6)
    small = power_law(0.1)
    small_up = 0.1 + small.lambda_ * 0.1**small.mu * np.exp(-10 / small.tau_plus)
    assert small_up / 0.1 == pytest.approx(up / weight)
    assert small.lambda_ * small.alpha == pytest.approx(rule.lambda_ * rule.alpha)


def test_targets_are_judged_both_ways():
    less = Target("a", "GB", 1.0, "gb", more=False)
    more = Target("a", "times", 2.0, "nest")
    row = Row("a", 1.0, {"nest": 3.0}, extra={"gb": 1.5})
    assert [t["verdict"] for t in judged([row], [less, more])] == ["not reached", "reached"]
    assert judged([replace(row, case="b")], [less, more]) == []
    assert less.judge(float("nan")) == more.judge(float("nan")) == "not reached"
    assert {t.row.split(",")[0] for t in TARGETS} <= {*network.NAMES, "brunel-stdp"}
    assert set(LEAST) == set(network.NAMES)
