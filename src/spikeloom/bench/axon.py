"""``spikeloom bench axon``: an axon of 1,000 compartments beside NEURON and Brian2.

The squid axon of Hodgkin and Huxley, 12 cm at 6.3 °C, kicked at its beginning, on one thread. All
sides have the same compartments, steps and channels. Before any time is reported the potentials at
two places must agree: with NEURON that computes its rates to rounding, with the others in the speed
of the action potential; and the time of arrival must be as near to that of much finer steps as the
peer's is, or within 2 µs, so that nobody is fast by being rough.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.compare import same
from spikeloom.bench.contest import Side, start
from spikeloom.bench.machine import SIM_PEERS, describe, peer_python
from spikeloom.bench.opening import check_names, finish
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import medians, ratios, take_turns
from spikeloom.bench.worker import Worker
from spikeloom.errors import BenchmarkError

Array = np.ndarray[Any, np.dtype[Any]]
NEURON_PEERS = ".venv-peers-neuron"
PEERS = ("neuron", "brian2")
COMPARTMENTS, DT, DURATION = 1000, 0.01, 15.0
TRUE = 8
"""The arrivals that errors are counted from have steps so many times shorter."""
SPEED = 5e-3
"""By how much the speeds of the action potential may differ."""
ROUNDING = 1e-9
"""By how much of its range the potential may differ from that of the same method."""
NEAR = 2e-3
"""An arrival that is no farther off, in ms, is near enough, however lucky a peer may be: what the
tables of NEURON are wrong by happens to make up for most of what dt is."""
FINER = 5
"""Brian2 is of first order in time: with steps so many times shorter it arrives about as near."""
ROUGH = "brian2, same dt"
"""Shown, but not in the contest: its arrival is some twenty times as far off as the others'."""
NEURON = {"tables": "neuron", "exact": "neuron, rates computed", "core": "coreneuron"}
NOTES = (
    "error = largest difference of the potential from NEURON with computed rates, in mV.",
    "neuron: `hh` as it comes, with tables of its rates; Crank-Nicolson everywhere but in Brian2, "
    f"whose SpatialNeuron is of first order in time: for equal accuracy it needs dt / {FINER}.",
    "times are processor time of one thread, as Brian2 counts its own: a busy machine lengthens"
    " none of them.",
    "off = distance of the arrival at 9 cm from that of steps 8 times shorter, in ms.",
)


