"""The benchmark of ticks proves its sides equal before it times them."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeloom import LoihiNeuron
from spikeloom.bench import tick_networks, ticks
from spikeloom.engines.fixed.network import FixedNetwork
from spikeloom.errors import BenchmarkError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "SIZE", 100)
    monkeypatch.setattr(ticks, "STEPS", 50)
    little = tick_networks.Case("network: small", lambda: tick_networks.mixed(200), 60)
    monkeypatch.setattr(tick_networks, "CASES", (little,))


def test_a_report_of_both_sides(tmp_path: Path) -> None:
    page = StringIO()
    report = ticks.run(json=tmp_path / "ticks.json", rounds=1, console=Console(file=page))
    rows = json.loads((tmp_path / "ticks.json").read_text())["rows"]
    assert len(report.rows) == len(rows) == 4
    assert all(row["ours_ns"] > 0 for row in rows[:3])
    assert rows[3]["ours_events_per_s"] > 0 and rows[3]["ratios"]["median"] > 0
    assert "Loihi" in page.getvalue()


def test_another_neuron_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(ticks.CASES)
    cases[1] = replace(cases[1], neuron=LoihiNeuron(du=409, dv=128, vth=100, bias=31))
    monkeypatch.setattr(ticks, "CASES", tuple(cases))
    with pytest.raises(BenchmarkError, match="Loihi"):
        ticks.run(rounds=1, console=Console(file=StringIO()))


def test_events_are_spikes_times_synapses() -> None:
    plan = tick_networks.loihi(100).build()
    run = FixedNetwork(plan, 1).run(100)
    spikes = len(run.spikes[0][1])
    assert spikes and tick_networks.events_of(plan, run) == 80 * spikes


def test_another_network_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(FixedNetwork):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.set_state(0, self.state(0) + 4000)

    monkeypatch.setattr(tick_networks, "FixedNetwork", Wrong)
    with pytest.raises(BenchmarkError, match=r"small: .* same spikes"):
        ticks.run(rounds=1, console=Console(file=StringIO()))
