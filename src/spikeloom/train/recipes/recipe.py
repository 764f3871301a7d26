"""A training job as one value: what is trained, on what, and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from spikeloom.equations import Neuron, Quantity, Refractory, Surrogate, Unit
from spikeloom.equations.units import Hz, ms
from spikeloom.errors import ConfigError, ParameterError, suggest
from spikeloom.nn.encode import Delta, Encoder, Frames
from spikeloom.nn.readout import Readout
from spikeloom.train.augments.augment import Augment
from spikeloom.train.loop.history import CHOOSE_BY, ChooseBy
from spikeloom.train.loop.settings import MOST_THREADS
from spikeloom.train.recipes.architectures import Architecture, FullyConnected
from spikeloom.train.recipes.vocabulary import VOCABULARY
from spikeloom.train.rules import BPTT, Rule
from spikeloom.train.store.value_text import read_value


@runtime_checkable
class Buildable(Protocol):
    """What makes a value an architecture; anything else in its place is named at once."""

    def build(self, shape: Any, classes: Any, neurons: Any) -> Any: ...


KINDS: Mapping[str, Any] = {
    "data": str,
    "model": Buildable,
    "neuron": (Neuron, Refractory),
    "output": (Neuron, Refractory),
    "surrogate": Surrogate,
    "dt": Quantity,
    "target_rate": Quantity,
    "encode": Callable,
    "readout": Callable,
    "augment": (Callable, type(None)),
    "rule": Rule,
}
CHOICES = {"validate_by": ("class", "group"), "choose_by": CHOOSE_BY}
POSITIVE: Mapping[str, Unit] = {"dt": ms, "target_rate": Hz}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that a run depends on, except the data themselves and the seeds.

    The plain twin is trained with the same data, split, augmentation, optimiser, learning rates,
    batches and epochs; it has no use for the fields about time and neurons.

    Arguments:
        data: Name of the data set.
        model: Architecture, such as ``FullyConnected(hidden=(256,))``.
        neuron: Model of the hidden neurons.
        output: Model of the output neurons.
        surrogate: Stand-in for the derivative of a spike.
        dt: Time step.
        encode: Samples -> time.
        readout: Outputs -> scores.
        rule: How the spiking network learns; the twin always learns by back-propagation.
        target_rate: Mean firing rate of each hidden layer at the start.
        augment: Change of training samples, or None.
        epochs: Passes over the training data.
        batch_size: Samples in a batch.
        learning_rate: Of Adam at the start; it falls to 0 along half a cosine.
        weight_decay: Of AdamW.
        smoothing: Of the labels.
        balance: Classes weigh n^-balance in the loss, n being their number of training samples:
            0 is every sample alike, 1 every class alike.
        average: Decay of a moving average of the weights over updates, or None; see `fit`.
        clip: Largest norm of the gradient, or None.
        patience: Epochs without a better validation before stopping, or None.
        validation: Share of the training data that chooses the epoch.
        validate_by: ``"class"`` takes that share of each class; ``"group"`` takes whole groups
            (speakers, patients), as the test does.
        choose_by: What chooses the epoch: ``"accuracy"``, ``"macro_f1"`` or ``"loss"`` (the least
            noisy where the validation data are few) on validation data.
        threads: For torch's own operations; they are part of what makes the bits.

    >>> from spikeloom.train.recipes import DIGITS
    >>> DIGITS.model
    FullyConnected(hidden=(256,), dropout=0.0)
    >>> Recipe.from_record(DIGITS.to_record()) == DIGITS
    True
    """

    data: str
    model: Architecture
    neuron: Neuron
    output: Neuron
    surrogate: Surrogate
    dt: Quantity
    encode: Encoder
    readout: Readout
    target_rate: Quantity
    augment: Augment | None = None
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    smoothing: float = 0.0
    balance: float = 0.0
    average: float | None = None
    clip: float | None = None
    patience: int | None = None
    validation: float = 0.1
    validate_by: Literal["class", "group"] = "class"
    choose_by: ChooseBy = "accuracy"
    threads: int = 1
    rule: Rule = BPTT()

    def __post_init__(self) -> None:
        for name, kinds in KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kinds) or isinstance(value, type):  # a class can be called too
                raise ParameterError(f"Recipe: {name} cannot be {value!r}.")
        for name, unit in POSITIVE.items():
            value = getattr(self, name)
            if not value.unit.fits(unit) or not 0 < value.to(unit) < float("inf"):
                raise ParameterError(f"Recipe: {name} must be above 0 {unit}, got {value!r}.")
        sizes = {"epochs": self.epochs, "batch_size": self.batch_size, "threads": self.threads}
        sizes |= {"patience": self.patience} if self.patience is not None else {}
        for name, value in sizes.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"Recipe: {name} must be a whole number >= 1, got {value!r}.")
        for name in ("learning_rate", "weight_decay", "smoothing", "balance", "validation"):
            value = getattr(self, name)
            top = 1.0 if name in ("smoothing", "validation") else float("inf")
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0.0 <= value < top:
                raise ParameterError(f"Recipe: {name} must be in [0, {top:g}), got {value!r}.")
        for name, words in CHOICES.items():
            value = getattr(self, name)
            if value not in words:
                raise ParameterError(f"Recipe: {name} must be one of {words}, got {value!r}.")
        if self.average is not None and not (
            isinstance(self.average, float) and 0.0 < self.average < 1.0
        ):
            raise ParameterError(f"Recipe: average must be in (0, 1), got {self.average!r}.")
        if self.clip is not None and not (isinstance(self.clip, int | float) and self.clip > 0):
            raise ParameterError(f"Recipe: clip must be a number above 0, got {self.clip!r}.")
        if self.threads > MOST_THREADS:
            raise ParameterError(
                f"Recipe: threads can be at most {MOST_THREADS}, got {self.threads}."
            )

    @property
    def samples_in_time(self) -> bool:
        """Whether a sample has a time axis itself, which the twin then reads too."""
        return isinstance(self.encode, Frames | Delta)

    def to_record(self) -> dict[str, Any]:
        """Plain values for TOML and JSON: models and units become text; None is left out."""
        record: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if field.name in VOCABULARY:
                record[field.name] = repr(value)
            else:
                record[field.name] = list(value) if isinstance(value, tuple) else value
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Recipe:
        """The inverse of `to_record`; the text of models is read, never run.

        Raises:
            ConfigError: An unknown or missing field, or a value that makes no sense.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        record = _with_model(record)
        for name in record:
            if name not in fields:
                raise ConfigError(f"recipe: unknown field {name!r}.", hint=suggest(name, fields))
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name not in record:
                if field.default is dataclasses.MISSING:
                    raise ConfigError(f"recipe: field {name!r} is missing.")
                continue
            value = record[name]
            if name in VOCABULARY:
                values[name] = read_value(str(value), VOCABULARY[name], name)
            else:
                values[name] = tuple(value) if isinstance(value, list) else value
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"recipe: {error}.") from error


def _with_model(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record from before there were architectures: sizes of a fully connected network."""
    if "hidden" not in record or "model" in record:
        return record
    rest = {name: value for name, value in record.items() if name not in ("hidden", "dropout")}
    sizes = record["hidden"]
    try:
        model = FullyConnected(
            tuple(sizes) if isinstance(sizes, list | tuple) else sizes, record.get("dropout", 0.0)
        )
    except ParameterError as error:
        raise ConfigError(f"recipe: {error.message}", hint=error.hint) from error
    return {**rest, "model": repr(model)}