def run(
    against: Sequence[str] = PEERS,
    *,
    json: Path | None = None,
    rounds: int = 9,
    dtypes: Sequence[str] = ("float64", "float32"),
    compartments: int = COMPARTMENTS,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against: Peers, from `PEERS`; those that are not installed are left out.
        json: File for the figures.
        rounds: Interleaved timings of each side; the median counts.
        dtypes: Of our side; the peers have float64.
        compartments: Of the axon.
        console: Where to print.

    Raises:
        BenchmarkError: The sides do not compute the same thing.
        ConfigError: No such peer.
    """
    check_names("axon", "peer", against, PEERS)
    rows, words = measure(against, rounds=rounds, dtypes=dtypes, compartments=compartments)
    report = Report("axon", {**describe(), "threads": 1}, tuple(rows), tuple(words))
    return finish(report, json, console)


def measure(
    against: Sequence[str],
    *,
    rounds: int,
    dtypes: Sequence[str],
    compartments: int = COMPARTMENTS,
) -> tuple[list[Row], list[str]]:
    """The rows and notes of `run`, which describes the arguments."""
    spec, rows, notes = _spec(compartments), list[Row](), list(NOTES)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        workers: dict[str, Worker] = {}
        for side in _sides(against, dtypes):
            worker = start(side, "plain", str(side.config["way"]), threads=1, **spec)
            workers[side.name] = stack.enter_context(worker)
            worker.ask("prepare")
        shown = {name: _potentials(w, Path(folder) / f"{k}.npz")
                 for k, (name, w) in enumerate(workers.items())}  # fmt: skip
        fine = _potentials(workers["ours, float64"], Path(folder) / "fine.npz", finer=TRUE)
        off = {name: abs(_arrivals(v)[1] - _arrivals(fine)[1]) for name, v in shown.items()}
        peers = [name for name in workers if not name.startswith("ours")]
        errors = {d: _agree(f"ours, {d}", shown, peers, off) for d in dtypes}
        times = take_turns({n: _asked(w) for n, w in workers.items()}, rounds)
        middle = medians(times)
        for dtype in dtypes:
            ours = f"ours, {dtype}"
            each = {n: ratios(times[n], times[ours]) for n in peers}
            work = spec["steps"] * compartments
            extra = {
                **{"model": "axon", "dtype": dtype, "threads": 1, "clock": "processor"},
                "ours_ns": middle[ours] / work * 1e9,
                "peers_ns": {n: middle[n] / work * 1e9 for n in peers},
                "ratios": each,
                "off_ms": {n: off[n] for n in (ours, *peers)},
                "speed_m_s": {n: _speed(shown[n], spec) for n in (ours, *peers)},
            }
            case = f"axon, {compartments:,} compartments, {dtype}"
            seconds = {n: middle[n] for n in peers if n != ROUGH}
            rows.append(Row(case, middle[ours], seconds, errors[dtype], extra=extra))
            notes += _words(case, extra, each)
    return rows, notes


def _spec(compartments: int) -> dict[str, Any]:
    return {
        "compartments": compartments,
        "length_um": 120_000.0,
        "diameter_um": 476.0,
        "Ri": 35.4,
        "C": 1.0,
        **{"g_Na": 120.0, "g_K": 36.0, "g_L": 0.3},
        **{"E_Na": 50.0, "E_K": -77.0, "E_L": -54.387},
        "v": -64.99638,
        "dt": DT,
        "steps": round(DURATION / DT),
        "kick_nA": 20_000.0,
        "kick_ms": 0.5,
        "watch": [compartments * 5 // 12, compartments * 9 // 12],
    }


def _sides(against: Sequence[str], dtypes: Sequence[str]) -> list[Side]:
    wanted = dict.fromkeys(["float64", *dtypes])
    sides = [Side(f"ours, {d}", "ours_axon.py", config={"dtype": d, "way": ""}) for d in wanted]
    neuron, brian = peer_python(NEURON_PEERS), peer_python(SIM_PEERS)
    if "neuron" in against and neuron is not None:
        sides += [
            Side(name, "neuron_axon.py", neuron, config={"way": way})
            for way, name in NEURON.items()
        ]
    if "brian2" in against and brian is not None:
        for name, finer in ((ROUGH, 1), (f"brian2, dt / {FINER}", FINER)):
            told = {"way": "", "finer": finer}
            sides.append(Side(name, "brian_axon.py", brian, config=told))
    return sides


def _asked(worker: Worker) -> Callable[[], float]:
    return lambda: worker.ask("time")


def _potentials(worker: Worker, to: Path, **how: Any) -> Array:
    worker.ask("prove", to=str(to), **how)
    with np.load(to) as data:
        return data["v"].astype(np.float64)


def _arrivals(v: Array) -> list[float]:
    """When the potential at each place first rises through 0 mV, in ms."""
    made: list[float] = []
    for column in v.T:
        k = np.flatnonzero((column[:-1] < 0) & (column[1:] >= 0))
        if len(k) != 1:
            raise BenchmarkError(f"bench axon: {len(k)} action potentials instead of one.")
        made.append(float(k[0] - column[k[0]] / (column[k[0] + 1] - column[k[0]])) * DT)
    return made


def _speed(v: Array, spec: dict[str, Any]) -> float:
    first, second = _arrivals(v)
    a, b = spec["watch"]
    return (b - a) / spec["compartments"] * spec["length_um"] * 1e-3 / (second - first)


def _agree(
    ours: str, shown: dict[str, Array], peers: Sequence[str], off: dict[str, float]
) -> float | None:
    """The largest difference from the peer with the same method; raises where anything differs."""
    mine, error = _arrivals(shown[ours]), None
    single = "float32" in ours
    for peer in peers:
        theirs = _arrivals(shown[peer])
        fast, slow = (1 / (b - a) for a, b in (mine, theirs))
        if abs(fast / slow - 1) > SPEED:
            raise BenchmarkError(
                f"bench axon: the action potential of {ours} is {fast / slow:.4f} times as fast"
                f" as that of {peer}; no time is reported."
            )
        if off[ours] > max(1.05 * off[peer], NEAR):
            raise BenchmarkError(
                f"bench axon: {ours} arrives {off[ours]:.2g} ms off, {peer} {off[peer]:.2g} ms:"
                " it would be fast by being rough; no time is reported."
            )
        if peer in ("neuron, rates computed", "coreneuron"):
            far = 1e-3 if single else ROUNDING
            found = same({"v": shown[ours]}, {"v": shown[peer]}, peer=peer, case="axon",
                         tolerance=far)  # fmt: skip
            error = found if error is None else max(error, found)
    return error


def _words(case: str, extra: dict[str, Any], each: dict[str, dict[str, float]]) -> list[str]:
    ns = {"ours": extra["ours_ns"], **extra["peers_ns"]}
    lines = [f"{case}: ns per compartment-step: "
             + ", ".join(f"{n} {x:.1f}" for n, x in ns.items())]  # fmt: skip
    if each:
        lines.append(
            f"{case}: times ours, round by round: "
            + ", ".join(
                f"{n} {r['median']:.1f} ({r['low']:.1f} to {r['high']:.1f})"
                for n, r in each.items()
            )
        )
    lines.append(f"{case}: off: " + ", ".join(f"{n} {x:.1e}" for n, x in extra["off_ms"].items()))
    return lines
