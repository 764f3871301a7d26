"""The benchmark of all models: what is told to Brian2 is what we compute."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bench.test_report import check_format

from spikeloom import DiffusionLIF, HodgkinHuxley, Izhikevich, Refractory, ms
from spikeloom.bench import models
from spikeloom.bench.models import job
from spikeloom.bench.models.brian_text import brian_text
from spikeloom.bench.models.populations import DT, Population, populations
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


def test_without_peers_our_side_is_still_measured(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "models.json"
    models.run(json=file, case=("LIF", "ThetaNeuron"), dtypes=("float32",), rounds=2, size=63,
               steps=50)  # fmt: skip
    report = json.loads(file.read_text())
    check_format(report)
    assert [row["case"] for row in report["rows"]] == ["LIF float32", "ThetaNeuron float32"]
    assert all(row["ours_ns"] > 0 for row in report["rows"])


def planted(counts: Any, theirs: Any, name: str = "LIF", **states: Any):
    mine = {f"{name}:counts": np.array(counts), f"{name}.v": np.ones(len(counts))}
    other = {f"{name}:counts": np.array(theirs), f"{name}.v": np.ones(len(counts)), **states}
    return job._agree(name, ALL[name], {"ours": mine, "brian2": other}, "float64")


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


def test_unknown_words_are_answered(tmp_path: Path):
    with pytest.raises(ConfigError, match="no model 'LIFE'") as error:
        models.run(case=("LIFE",))
    assert "LIF" in str(error.value.hint)
    with pytest.raises(ConfigError, match="no peer 'nest'"):
        models.run(["nest"], case=("LIF",))
    assert isinstance(ALL["LIF"], Population)
