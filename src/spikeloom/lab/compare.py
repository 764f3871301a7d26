"""`compare`: several neurons under the same input, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Quantity
from spikeloom.equations.units import kHz, ms
from spikeloom.errors import ParameterError, UnitError
from spikeloom.lab.preparation import prepare
from spikeloom.lab.response import Response, respond
from spikeloom.network.grid import milliseconds
from spikeloom.network.train_distance import edit_distance, filter_distance

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

    Model = Cell | Neuron | Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Several neurons under the same input, on the same grid of times.

    Arguments:
        responses: Name → what it did.
        van_rossum: Squared distance between the spikes of each two, (M, M), no unit: ½ for one
            spike more than the other.
        victor_purpura: Cost of turning the spikes of one into those of another, (M, M): 1 for one
            spike more.
        tau: Time constant of the first, ms.
        cost: Of moving a spike, in the second, per ms.

    >>> from spikeloom import LIF, PerfectIF, lab, ms, nA
    >>> both = lab.compare([LIF(), LIF(tau=10 * ms)], 0.2 * nA, 100 * ms)
    >>> both.counts, both.latencies.round(2).tolist()
    ({'LIF': 3, 'LIF (2)': 7}, [27.73, 13.86])
    """

    responses: Mapping[str, Response]
    van_rossum: Array
    victor_purpura: Array
    tau: float
    cost: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of the neurons, in order."""
        return tuple(self.responses)

    @property
    def counts(self) -> dict[str, int]:
        """Number of spikes of each."""
        return {name: found.count for name, found in self.responses.items()}

    @property
    def rates(self) -> Array:
        """Spikes per second of each, Hz, (M,)."""
        return np.array([found.rate for found in self.responses.values()])

    @property
    def latencies(self) -> Array:
        """Time of each one's first spike, ms, (M,); NaN where there is none."""
        return np.array([found.latency for found in self.responses.values()])

    def __repr__(self) -> str:
        width = max(len(name) for name in self.names)
        rows = [
            f"  {name:{width}}  {found.count:4d} spikes  first {found.latency:7.2f} ms  "
            f"{found.rate:7.2f} Hz"
            for name, found in self.responses.items()
        ]
        return "\n".join([f"{len(self.names)} neurons under the same input", *rows])


def compare(
    models: Mapping[str, Model] | Sequence[Model],
    input: Any,
    duration: Quantity,
    dt: Quantity | None = None,
    *,
    into: str | None = None,
    method: Method | None = None,
    tau: Quantity = 10 * ms,
    cost: Quantity = 0.1 * kHz,
    seed: int = 0,
) -> Comparison:
    """What several neurons do under the same input.

    Arguments:
        models: A list of neurons, or name → neuron.
        input: As for `response`; noise is the same for all. Where the inputs of the models have
            different units, name → input.
        duration: How long.
        dt: Time step of all; None takes what the one that needs the finest would take.
        into, method, seed: As for `response`.
        tau: Time constant of van Rossum's distance.
        cost: Of moving a spike by a time, in Victor and Purpura's distance.

    Raises:
        ParameterError: No models, or inputs for other names.
        UnitError: The input is in another unit than that of some model.

    >>> from spikeloom import AdEx, ExponentialIF, lab, ms, pA
    >>> both = lab.compare({"adapts": AdEx(), "does not": AdEx(b=0 * pA)}, 800 * pA, 300 * ms)
    >>> both.counts
    {'adapts': 6, 'does not': 15}
    """
    named = _named(models)
    given = _inputs(input, named)
    if dt is None:
        dt = min((prepare("compare", m, None, method, seed).dt for m in named.values()),
                 key=lambda step: float(step.to(ms)))  # fmt: skip
    filter_time = milliseconds("compare: tau", tau)
    if not filter_time > 0:
        raise ParameterError(f"compare: tau must be above 0, got {tau}.")
    if not isinstance(cost, Quantity) or not cost.unit.fits(kHz):
        raise UnitError(f"compare: cost must be a number per time, got {cost!r}.", hint="0.1 / ms")
    price = float(cost.to(kHz))
    if not price >= 0:
        raise ParameterError(f"compare: cost must not be negative, got {cost}.")
    responses = {
        name: respond(prepare("compare", m, dt, method, seed), given[name], duration, into=into)
        for name, m in named.items()
    }
    trains = [found.spikes for found in responses.values()]
    count = len(trains)
    near, edits = np.zeros((count, count)), np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            near[i, j] = near[j, i] = filter_distance(trains[i], trains[j], filter_time)
            edits[i, j] = edits[j, i] = edit_distance(trains[i], trains[j], price)
    return Comparison(responses, near, edits, filter_time, price)


def _named(models: Any) -> dict[str, Any]:
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str):
        named = {}
        for model in models:
            name = model.definition.name if hasattr(model, "definition") else repr(model)
            number, base = 2, name
            while name in named:
                name, number = f"{base} ({number})", number + 1
            named[name] = model
    else:
        named = {}
    if not named:
        raise ParameterError(
            f"compare: a list of neurons is needed, or name -> neuron, got {models!r}.",
            hint="lab.compare([LIF(), AdEx()], 0.5 * nA, 500 * ms)",
        )
    return named


def _inputs(input: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(input, Mapping):
        return dict.fromkeys(named, input)
    if set(input) != set(named):
        raise ParameterError(
            f"compare: inputs are given for {sorted(map(str, input))}, the neurons are "
            f"{sorted(named)}.",
            hint="one input for each name, or one for all",
        )
    return dict(input)
