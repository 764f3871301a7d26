"""The benchmark of the axon: our side alone, and what it refuses to report."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from spikeloom.bench import axon
from spikeloom.errors import BenchmarkError, ConfigError


def course(delay: float, late: float) -> np.ndarray:
    """Potentials at two places that rise through 0 mV at these times."""
    t = np.arange(1501) * axon.DT
    return np.stack([30 * np.tanh(t - delay), 30 * np.tanh(t - late)], axis=1)


def test_our_side_alone(tmp_path: Path) -> None:
    page, to = StringIO(), tmp_path / "axon.json"
    axon.run((), json=to, rounds=1, dtypes=("float64",), compartments=150,
             console=Console(file=page))  # fmt: skip
    (row,) = json.loads(to.read_text())["rows"]
    assert row["speed_m_s"]["ours, float64"] == pytest.approx(12.3, rel=5e-3)
    assert row["off_ms"]["ours, float64"] < 2e-3
    assert row["ours_ns"] > 0 and "axon, 150" in page.getvalue()


def test_what_differs_is_not_timed() -> None:
    truth = course(4.0, 7.25)
    peer = "neuron, rates computed"
    off = {"ours, float64": 0.0, peer: 0.0}
    assert axon._agree("ours, float64", {"ours, float64": truth, peer: truth}, [peer], off) == 0
    for other, words in (
        (course(4.0, 7.5), "times as fast"),
        (course(4.0, 7.2501), "do not compute the same"),
        (course(4.0, 7.25)[:, :1].repeat(2, axis=1) - 40, "action potential"),
    ):
        with pytest.raises(BenchmarkError, match=words):
            axon._agree("ours, float64", {"ours, float64": truth, peer: other}, [peer], off)
    rough = {"ours, float64": 0.01, peer: 0.005}
    with pytest.raises(BenchmarkError, match="rough"):
        axon._agree("ours, float64", {"ours, float64": truth, peer: truth}, [peer], rough)


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(ConfigError, match="no peer"):
        axon.run(("genesis",))


@pytest.mark.peers
def test_neuron_takes_the_same_steps() -> None:
    report = axon.run(("neuron",), rounds=1, compartments=200, console=Console(file=StringIO()))
    double, single = report.rows
    assert set(double.peers) == set(axon.NEURON.values())
    assert double.max_abs_error is not None and double.max_abs_error < 1e-9
    assert single.max_abs_error is not None and single.max_abs_error < 0.02
