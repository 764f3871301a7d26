"""NeuroBench's metrics: by hand here, and equal to the package's own where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from torch import nn

import spikeloom
from spikeloom import ms
from spikeloom.bench.machine import TRAIN_PEERS, peer_python
from spikeloom.errors import ShapeError
from spikeloom.models import LIF as Model
from spikeloom.nn import LIF, Recurrent, Sequential, neurobench_metrics

HERE = Path(__file__).parent


def test_by_hand():
    net = Sequential(nn.Linear(3, 2), LIF(tau=10 * ms))
    with torch.no_grad():
        net.layers[0][1].weight.copy_(torch.tensor([[5.0, 0.0, 0.0], [50.0, 0.0, 1.0]]))
        net.layers[0][1].bias.zero_()
    x = torch.tensor([[[1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]], [[0.0, 0.5, 0.0]]])
    found = neurobench_metrics(net, x)
    fired = net(x)[0]
    assert found.connection_sparsity == 0.5
    assert found.dense == 3 * 6
    assert found.effective_acs == 2 + 1, "two weights at step 1 (one input meets zeros), one after"
    assert found.effective_macs == 0, "0.5 is no spike, but only meets weights of 0"
    assert found.activation_sparsity == pytest.approx(float((fired == 0).float().mean()))
    assert found.footprint == sum(
        t.numel() * t.element_size() for t in (*net.parameters(), *net.buffers())
    )


def test_a_potential_that_stays_is_no_update():
    net = Sequential(nn.Linear(2, 4, bias=False), LIF(tau=10 * ms))
    assert neurobench_metrics(net, torch.zeros(6, 2, 2)).membrane_updates == 4, "first step only"


def test_recurrent_weights_count():
    net = Sequential(nn.Linear(2, 4), Recurrent(Model(tau=10 * ms), features=4))
    assert neurobench_metrics(net, torch.ones(3, 2, 2)).dense == 3 * (2 * 4 + 16)


def test_bad_shapes():
    with pytest.raises(ShapeError, match="time, batch"):
        neurobench_metrics(Sequential(nn.Linear(2, 2)), torch.zeros(3, 2))
    with pytest.raises(ShapeError, match="time, batch"):
        neurobench_metrics(Sequential(nn.Linear(2, 2)), torch.zeros(3, 0, 2))


@pytest.mark.peers
def test_equal_to_the_package():
    python = peer_python(TRAIN_PEERS, Path(spikeloom.__file__).parents[2]) or peer_python(
        TRAIN_PEERS
    )
    if python is None:
        pytest.skip("make bench-peers builds the environment")
    source = str(Path(spikeloom.__file__).parents[1])
    done = subprocess.run(
        [str(python), str(HERE / "neurobench_side.py")],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(told) == {"chain", "image"}
    for case in told.values():
        for name, ours in case["ours"].items():
            assert ours == pytest.approx(case["theirs"][name], rel=1e-12, abs=0), name
        assert case["ours"]["effective_acs"] > 0
        assert 0 < case["ours"]["activation_sparsity"] < 1
