"""The step benchmark on tiny populations: ours against the hand-written steps in NumPy."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.bench.test_report import check_format

from spikeloom.bench import step
from spikeloom.bench.populations import POPULATIONS
from spikeloom.bench.worker import SCRIPTS
from spikeloom.compile.bind import bind
from spikeloom.engines.reference import Reference
from spikeloom.errors import ConfigError


def kernels():
    """The peers' hand-written steps, loaded as the workers load them."""
    spec = importlib.util.spec_from_file_location("step_kernels", SCRIPTS / "step_kernels.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.KERNELS


@pytest.mark.parametrize("model", list(POPULATIONS))
def test_the_peers_steps_are_the_models_own(model: str):
    population = POPULATIONS[model]
    arrays = population.arrays(50, 0)
    program = population.program()
    bound = bind(program, population.parameters(), population.dt)
    start = np.stack([arrays[name] for name in program.states])
    inputs = {n: arrays["drive"] if n == population.input else None for n in program.inputs}
    run = Reference().simulate(program, bound.coefs, start, 60, inputs, record=program.states)

    kernel = kernels()[model]
    update = kernel.make(population.parameters(), population.dt, np.float64, numpy=True)
    states = [arrays[name] for name in kernel.states]
    spikes = 0
    for t in range(60):
        *states, fired = update(*states, arrays.get("drive"))
        spikes += int(fired.sum())
        for name, value in zip(kernel.states, states, strict=True):
            np.testing.assert_allclose(run.traces[name][t], value, rtol=1e-9, atol=1e-9)
    assert spikes == len(run.spike_ids)


def test_without_peers_our_side_is_still_measured(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "step.json"
    step.run(
        json=file, models=["CUBA-LIF"], sizes=(63,), dtypes=("float32",), rounds=1, work=5000,
        threads=1,
    )  # fmt: skip
    data = json.loads(file.read_text())
    check_format(data)
    row = data["rows"][0]
    assert row["ours_ns"] > 0
    assert row["case"] == "CUBA-LIF 63 float32"
    assert "make bench-peers" in capsys.readouterr().out


def test_unknown_names_are_suggested():
    with pytest.raises(ConfigError, match="AdeX") as caught:
        step.run(models=["AdeX"])
    assert "AdEx" in str(caught.value)
    with pytest.raises(ConfigError, match="brain2"):
        step.run(["brain2"])
