"""What a report shows: the results of a training run as plain arrays and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeloom.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Curves:
    """Loss and accuracy after each epoch; NaN where a seed had already stopped.

    Arguments:
        train_loss: Mean loss over the training examples, (seeds, epochs).
        validation_loss: The same over the validation examples.
        train_accuracy: Fraction of training examples read correctly, 0 to 1, (seeds, epochs).
        validation_accuracy: The same over the validation examples.
    """

    train_loss: np.ndarray
    validation_loss: np.ndarray
    train_accuracy: np.ndarray
    validation_accuracy: np.ndarray

    def __post_init__(self) -> None:
        shape = np.shape(self.train_loss)
        for name in ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy"):
            _expect(name, getattr(self, name), shape if len(shape) == 2 else ("seeds", "epochs"))


@dataclass(frozen=True, eq=False)
class Layer:
    """Spikes of one layer for a few images.

    Arguments:
        name: As a reader would say it, e.g. ``"hidden"``.
        spikes: (images, steps, neurons), non-zero where a neuron fired.
    """

    name: str
    spikes: np.ndarray


@dataclass(frozen=True, eq=False)
class Examples:
    """A few test images and all that happened inside the network while it read them.

    Arguments:
        images: (images, height, width) in [0, 1].
        targets: True class of each, (images,).
        decisions: Class that the network chose, (images,).
        decided_at: Step number (1 to steps) from which on the choice no longer changed, (images,).
        potentials: Membrane potential of each output neuron, (images, steps, classes).
        layers: Spikes of each layer, first to last.
        dt_ms: Length of a time step in ms.
        potential_unit: Unit of `potentials`.
        rule: How the decision follows from the potentials, as the end of the sentence
            "The network decides for the class whose ...".
    """

    images: np.ndarray
    targets: np.ndarray
    decisions: np.ndarray
    decided_at: np.ndarray
    potentials: np.ndarray
    layers: tuple[Layer, ...]
    dt_ms: float = 1.0
    potential_unit: str = "mV"
    rule: str = "output neuron has the highest mean potential"

    def __post_init__(self) -> None:
        _expect("potentials", self.potentials, ("images", "steps", "classes"))
        count, steps, _ = self.potentials.shape
        _expect("images", self.images, (count, "height", "width"))
        for name in ("targets", "decisions", "decided_at"):
            _expect(name, getattr(self, name), (count,))
        for layer in self.layers:
            _expect(f"spikes of layer {layer.name!r}", layer.spikes, (count, steps, "neurons"))


@dataclass(frozen=True)
class Energy:
    """An estimate of the energy for one image, from counted operations.

    Arguments:
        network_nj: Of the spiking network, nJ per image.
        twin_nj: Of its plain twin, nJ per image.
        constants: What was assumed, name to value with unit,
            e.g. ``{"one addition": "0.9 pJ", "one multiplication and addition": "4.6 pJ"}``.
        source: Where the constants come from.
        verdict: Who needs less with neurons and memory counted too, and the firing rate at which
            that flips, as the end of a sentence; empty if unknown.
        details: Both networks layer by layer, as lines of a table; empty if unknown.
    """

    network_nj: float
    twin_nj: float
    constants: Mapping[str, str]
    source: str
    verdict: str = ""
    details: str = ""


@dataclass(frozen=True, eq=False)
class RunReport:
    """Everything `write_report` shows of one training run.

    Arguments:
        title: What was learnt, e.g. ``"Handwritten digits"``.
        network: One line, e.g. ``"64 inputs → 128 LIF neurons → 10 outputs, 25 steps of 1 ms"``.
        twin: One line about the plain network it is compared with.
        classes: Names of the classes.
        test_count: Number of test examples.
        seeds: The seeds, one network and one twin each.
        test_accuracy: Fraction read correctly, (seeds,).
        twin_test_accuracy: The same of the twins, (seeds,).
        mean_rate_hz: Mean firing rate over all spiking neurons and test images, Hz.
        synaptic_events_per_sample: Spikes times the synapses they reach, per image.
        mean_decision_steps: Mean step number at which the decision was final; None if unknown.
        energy: Energy estimate.
        curves: Learning curves of the network.
        twin_curves: Learning curves of the twin.
        examples: A few test images in detail.
        confusion: Counts (true class, chosen class), summed over seeds.
        rates_hz: Layer name to mean rate of each neuron over the test images, Hz.
        config: The configuration as written to config.toml.
        command: The command that repeats the run.
        source: Where the data come from.
        licence: Licence of the data.
        shown_seed: Seed of the network that `examples` and `rates_hz` show; None if unknown.
        made_with: Versions, machine, date, duration: name to text.
        things: What the examples are, e.g. ``"images"``, ``"recordings"``.
        class_f1: F1 of each class from `confusion`, (classes,), or None; NaN where there is none.
        macro_f1: Mean F1 over the classes, (seeds,), if classes are too unequal for the accuracy.
        twin_macro_f1: The same of the twins.
    """

    title: str
    network: str
    twin: str
    classes: tuple[str, ...]
    test_count: int
    seeds: tuple[int, ...]
    test_accuracy: np.ndarray
    twin_test_accuracy: np.ndarray
    mean_rate_hz: float
    synaptic_events_per_sample: float
    mean_decision_steps: float | None
    energy: Energy
    curves: Curves
    twin_curves: Curves
    examples: Examples
    confusion: np.ndarray
    rates_hz: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    command: str
    source: str
    licence: str
    shown_seed: int | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)
    things: str = "images"
    class_f1: np.ndarray | None = None
    macro_f1: np.ndarray | None = None
    twin_macro_f1: np.ndarray | None = None

    def __post_init__(self) -> None:
        seeds, classes = len(self.seeds), len(self.classes)
        _expect("test_accuracy", self.test_accuracy, (seeds,))
        _expect("twin_test_accuracy", self.twin_test_accuracy, (seeds,))
        _expect("confusion", self.confusion, (classes, classes))
        if self.class_f1 is not None:
            _expect("class_f1", self.class_f1, (classes,))
        for name in ("macro_f1", "twin_macro_f1"):
            if getattr(self, name) is not None:
                _expect(name, getattr(self, name), (seeds,))
        for name, rates in self.rates_hz.items():
            _expect(f"rates_hz of layer {name!r}", rates, ("neurons",))


def _expect(name: str, array: np.ndarray, axes: tuple[int | str, ...]) -> None:
    shape = np.shape(array)
    fits = len(shape) == len(axes) and all(
        isinstance(axis, str) or axis == length for axis, length in zip(axes, shape, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"report: {name} must be ({', '.join(map(str, axes))}), got {shape}.",
            hint="see the arguments of spikeloom.show.RunReport",
        )
