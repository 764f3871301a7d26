"""The library by name: what there is of each kind, and what a person means by the name typed."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from spikeloom.errors import ConfigError

if TYPE_CHECKING:
    from spikeloom.equations import Neuron


class Kind(StrEnum):
    """What the library holds."""

    neurons = "neurons"
    synapses = "synapses"
    rules = "rules"
    surrogates = "surrogates"


def known(kind: Kind) -> dict[str, Any]:
    """Every class of one kind that `spikeloom.models` exports, by name."""
    import spikeloom.models as shelf
    from spikeloom.equations import LearningRule, Neuron, Surrogate, Synapse

    base = {
        Kind.neurons: Neuron,
        Kind.synapses: Synapse,
        Kind.rules: LearningRule,
        Kind.surrogates: Surrogate,
    }[kind]
    found = {name: getattr(shelf, name) for name in dir(shelf) if not name.startswith("_")}
    return {
        name: item
        for name, item in sorted(found.items(), key=lambda pair: pair[0].lower())
        if isinstance(item, type) and issubclass(item, base) and item is not base
    }


def known_models() -> dict[str, type[Neuron]]:
    """Every neuron class, by name."""
    return known(Kind.neurons)


def find_model(name: str) -> type[Neuron]:
    """The neuron of this name or initials; case, dashes and underscores do not matter.

    Raises:
        ConfigError: There is no such model; the nearest name is suggested.
    """
    models = known_models()
    found = _match(name, models)
    if found is None:
        for kind in Kind:
            if kind is not Kind.neurons and _match(name, known(kind)):
                raise ConfigError(
                    f"{name!r} is no neuron, it is one of the {kind.value}.",
                    hint=f"`spikeloom models {name}` tells what it says",
                )
        raise unknown(name, models)
    return models[found]


def find_any(name: str) -> tuple[Kind, Any]:
    """A model of any kind by its name.

    Raises:
        ConfigError: There is no such model; the nearest name is suggested.
    """
    every: dict[str, Any] = {}
    for kind in Kind:
        models = known(kind)
        if found := _match(name, models):
            return kind, models[found]
        every |= models
    raise unknown(name, every)


def unknown(name: str, models: dict[str, Any]) -> ConfigError:
    """The error for a name that is not there, with the nearest that is."""
    plain_names = {plain(each): each for each in models}
    near = get_close_matches(plain(name), plain_names, n=1, cutoff=0.5)
    told = f"did you mean {plain_names[near[0]]!r}? " if near else ""
    return ConfigError(
        f"there is no model {name!r}.", hint=f"{told}`spikeloom models` lists them all"
    )


def plain(name: str) -> str:
    """A name without what people leave out or add: case, dashes, underscores, blanks."""
    return "".join(c for c in name.lower() if c not in "-_ ")


def _match(name: str, models: dict[str, Any]) -> str | None:
    full = {plain(each): each for each in models}
    short = {"".join(c for c in each if c.isupper()).lower(): each for each in models}
    return full.get(plain(name)) or short.get(plain(name))
