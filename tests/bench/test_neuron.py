"""The neuron benchmark on tiny cases: format, refusal, our real side. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench.conftest import FAULTS
from tests.bench.test_report import check_format

from spikeloom.bench import neuron
from spikeloom.bench.contest import Side, fastest
from spikeloom.errors import BenchmarkError, ConfigError

CASE = (12, 2, 40)


def measure(ours: Side, *peers: Side):
    return neuron._row(CASE, ours, peers, 1, 2, 0, lambda _: None)


def test_two_right_sides_give_a_row(lif_side):
    row = measure(lif_side(), lif_side(name="peer"))
    assert row.max_abs_error is not None
    assert row.ratio_to_best_peer is not None
    assert row.extra["copy_s"] > 0
    assert set(row.peers) == set(row.peers_peak_mb) == {"peer"}


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "none"])
def test_a_planted_fault_is_refused(lif_side, fault: str):
    with pytest.raises(BenchmarkError, match="ours and peer"):
        measure(lif_side(), lif_side(fault, name="peer"))


def test_without_peers_our_side_is_still_measured(lif_side, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "neuron.json"
    report = neuron.run(cases=(CASE,), rounds=1, threads=1, json=file, ours=lif_side())
    data = json.loads(file.read_text())
    check_format(data)
    assert data == json.loads(json.dumps(report.to_dict()))
    assert data["rows"][0]["peers"] == {}
    assert "make bench-peers" in capsys.readouterr().out


def test_an_unknown_peer_is_named():
    with pytest.raises(ConfigError, match="snntorhc") as caught:
        neuron.run(["snntorhc"])
    assert "snntorch" in str(caught.value)


def test_a_way_that_fails_is_left_out_and_the_rest_goes_on(tmp_path: Path, lif_side):
    broken = lif_side(name="half").script
    text = Path(broken).read_text()
    Path(broken).write_text(
        "import json, sys\nif json.loads(sys.argv[1])['variant'] == 'b': 1 / 0\n" + text
    )
    told = neuron._inputs(tmp_path, CASE, 0)
    choice = fastest(Side("half", broken, None, ("a", "b")), threads=1, **told)
    assert choice.variant == "a"
    assert "ZeroDivisionError" in str(choice.tried["b, kept"])
    with pytest.raises(BenchmarkError, match="no way"):
        fastest(Side("half", broken, None, ("b", "b")), threads=1, **told)


def test_our_layer_computes_what_the_peers_do(lif_side):
    """The real worker of our side against the formulas in NumPy."""
    pytest.importorskip("torch")
    row = measure(neuron.OURS, lif_side(name="formulas"))
    assert row.max_abs_error is not None
