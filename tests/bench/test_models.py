"""The benchmark of all models: what is told to Brian2 is what we compute."""

from __future__ import annotations

import json
import math
import re
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tests.bench.test_report import check_format

from spikeloom import DiffusionLIF, HodgkinHuxley, Izhikevich, Refractory, ms
from spikeloom.bench import models
from spikeloom.bench.models import job
from spikeloom.bench.models.agree import agree
from spikeloom.bench.models.brian_text import brian_text
from spikeloom.bench.models.floor import floor_ns, instructions
from spikeloom.bench.models.populations import DT, Population, populations
from spikeloom.bench.models.table import markdown, reached, show
from spikeloom.bench.report import Report, Row
from spikeloom.compile.bind import bind
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.errors import BenchmarkError, ConfigError
from spikeloom.lab.vector_field import vector_field

ALL = populations()
WORDS = {
    "arctan": np.arctan,
    "exprel": lambda x: np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x)),
    "int": lambda x: np.asarray(x, float),
    **{name: getattr(np, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "abs", "sign",
        "tanh", "sinh", "cosh", "sin", "cos", "floor", "ceil")},
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n, p in ALL.items() if not p.neuron.definition.noises])
def test_the_text_gives_the_rates_of_the_model(name: str):
    each = ALL[name]
    told = each.brian()
    states = [s.name for s in each.neuron.definition.states]
    random = np.random.default_rng(3)
    start = bind(each.program, numbers(each.neuron), DT).start
    points = {n: float(start[n]) + random.uniform(0.01, 0.9, 20) for n in states}
    drive = 0.75
    given = {i.name: drive if i.name == each.drive else 0.0 for i in each.neuron.definition.inputs}
    field = vector_field("test", each.neuron, given, all_states=True)
    expected = field(np.stack([points[n] for n in field.states], -1))
    known = {f"s_{n}": x for n, x in points.items()} | dict(told.parameters)
    known |= {f"d_{each.drive}": drive}
    lines = dict(re.findall(r"^ds_(\w+)/dt = (.*)/ms : 1$", told.equations, re.M))
    assert list(lines) == states
    for i, state in enumerate(field.states):
        made = arithmetic(lines[state], known)
        np.testing.assert_allclose(np.broadcast_to(made, 20), expected[:, i], rtol=1e-9, atol=1e-12)


def arithmetic(text: str, known: dict[str, object]):
    """The value of a translated expression; the text is our own, made a line above."""
    return eval(text, {"__builtins__": {}}, {**WORDS, **known})


def test_brian_counts_a_rise_once_and_resets_from_the_state_before():
    hh = brian_text(HodgkinHuxley(), "exponential_euler", "I")
    assert hh.rising and hh.threshold == "(s_v >= p_theta)" and hh.reset == ""
    izhikevich = brian_text(Izhikevich(), "rk4", "I")
    assert not izhikevich.rising
    assert izhikevich.reset == "n_v = p_c; n_u = (s_u + p_d); s_v = n_v; s_u = n_u"
    assert "xi_xi*ms**0.5" in brian_text(DiffusionLIF(), "euler", "I").equations


def test_what_has_no_translation_says_so():
    with pytest.raises(BenchmarkError, match="has no translation for Brian2"):
        brian_text(Refractory(HodgkinHuxley(), 2 * ms), "rk4", "I")


@pytest.mark.parametrize("name", ["LIF", "HodgkinHuxley", "EscapeLIF", "MorrisLecar"])
def test_the_drive_makes_it_fire(name: str):
    each = ALL[name]
    drives = each.currents(30, 0)
    assert drives.min() * 2 >= drives.max() > drives.min() > 0
    bound = bind(each.program, numbers(each.neuron), DT)
    start = np.stack([np.full(30, bound.start[n]) for n in each.program.states])
    if each.stochastic:
        return
    found = Reference().simulate(
        each.program, bound.coefs, start, math.ceil(100 / DT), {each.drive: drives}
    )
    assert found.spike_ids is not None and len(set(found.spike_ids)) == 30


def test_what_fires_in_every_step_is_driven_less():
    low, high = (f(ALL["SRM0"].currents(1000, 0)) for f in (np.min, np.max))
    assert 0.2 < low < high < 0.3  # from 0.3 nA on one after-potential does not reach below theta


def test_a_neuron_without_a_drive_starts_just_after_an_impulse():
    each = ALL["CubaLIF"]
    assert each.drive is None and each.impulse == "x"
    start = each.starts(50, 0)
    assert start["i"].min() > 0 and len(set(start["i"])) == 50
    bound = bind(each.program, numbers(each.neuron), DT)
    found = Reference().simulate(
        each.program, bound.coefs, np.stack([start[n] for n in each.program.states]), 2000, {}
    )
    assert np.bincount(found.spike_ids, minlength=50).min() >= 3
    assert set(ALL["LIF"].starts(3, 0)["v"]) == {-65.0}


