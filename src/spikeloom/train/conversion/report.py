"""What a conversion cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False, repr=False)
class ConversionReport:
    """A plain network and the spiking one made from it, on the same samples.

    Arguments:
        method: How it was converted.
        measured_on: Which data the figures are from.
        samples: How many.
        ann_accuracy: Share that the plain network has right.
        accuracy: Time steps -> share that the spiking network has right by then.
        agreement: Share of samples to which both give the same class in the end.
        levels: Activation for which a neuron of each layer fires in every step.
        rate: Mean spikes a neuron and step, by layer.
        neurons: Neurons of each of these layers.
        synaptic_events: Spikes times the synapses they reach, mean for one sample and all steps.
        multiply_accumulates: Of the plain network for one sample.
        dt_ms: Time step, ms.
        rectified_accuracy: Of the network with ReLU, where it was trained further with steps.

    >>> from torch import arange, eye, nn
    >>> from spikeloom.train.conversion import convert
    >>> net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.ReLU())
    >>> _ = net[0].weight.data.copy_(eye(3))
    >>> print(convert(net, (eye(3), arange(3)), steps=4).report)
    WeightNorm(percentile=99.9, start=0.5) on 3 samples of the calibration data
    steps            accuracy   loss, points
    plain network     100.0 %
    1                 100.0 %            0.0
    2                 100.0 %            0.0
    4                 100.0 %            0.0
    layer       neurons   full rate at   spikes a neuron and step
    neurons1          3              1                      0.333
    4 steps lose 0.0 points; the same class as the plain network for 100.0 % of the samples; 0
    synaptic events a sample (plain network: 9 multiplications).
    """

    method: str
    measured_on: str
    samples: int
    ann_accuracy: float
    accuracy: Mapping[int, float]
    agreement: float
    levels: tuple[float, ...]
    rate: Mapping[str, float]
    neurons: Mapping[str, int]
    synaptic_events: float
    multiply_accumulates: float
    dt_ms: float
    rectified_accuracy: float | None = None

    @property
    def steps(self) -> int:
        """Time steps of the whole run."""
        return max(self.accuracy)

    @property
    def loss_points(self) -> float:
        """Accuracy lost after all steps, percentage points; below 0 where it gained."""
        return self.lost(self.steps)

    def lost(self, steps: int) -> float:
        """Accuracy lost after so many steps, percentage points."""
        return 100 * (self.ann_accuracy - self.accuracy[steps])

    @property
    def summary(self) -> str:
        """One sentence."""
        return (
            f"{self.steps} steps lose {_points(self.loss_points)} points; the same class as the "
            f"plain network for {100 * self.agreement:.1f} % of the samples; "
            f"{self.synaptic_events:,.0f} synaptic events a sample (plain network: "
            f"{self.multiply_accumulates:,.0f} multiplications)."
        )

    def __rich_console__(self, console: Any, options: Any) -> Any:
        """Two tables and a sentence."""
        from rich.table import Table
        from rich.text import Text

        del console, options
        shape: dict[str, Any] = {"box": None, "pad_edge": False, "padding": (0, 3, 0, 0)}
        curve = Table(**shape)
        curve.add_column("steps")
        for head in ("accuracy", "loss, points"):
            curve.add_column(head, justify="right")
        if self.rectified_accuracy is not None:
            curve.add_row("with ReLU", f"{100 * self.rectified_accuracy:.1f} %", "")
        curve.add_row("plain network", f"{100 * self.ann_accuracy:.1f} %", "")
        for steps, share in self.accuracy.items():
            curve.add_row(str(steps), f"{100 * share:.1f} %", _points(self.lost(steps)))
        layers = Table(**shape)
        layers.add_column("layer")
        for head in ("neurons", "full rate at", "spikes a neuron and step"):
            layers.add_column(head, justify="right")
        for (name, rate), level in zip(self.rate.items(), self.levels, strict=True):
            layers.add_row(name, f"{self.neurons[name]:,}", f"{level:.4g}", f"{rate:.3f}")
        yield Text(f"{self.method} on {self.samples:,} samples of the {self.measured_on}")
        yield curve
        yield layers
        yield Text(self.summary)

    def __str__(self) -> str:
        import io

        from rich.console import Console

        page = io.StringIO()
        Console(file=page, width=100, color_system=None).print(self)
        return "\n".join(line.rstrip() for line in page.getvalue().rstrip().split("\n"))

    def __repr__(self) -> str:
        return f"ConversionReport: {self.summary}"

    def to_record(self) -> dict[str, Any]:
        """The figures as JSON-ready values; accuracies are shares, rates are in Hz too."""
        return {
            "method": self.method,
            "measured_on": self.measured_on,
            "samples": self.samples,
            "ann_accuracy": self.ann_accuracy,
            "accuracy": {str(steps): share for steps, share in self.accuracy.items()},
            "steps": self.steps,
            "loss_points": self.loss_points,
            "agreement": self.agreement,
            "levels": list(self.levels),
            "spikes_per_neuron_and_step": dict(self.rate),
            "rate_hz": {name: 1000 * r / self.dt_ms for name, r in self.rate.items()},
            "neurons": dict(self.neurons),
            "synaptic_events_per_sample": self.synaptic_events,
            "ann_multiply_accumulates_per_sample": self.multiply_accumulates,
            "dt_ms": self.dt_ms,
            "rectified_accuracy": self.rectified_accuracy,
        }


def _points(value: float) -> str:
    return f"{value + 0.0:.1f}" if abs(value) >= 0.05 else "0.0"
