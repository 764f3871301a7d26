"""`energy_report`: work, traffic and energy of a network and its quantised twin in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spikeloom.equations.units import ms
from spikeloom.errors import DataError, NumericsError, ParameterError, ShapeError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import Encoder
from spikeloom.nn.energy.bill import Bill, bill
from spikeloom.nn.energy.constants import PUBLISHED, Precision, Process
from spikeloom.nn.energy.counts import LayerCount, count_network, count_plain, mean_counts
from spikeloom.nn.energy.table import table
from spikeloom.nn.energy.verdict import Verdict
from spikeloom.nn.twin import ann_twin


@dataclass(frozen=True, eq=False, repr=False)
class EnergyReport:
    """What `energy_report` found; prints as a table.

    Arguments:
        network: One bill for each layer of the spiking network.
        twin: One for each layer with weights of the plain twin.
        precision: Bits of the numbers.
        activation_bits: Bits of the twin's activations.
        process: Energies of operations.
        samples: How many samples the counts are means of.
        steps: Time steps of a run; the longest, where they differ.
        rate: Mean firing rate, spikes for each neuron and step; of the input if no neuron fired.
        dt_ms: Length of a step, ms; None if no layer says.

    >>> from spikeloom.nn import LIF
    >>> report = energy_report(Sequential(nn.Linear(4, 3), LIF()), torch.ones(7, 2, 4))
    >>> report.synaptic_events, report.activation_bits, len(report.twin)
    (84.0, 3, 1)
    """

    network: tuple[Bill, ...]
    twin: tuple[Bill, ...]
    precision: Precision
    activation_bits: int
    process: Process
    samples: int
    steps: int
    rate: float
    dt_ms: float | None

    @property
    def total(self) -> Verdict:
        """The verdict on all that was counted: synapses, neurons and memory."""
        return self._verdict("total_nj")

    @property
    def synapses(self) -> Verdict:
        """The verdict on the arithmetic of synapses alone, as most publications compare."""
        return self._verdict("synapses_nj")

    def _verdict(self, what: str) -> Verdict:
        follows = sum(b.synapses_by_spikes_nj for b in self.network)
        if what == "total_nj":
            follows += sum(b.memory_by_spikes_nj for b in self.network)
        ours, theirs = (sum(getattr(b, what) for b in side) for side in (self.network, self.twin))
        return Verdict(float(ours), float(theirs), float(follows), self.rate, self.dt_ms)

    @property
    def synaptic_events(self) -> float:
        """Weights added for spikes, for one sample."""
        return sum((b.count.additions for b in self.network), 0.0)

    def published_nj(self) -> dict[str, float]:
        """What chips would need for the same synaptic events, nJ, by chip and what it covers."""
        events = self.synaptic_events
        return {f"{p.chip} ({p.covers})": p.event_pj * events / 1000 for p in PUBLISHED}

    def __str__(self) -> str:
        return table(self)

    def __repr__(self) -> str:
        return f"EnergyReport: {self.samples} samples of {self.steps} steps; {self.total}"

    def to_record(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "samples": self.samples,
            "steps": self.steps,
            "rate_per_step": self.rate,
            "dt_ms": self.dt_ms,
            "precision": asdict(self.precision),
            "activation_bits": self.activation_bits,
            "process": asdict(self.process),
            "network": [b.to_record() for b in self.network],
            "twin": [b.to_record() for b in self.twin],
            "verdict": self.total.to_record(),
            "verdict_synapses": self.synapses.to_record(),
            "published_nj": self.published_nj(),
        }


@torch.no_grad()
def energy_report(
    net: Sequential,
    data: Any,
    *,
    encode: Encoder | None = None,
    bits: int | Precision = 8,
    twin: nn.Module | None = None,
    over_time: bool = False,
    constants: Process | None = None,
    lengths: Tensor | None = None,
    batch_size: int = 64,
) -> EnergyReport:
    r"""Synaptic operations, neuron updates, memory traffic and energy, with those of a plain twin.

    The twin has the same weight layers, the same bits for weights and sums, and activations of
    $\lceil \log_2 (T + 1) \rceil$ bits, which tell as many values apart as T steps of spikes. Its
    weights are all multiplied once (or at each step, `over_time`); those of the spiking network
    are added once for each spike.

    Arguments:
        net: The spiking network.
        data: A block (time, batch, *features); or, with `encode`, samples (batch, *features): a
            tensor, an array, a pair with targets, or a data set.
        encode: Makes the block from samples, as in training.
        bits: Of the weights; or a `Precision` for all numbers.
        twin: The plain network; None is `ann_twin`. A `Sequential` runs over the same steps.
        over_time: Whether the twin made here runs over the same steps, for samples with a time
            axis of their own.
        constants: Energies of operations; None is 45 nm after Horowitz.
        lengths: Valid steps of each sample of a block.
        batch_size: Samples at a time.

    Returns:
        An `EnergyReport`, means over the samples.

    Raises:
        DataError: No samples.
        NumericsError: NaN or infinity in the data.
        ShapeError: A block without time, batch and features.
        ParameterError: An option of the wrong kind.

    Source: rule of counting: E = AC * events + MAC * dense layers; matched activations: Yan, Bai &
        Wong 2024, arXiv:2409.08290.

    >>> from spikeloom.nn import LIF
    >>> _ = torch.manual_seed(0)
    >>> net = Sequential(nn.Linear(20, 30), LIF(), nn.Linear(30, 5), LIF())
    >>> spikes = (torch.rand(10, 4, 20) < 0.2).float()
    >>> report = energy_report(net, spikes)
    >>> report.activation_bits, report.twin[0].count.multiply_accumulates
    (4, 600.0)
    >>> report.synapses.cheaper
    'spiking'
    """
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"energy_report: the network must be a Sequential, got {type(net).__name__}.",
            hint="wrap layers in one: nn.Sequential(*layers) of spikeloom",
        )
    precision = bits if isinstance(bits, Precision) else Precision(bits)
    process = Process() if constants is None else constants
    if not isinstance(process, Process):
        raise ParameterError(
            f"energy_report: constants must be a Process, got {type(process).__name__}.",
            hint="nn.energy.Process(...) holds the energies by width of the numbers",
        )
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ParameterError(f"energy_report: batch_size must be above 0, got {batch_size!r}.")
    own = ann_twin(net, over_time=over_time) if twin is None else twin
    timed = isinstance(own, Sequential)
    ours: list[tuple[int, tuple[LayerCount, ...]]] = []
    theirs: list[tuple[int, tuple[LayerCount, ...]]] = []
    steps, arrived = 0, [0.0, 0.0]
    was_training, others = net.training, own.training
    net.eval()
    own.eval()
    try:
        for x, ends in _blocks(net, data, encode, lengths, batch_size):
            n = x.shape[1]
            kept = net.trace(x, None, ends)[2]
            ours.append((n, count_network(x, kept)))
            steps = max(steps, x.shape[0])
            arrived[0] += float(torch.count_nonzero(x)) if ends is None else 0.0
            arrived[1] += float(x.numel())
            if isinstance(own, Sequential):
                theirs.append((n, count_network(x, own.trace(x, None, ends)[2], dense=True)))
            elif not theirs:
                theirs.append((n, count_plain(own, x[0])))
    finally:
        net.train(was_training)
        own.train(others)
    counts, plain = mean_counts(ours), mean_counts(theirs)
    activations = precision.of_activations(None if timed else steps)
    fired = sum(c.spikes_out for c in counts)
    updates = sum(c.updates for c in counts if c.fires)
    if not fired:
        fired, updates = arrived
    return EnergyReport(
        network=tuple(bill(c, precision, process, precision.weights) for c in counts),
        twin=tuple(bill(c, precision, process, activations) for c in plain),
        precision=precision,
        activation_bits=activations,
        process=process,
        samples=sum(n for n, _ in ours),
        steps=steps,
        rate=float(fired / updates) if updates else 0.0,
        dt_ms=_step_ms(net),
    )


def _blocks(
    net: Sequential, data: Any, encode: Encoder | None, lengths: Any, size: int
) -> Iterator[tuple[Tensor, Tensor | None]]:
    if lengths is None:
        lengths = getattr(data, "lengths", None)
    raw = getattr(data, "inputs", data[0] if isinstance(data, tuple | list) else data)
    if not isinstance(raw, Tensor | np.ndarray):
        raise ParameterError(
            f"energy_report: data must be a tensor, a pair or a data set, got "
            f"{type(data).__name__}.",
        )
    samples = torch.as_tensor(raw)
    like = next((p for p in net.parameters() if p.is_floating_point()), None)
    samples = samples.to(torch.float32 if like is None else like.dtype)
    axis = 1 if encode is None else 0
    if samples.dim() < axis + 2:
        raise ShapeError(
            f"energy_report: data have shape {tuple(samples.shape)}.",
            hint="give a block (time, batch, *features), or samples with encode=",
        )
    if samples.numel() == 0:
        raise DataError(f"energy_report: there is nothing in data of {tuple(samples.shape)}.")
    if not bool(torch.isfinite(samples).all()):
        raise NumericsError("energy_report: the data contain NaN or infinity.")
    ends = None if lengths is None else torch.as_tensor(lengths)
    for place, first in enumerate(range(0, samples.shape[axis], size)):
        rows = slice(first, first + size)
        x = samples[:, rows] if encode is None else encode(samples[rows], -1 - place)
        some = None if ends is None else ends[rows]
        yield (x if some is None else x[: int(some.max())]), some


def _step_ms(net: Sequential) -> float | None:
    for layer in net.modules():
        dt: Any = getattr(layer, "dt", None)
        if dt is not None and hasattr(layer, "program"):
            return float(dt.to(ms))
    return None