def test_without_peers_our_side_is_still_measured(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "models.json"
    models.run(json=file, case=("LIF", "ThetaNeuron"), dtypes=("float32",), rounds=2, size=63,
               steps=50, threads=2)  # fmt: skip
    report = json.loads(file.read_text())
    check_format(report)
    cases = [(row["case"], row["threads"], row["clock"]) for row in report["rows"]]
    assert cases == [
        ("LIF float32, 1 thread", 1, "processor"),
        ("ThetaNeuron float32, 1 thread", 1, "processor"),
        ("LIF float32, 2 threads", 2, "wall"),
        ("ThetaNeuron float32, 2 threads", 2, "wall"),
    ]
    assert all(row["ours_ns"] > 0 and row["floor_ns"] > 0 for row in report["rows"])


def planted(counts: Any, theirs: Any, name: str = "LIF", **states: Any):
    mine = {f"{name}:counts": np.array(counts), f"{name}.v": np.ones(len(counts))}
    other = {f"{name}:counts": np.array(theirs), f"{name}.v": np.ones(len(counts)), **states}
    return agree(name, mine, other, "float64", stochastic=ALL[name].stochastic).apart


def test_it_refuses_to_time_different_things():
    many = np.full(100, 4)
    assert planted(many, many) == 0.0
    with pytest.raises(BenchmarkError, match="400 and 399 spikes"):
        planted(many, np.r_[many[1:], 3])
    with pytest.raises(BenchmarkError, match=r"LIF\.v differs"):
        planted(many, many, **{"LIF.v": np.full(100, 1 + 1e-6)})
    assert planted(many, many + (np.arange(100) % 10 == 0), "EscapeLIF") is None
    with pytest.raises(BenchmarkError, match="400 and 600 spikes"):
        planted(many, many + 2, "EscapeLIF")


def test_in_float32_each_side_is_measured_by_float64():
    true = np.linspace(1.0, 2.0, 1000)

    def found(ours: float, theirs: float):
        mine = {"GLIF.v": true * (1 + ours), "true:GLIF.v": true}
        return agree("GLIF", mine, {"GLIF.v": true * (1 + theirs)}, "float32")

    made = found(1e-6, 3e-4)
    assert made.off is not None
    assert made.off["ours"] == pytest.approx(1e-6, rel=1e-2)
    assert made.off["brian2"] == pytest.approx(3e-4, rel=1e-2)
    assert made.apart == pytest.approx(6e-4, rel=1e-2)
    for ours, theirs in ((3e-4, 1e-6), (1e-6, 3e-3)):
        with pytest.raises(BenchmarkError, match=r"GLIF\.v differs"):
            found(ours, theirs)


def a_row(dtype: str, ratio: float, theirs: float, threads: int = 1, model: str = "LIF") -> Row:
    extra = {"model": model, "dtype": dtype, "threads": threads, "clock": "processor",
             "method": "Exact", "ours_ns": theirs / ratio, "peers_ns": {"brian2": theirs},
             "peers_way": {"brian2": "serial"}, "floor_ns": 1.0,
             "ratios": {"brian2": {"median": ratio, "low": ratio, "high": ratio}}}  # fmt: skip
    return Row(f"{model} {dtype}", 1.0, {"brian2": ratio}, 0.0, extra=extra)


def test_the_last_lines_count_what_is_reached_and_what_the_floor_allows():
    rows = [a_row("float32", 4.0, 9.0), a_row("float32", 3.9, 3.0), a_row("float64", 5.0, 8.0, 2),
            a_row("float64", 1.9, 8.0, model="axon")]  # fmt: skip
    assert reached(rows, 3) == [
        "4 times Brian2 is reached, 1 thread: float32 1 of 3 (1 have Brian2 below 4 floors).",
        "4 times Brian2 is reached, 2 threads: float64 1 of 3 (0 have Brian2 below 4 floors).",
        "2 times the best peer, axon float64: not reached (1.9, brian2).",
    ]
    page = StringIO()
    report = Report("models", {}, tuple(rows), ("a note",))
    show(report, Console(file=page, width=80))
    for piece in ("float64, 2 threads", "4.0 (4.0-4.0)", "2.2, 9.0", "a note", "axon"):
        assert piece in page.getvalue()
    table = markdown(report.to_dict())
    assert "| `LIF` | Exact |" in table and "| not timed |" in table and "- a note" in table


def test_the_floor_counts_what_a_step_repeats():
    count = instructions(ALL["LeakyIntegrator"].program, "float64")
    assert 1 <= count.products < count.total <= 4
    heavy = instructions(ALL["HodgkinHuxley"].program, "float64")
    assert heavy.total > 50 * count.total
    assert floor_ns(heavy, "float64", 2) == pytest.approx(floor_ns(heavy, "float64") / 2)
    assert floor_ns(heavy, "float64") > floor_ns(count, "float64") > 0


def test_threads_that_are_of_use_to_no_model_are_left_out():
    one = {"LIF": [1.0, 1.0], "AdEx": [4.0, 4.0]}
    assert job._worth({"LIF": [9.0, 9.0], "AdEx": [3.0, 6.0]}, one)
    assert not job._worth({"LIF": [9.0, 9.0], "AdEx": [6.1, 2.0]}, one)


@pytest.mark.peers
def test_brian_takes_the_same_steps_in_every_way():
    made = models.run(("brian2",), case=("CubaLIF", "HodgkinHuxley", "ProbabilisticLIF"), rounds=1,
                      size=200, steps=400, threads=2, dtypes=("float32",),
                      console=Console(file=StringIO()))  # fmt: skip
    assert len(made.rows) == 6
    for row in made.rows:
        assert set(row.peers) == {"brian2"} and row.extra["ratios"]["brian2"]["median"] > 0


def test_unknown_words_are_answered(tmp_path: Path):
    with pytest.raises(ConfigError, match="no model 'LIFE'") as error:
        models.run(case=("LIFE",))
    assert "LIF" in str(error.value.hint)
    with pytest.raises(ConfigError, match="no peer 'nest'"):
        models.run(["nest"], case=("LIF",))
    assert isinstance(ALL["LIF"], Population)
