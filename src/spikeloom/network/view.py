"""Populations, some of their neurons, and several of these taken together.

>>> from spikeloom import LIF, Network, ms
>>> net = Network(dt=0.1 * ms)
>>> exc, inh = net.population(8, LIF(), name="exc"), net.population(2, LIF(), name="inh")
>>> exc[:3], exc[[5, 1]].ids.tolist(), len(exc + inh)
(exc[0:3], [1, 5], 10)
>>> isinstance(exc, Population), isinstance(exc[:3], View), isinstance(exc + inh, Group)
(True, True, True)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.equations import Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
Key: TypeAlias = "int | slice | Sequence[int] | Array"


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one kind; made by `Network.population`.

    Arguments:
        name: Its name in figures, results and messages.
        size: Number of neurons N.
        neuron: What each neuron is, before the network gives it receptors.
        index: Its place in the network.
        positions: Where the neurons are, (N,) or (N, 1 to 3), numbers or lengths; or None.
        owner: The network it belongs to.
    """

    name: str
    size: int
    neuron: Neuron | Refractory | Any
    index: int
    positions: Any = field(repr=False, default=None)
    owner: object = field(repr=False, default=None)

    @property
    def all(self) -> View:
        """All its neurons as a `View`."""
        return View(self, _frozen(np.arange(self.size)))

    def __getitem__(self, key: Key) -> View:
        return self.all[key]

    def __iter__(self) -> Iterator[View]:
        return iter(self.all)

    def __len__(self) -> int:
        return self.size

    def __add__(self, other: Members) -> Group:
        return self.all + other

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class View:
    """Some neurons of one population, in the order of their numbers.

    Arguments:
        population: Whose neurons.
        ids: Their numbers, sorted, none twice.
    """

    population: Population
    ids: Array

    @property
    def whole(self) -> bool:
        """Whether these are all neurons of the population."""
        return len(self.ids) == self.population.size

    def __getitem__(self, key: Key) -> View:
        return View(self.population, _frozen(_chosen(self, key)))

    def __iter__(self) -> Iterator[View]:
        return (View(self.population, self.ids[i : i + 1]) for i in range(len(self.ids)))

    def __len__(self) -> int:
        return len(self.ids)

    def __add__(self, other: Members) -> Group:
        return Group((self, *parts(other)))

    def __repr__(self) -> str:
        ids, name = self.ids, self.population.name
        if self.whole:
            return name
        if len(ids) == 1:
            return f"{name}[{ids[0]}]"
        steps = np.unique(np.diff(ids))
        if len(steps) == 1:
            by = f":{steps[0]}" if steps[0] > 1 else ""
            return f"{name}[{ids[0]}:{ids[-1] + 1}{by}]"
        return f"{name}[{len(ids)} neurons]"


@dataclass(frozen=True, eq=False)
class Group:
    """Neurons of several populations, one after the other, as if they were one population.

    Arguments:
        parts: Views, none of which shares a neuron with another.

    Raises:
        ParameterError: A neuron is named twice.
    """

    parts: tuple[View, ...]

    def __post_init__(self) -> None:
        seen: dict[int, Array] = {}
        for part in self.parts:
            before = seen.get(part.population.index, np.empty(0, np.int64))
            if len(twice := np.intersect1d(before, part.ids)):
                raise ParameterError(
                    f"{self!r}: neuron {twice[0]} of {part.population.name!r} is named twice."
                )
            seen[part.population.index] = np.concatenate([before, part.ids])

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def __add__(self, other: Members) -> Group:
        return Group((*self.parts, *parts(other)))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.parts))


Members: TypeAlias = Population | View | Group
"""Anything that stands for some neurons."""


def parts(members: Members) -> tuple[View, ...]:
    """Members as views.

    Raises:
        ParameterError: It is something else.
    """
    if isinstance(members, Population):
        return (members.all,)
    if isinstance(members, View):
        return (members,)
    if isinstance(members, Group):
        return members.parts
    raise ParameterError(
        f"a population, part of one or a sum of them is needed; got {type(members).__name__}.",
        hint="for example exc, exc[:100] or exc + inh",
    )


def _chosen(view: View, key: Key) -> Array:
    size, name = len(view.ids), repr(view)
    if isinstance(key, slice):
        picked = view.ids[key]
    else:
        asked = np.atleast_1d(np.asarray(key))
        if asked.dtype == bool:
            if asked.shape != (size,):
                raise ParameterError(
                    f"{name}: a mask must hold {size} truth values, got shape {asked.shape}."
                )
            picked = view.ids[asked]
        elif asked.size and not np.issubdtype(asked.dtype, np.integer):
            raise ParameterError(f"{name} is indexed by whole numbers, slices or a mask.")
        else:
            outside = (asked < -size) | (asked >= size)
            if outside.any():
                raise ParameterError(
                    f"{name} has {size} neurons; there is no number {asked[outside][0]}.",
                    hint=f"numbers go from 0 to {size - 1}",
                )
            picked = view.ids[asked.astype(np.int64)]
    if not len(picked):
        raise ParameterError(f"{name}[{key!r}] names no neuron.")
    sorted_ids = np.unique(picked)
    if len(sorted_ids) != len(picked):
        raise ParameterError(f"{name}: a neuron is named twice.")
    return sorted_ids


def _frozen(ids: Array) -> Array:
    ids = np.ascontiguousarray(ids, np.int64)
    ids.flags.writeable = False
    return ids
