"""report.html: one run on one page that needs nothing but itself; the figures also as PNG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.files import write_file
from spikeloom.show.confusion import confusion
from spikeloom.show.curves import learning_curves
from spikeloom.show.potentials import potentials
from spikeloom.show.rasters_of_layers import rasters
from spikeloom.show.rates import firing_rates
from spikeloom.show.run import RunReport
from spikeloom.show.svg import inline_svg, png
from spikeloom.show.words import percent, points, ratio, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_report(run: RunReport, folder: str | Path) -> tuple[Path, ...]:
    """Write ``report.html`` and ``figures/*.png`` into a run folder.

    Arguments:
        run: The results.
        folder: Made if missing; files of these names are replaced.
    Returns:
        The files written, the page first.
    Raises:
        StorageError: A file cannot be written.
    """
    folder = Path(folder)
    drawn = {name: draw(run) for name, (_, _, draw) in PANELS.items()}
    page = write_file(folder / "report.html", report_page(run, drawn))
    pictures = [
        write_file(folder / "figures" / f"{name}.png", png(figure))
        for name, figure in drawn.items()
    ]
    return page, *pictures


def report_page(run: RunReport, drawn: Mapping[str, Figure]) -> str:
    """The whole page as text. Every word that comes from the run is escaped.

    Arguments:
        run: The results.
        drawn: Name of the panel to its figure.
    """
    here = files("spikeloom.show")
    sections = "\n".join(
        f'<section class="panel{" narrow" if name == "confusion" else ""}">'
        f"<h2>{escape(title)}</h2>\n<p>{escape(told(run))}</p>\n"
        f"<figure>{inline_svg(drawn[name], name, title)}</figure></section>"
        for name, (title, told, _) in PANELS.items()
    )
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(run.title),
        style=(here / "page.css").read_text(encoding="utf-8"),
        lead=escape(_lead(run)),
        cards="\n".join(_cards(run)),
        sections=sections,
        command=escape(run.command),
        config=_config(run.config) + _energy_details(run.energy.details),
        origin=escape(f"Data: {run.source}. Licence: {run.licence}."),
        made=escape(" · ".join(f"{name} {value}" for name, value in run.made_with.items())),
    )


def _lead(run: RunReport) -> str:
    ours, theirs = float(np.mean(run.test_accuracy)), float(np.mean(run.twin_test_accuracy))
    seeds = "" if len(run.seeds) == 1 else f", averaged over {len(run.seeds)} seeds"
    return (
        f"A spiking network correctly read {percent(run.test_accuracy)} of {run.test_count:,} "
        f"{run.things} it had never seen{seeds}: {points(ours, theirs)}. "
        f"Network: {run.network}. Twin: {run.twin}."
    )


def _cards(run: RunReport) -> Iterator[str]:
    ours, theirs = float(np.mean(run.test_accuracy)), float(np.mean(run.twin_test_accuracy))
    several = " (mean ± sd over seeds)" if len(run.seeds) > 1 else ""
    yield _card(
        "Test accuracy",
        percent(run.test_accuracy).replace(" ±", " <small>±").replace(" %", " %</small>")
        if several
        else percent(run.test_accuracy),
        f"Plain twin: {percent(run.twin_test_accuracy)}{several}.",
        _bars(ours, theirs, 1.0),
    )
    if run.macro_f1 is not None and run.twin_macro_f1 is not None:
        yield _card(
            "Macro-F1",
            percent(run.macro_f1),
            f"Plain twin: {percent(run.twin_macro_f1)}{several}. The mean of the F1 of the "
            "classes: each counts alike, however rare.",
            _bars(float(np.mean(run.macro_f1)), float(np.mean(run.twin_macro_f1)), 1.0),
        )
    energy = run.energy
    compared = ratio(energy.network_nj, energy.twin_nj)
    told = f" ({compared} for the spiking network)" if compared else ""
    constants = ", ".join(f"{name} {value}" for name, value in energy.constants.items())
    yield _card(
        "Energy, estimated",
        f"{short(energy.network_nj)} <small>nJ each</small>",
        f"Plain twin: {short(energy.twin_nj)} nJ{told}. "
        f"Counted: {constants} ({energy.source}). Neuron updates and memory traffic are left out."
        + (f" With them, at 8 bits: {energy.verdict}." if energy.verdict else ""),
        _bars(energy.network_nj, energy.twin_nj, max(energy.network_nj, energy.twin_nj)),
    )

    rate = f"{short(run.mean_rate_hz)} <small>Hz</small>"
    note = f"Mean over all spiking neurons and test {run.things}."
    if run.mean_decision_steps is not None:
        note += (
            f" The decision stands after {short(run.mean_decision_steps)} time steps on average."
        )
    yield _card("Firing rate", rate, note)
    yield _card(
        "Synaptic events",
        f"{short(run.synaptic_events_per_sample)} <small>each</small>",
        "Each spike counts once for every synapse it reaches.",
    )


def _card(title: str, number: str, note: str, bars: str = "") -> str:
    """A headline number; `number` and `bars` are markup of ours, the rest is text."""
    return (
        f'<div class="card"><h3>{escape(title)}</h3><div class="number">{number}</div>'
        f"{bars}<p>{escape(note)}</p></div>"
    )


def _bars(ours: float, theirs: float, full: float) -> str:
    rows = (("spiking", "", ours), ("plain", " twin", theirs))
    return (
        '<div class="bars" aria-hidden="true">'
        + "".join(
            f'<div class="bar{kind}"><span>{name}</span>'
            f'<i style="width: {100 * max(value, 0) / full if full > 0 else 0:.1f}%"></i></div>'
            for name, kind, value in rows
        )
        + "</div>"
    )


def _config(config: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th><code>{escape(name)}</code></th><td>{escape(value)}</td></tr>"
        for name, value in _flat(config)
    )
    return (
        f"<details open><summary>All settings of this run</summary><table>{rows}</table></details>"
    )


def _energy_details(details: str) -> str:
    if not details:
        return ""
    told = f"<pre>{escape(details)}</pre>"
    return f"<details><summary>Energy, layer by layer</summary>{told}</details>"


def _flat(config: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, (list, tuple)):
            yield f"{before}{name}", ", ".join(map(str, value))
        else:
            yield f"{before}{name}", str(value)


def _curves_told(run: RunReport) -> str:
    told = (
        "Thick lines: examples kept aside for validation; thin lines: the training examples "
        "themselves. The accuracy scale is stretched towards 100 %, so that the last errors stay "
        f"visible. The test {run.things} play no part here."
    )
    if len(run.seeds) > 1:
        told += " Faint lines are single seeds; the mean ends where the first seed stopped."
    return told


def _whose(run: RunReport) -> str:
    """Which of several networks a panel about one network shows."""
    if run.shown_seed is None or len(run.seeds) < 2:
        return ""
    return f" Shown is the network of seed {run.shown_seed}, which did best in validation."


def _potentials_told(run: RunReport) -> str:
    return (
        f"The same {run.things} as seen by the output neurons, one line per class. The network "
        f"decides for the class whose {run.examples.rule}. Blue: the chosen class. Dashed: the "
        "true class where the choice was wrong. Dotted upright line: from here on the choice did "
        "not change."
    )


def _f1_told(run: RunReport) -> str:
    if run.class_f1 is None:
        return ""
    pairs = zip(run.classes, run.class_f1.tolist(), strict=True)
    each = ", ".join(f"{name} {100 * f1:.1f} %" for name, f1 in pairs if f1 == f1)
    return f" F1 of each class: {each}."


PANELS = {
    "learning": (
        "How it learnt",
        _curves_told,
        lambda run: learning_curves(run.curves, run.twin_curves),
    ),
    "rasters": (
        "What the neurons do",
        lambda run: (
            f"A few test {run.things} and every spike they caused: one row per neuron, one stroke "
            "per spike, time from left to right." + _whose(run)
        ),
        lambda run: rasters(run.examples, run.classes),
    ),
    "potentials": (
        "How it decides",
        _potentials_told,
        lambda run: potentials(run.examples, run.classes),
    ),
    "confusion": (
        "What it mistakes for what",
        lambda run: (
            f"Test {run.things} by their true class and by the class that the network predicted"
            + (f", summed over {len(run.seeds)} seeds. " if len(run.seeds) > 1 else ". ")
            + "Blue: right. Vermilion: wrong."
            + _f1_told(run)
        ),
        lambda run: confusion(run.confusion, run.classes),
    ),
    "rates": (
        "How busy the neurons are",
        lambda run: (
            f"Mean firing rate of each neuron over all test {run.things}. A silent neuron costs no "
            "energy and contributes nothing." + _whose(run)
        ),
        lambda run: firing_rates(run.rates_hz),
    ),
}
"""Name to title, caption and drawing: the order on the page, and the names of the PNG files."""
