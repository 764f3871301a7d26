"""The words that may stand in each text field of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from spikeloom import models
from spikeloom.equations import Surrogate, Unit, learn, units
from spikeloom.equations.neuron import Neuron
from spikeloom.equations.refractory import Refractory
from spikeloom.errors import ConfigError, suggest
from spikeloom.nn import encode, readout
from spikeloom.train import rules
from spikeloom.train.augments.affine import Affine
from spikeloom.train.augments.augment import Shift
from spikeloom.train.augments.flip import Chain, Flip
from spikeloom.train.augments.signal import Signal
from spikeloom.train.augments.spectrogram import Spectrogram
from spikeloom.train.recipes import architectures
from spikeloom.train.rules import Rule
from spikeloom.train.store.value_text import read_value


def _classes(module: ModuleType, base: type) -> dict[str, Any]:
    found = {name: getattr(module, name) for name in dir(module)}
    return {n: v for n, v in found.items() if isinstance(v, type) and issubclass(v, base)}


def _of(*values: type) -> dict[str, Any]:
    return {value.__name__: value for value in values}


UNITS: Mapping[str, Unit] = {n: v for n, v in vars(units).items() if isinstance(v, Unit)}
NEURONS = {**_classes(models, Neuron), "Refractory": Refractory, "learn": learn, **UNITS}

VOCABULARY: Mapping[str, Mapping[str, Any]] = {
    "model": _of(
        architectures.Attention,
        architectures.Conv,
        architectures.Delay,
        architectures.FullyConnected,
        architectures.Recurrent,
    ),
    "neuron": NEURONS,
    "output": NEURONS,
    "surrogate": {**_classes(models, Surrogate), **UNITS},
    "dt": UNITS,
    "target_rate": UNITS,
    "encode": _of(
        encode.BSA,
        encode.Burst,
        encode.ConstantCurrent,
        encode.Delta,
        encode.Frames,
        encode.Latency,
        encode.Phase,
        encode.Population,
        encode.Rate,
        encode.StepForward,
    ),
    "readout": _of(
        readout.Count,
        readout.Direct,
        readout.FirstSpike,
        readout.MembraneLast,
        readout.MembraneMax,
        readout.MembraneMean,
        readout.Rate,
    ),
    "rule": {**_of(rules.BPTT, rules.DECOLLE, rules.EProp, rules.EventProp, rules.OTTT), **UNITS},
    "augment": _of(Affine, Chain, Flip, Shift, Signal, Spectrogram),
}
"""Field -> names. A model of the user's own is no word here: it has no text that stands alone."""


def rule_named(text: str) -> Rule:
    """The learning rule of a word such as ``bptt``, or of a text such as ``BPTT(chunk=20)``.

    Raises:
        ConfigError: No rule is called so.

    >>> rule_named("bptt")
    BPTT()
    """
    words = {name.lower(): name for name, v in VOCABULARY["rule"].items() if isinstance(v, type)}
    if "(" not in text:
        if text.lower() not in words:
            raise ConfigError(f"no rule is called {text!r}.", hint=suggest(text.lower(), words))
        text = f"{words[text.lower()]}()"
    value = read_value(text, VOCABULARY["rule"], "rule")
    if not isinstance(value, Rule):
        raise ConfigError(f"{text!r} is no learning rule.", hint=suggest(text, words))
    return value
