"""`spikeloom models`, and finding a model by the name a person types."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from spikeloom.errors import ConfigError

if TYPE_CHECKING:
    from spikeloom.equations import InputDecl, Neuron, StateDecl


def models() -> None:
    """List the neuron models that come with spikeloom: name, what it is, states and inputs.

    Example: `spikeloom models`, then `spikeloom explain LIF` for one of them.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, model in known_models().items():
        told = model.definition
        names = ", ".join(_with_unit(each) for each in (*told.states, *told.inputs))
        table.add_row(Text(name, "bold"), Text(told.doc.partition("\n")[0]))
        table.add_row("", Text(names, "dim"))
    Console(highlight=False).print(table)


def _with_unit(item: StateDecl | InputDecl) -> str:
    unit = str(item.unit)
    return f"{item.name} ({unit})" if unit else item.name


def known_models() -> dict[str, type[Neuron]]:
    """Every neuron class that `spikeloom.models` exports, by name."""
    import spikeloom.models as shelf
    from spikeloom.equations import Neuron

    found = {name: getattr(shelf, name) for name in dir(shelf) if not name.startswith("_")}
    return {
        name: item
        for name, item in sorted(found.items())
        if isinstance(item, type) and issubclass(item, Neuron) and item is not Neuron
    }


def find_model(name: str) -> type[Neuron]:
    """The model of this name or initials; case, dashes and underscores do not matter.

    Raises:
        ConfigError: There is no such model; the nearest name is suggested.
    """
    models = known_models()
    known = {_plain(each): each for each in models}
    short = {"".join(c for c in each if c.isupper()).lower(): each for each in models}
    found = known.get(_plain(name)) or short.get(_plain(name))
    if found is None:
        near = get_close_matches(_plain(name), known, n=1, cutoff=0.5)
        told = f"did you mean {known[near[0]]!r}? " if near else ""
        raise ConfigError(
            f"there is no model {name!r}.", hint=f"{told}`spikeloom models` lists them all"
        )
    return models[found]


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
