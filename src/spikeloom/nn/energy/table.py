"""An energy report as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikeloom.nn.energy.bill import Bill
    from spikeloom.nn.energy.report import EnergyReport

HEAD = (
    "layer", "AC", "MAC", "updates", "weights", "states", "spikes, values",
    "synapses", "neurons", "memory", "total",
)  # fmt: skip
UNITS = ("", "", "", "", "kbit", "kbit", "kbit", "nJ", "nJ", "nJ", "nJ")


def table(report: EnergyReport) -> str:
    """Both networks layer by layer, the verdicts, and where the numbers come from."""
    bits = report.precision
    rows = [HEAD, UNITS, *_side("spiking network", report.network)]
    rows += _side("plain twin", report.twin)
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    rate = f"{report.rate:.3g} spikes a step"
    if report.dt_ms:
        rate += f" ({1000 * report.rate / report.dt_ms:.3g} Hz)"
    return "\n".join(
        [
            *lines,
            "",
            f"All counted: {report.total}.",
            f"Synapses alone: {report.synapses}.",
            f"For one sample, mean of {report.samples}; {report.steps} steps, {rate} of a"
            " spiking neuron.",
            f"Bits ({bits.arithmetic}): weights {bits.weights}, states {bits.of_states}, sums"
            f" {bits.sums}, the twin's activations {report.activation_bits}.",
            f"{report.process.name}; {report.process.source}.",
            "On chips, the synaptic events alone: "
            + ", ".join(f"{name} {nj:.4g} nJ" for name, nj in report.published_nj().items())
            + ".",
        ]
    )


def _side(title: str, bills: Sequence[Bill]) -> Iterable[tuple[str, ...]]:
    empty = ("",) * (len(HEAD) - 1)
    yield (title, *empty)
    cells = [_cells(each) for each in bills]
    for each, row in zip(bills, cells, strict=True):
        yield (f"  {each.count.name} {each.count.kind}", *map(_number, row))
    yield ("  in all", *(_number(sum(column)) for column in zip(*cells, strict=True)))


def _cells(each: Bill) -> tuple[float, ...]:
    count = each.count
    return (
        count.additions, count.multiply_accumulates, count.updates,
        each.weight_bits / 1000, each.state_bits / 1000, each.message_bits / 1000,
        each.synapses_nj, each.neurons_nj, each.memory_nj, each.total_nj,
    )  # fmt: skip


def _number(value: float) -> str:
    if value == 0:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(w) for text, w in rest)]).rstrip()
