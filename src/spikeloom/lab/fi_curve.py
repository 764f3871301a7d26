"""`fi_curve`: how often a neuron fires, for many currents at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.compile.events import event_model
from spikeloom.engines import exact_spikes
from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import CompileError, NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.lab.inputs import held, port_of
from spikeloom.lab.preparation import Preparation, prepare
from spikeloom.network.waveforms.waveform import amount

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class FICurve:
    """Firing rates under constant currents.

    Arguments:
        model: The neuron.
        currents: (K,), in `unit`.
        counts: Spikes of each, (K,).
        trains: Times of the spikes of each, ms.
        duration: How long each current lasted, ms.
        port: Name of the input.
        unit: Of the currents.
        precise: Whether the spikes have exact times.

    >>> import numpy as np
    >>> from spikeloom import LIF, lab, ms, nA
    >>> curve = lab.fi_curve(LIF(), np.linspace(0.1, 0.3, 5) * nA, 500 * ms)
    >>> curve.rate.round(1).tolist(), curve.settled.round(3).tolist()
    ([0.0, 0.0, 36.0, 54.0, 72.0], [0.0, 0.0, 36.067, 54.568, 72.135])
    """

    model: Cell | Neuron | Refractory
    currents: Array
    counts: Array
    trains: tuple[Array, ...]
    duration: float
    port: str
    unit: Unit
    precise: bool

    @property
    def rate(self) -> Array:
        """Spikes over the whole time, Hz, (K,)."""
        return 1000 * self.counts / self.duration

    @property
    def first(self) -> Array:
        """One over the first interval, Hz; 0 with fewer than two spikes."""
        return np.array([1000 / (t[1] - t[0]) if len(t) > 1 else 0.0 for t in self.trains])

    @property
    def settled(self) -> Array:
        """One over the mean interval of the second half of the spikes, Hz; 0 with fewer than two.

        Silence since the last spike counts too, once it is longer than the last two intervals: a
        neuron that has stopped has settled at 0.
        """
        return np.array([_settled(t, self.duration) for t in self.trains])

    @property
    def adaptation(self) -> Array:
        """Settled over first rate: 1 without adaptation, NaN with fewer than two spikes."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.first > 0, self.settled / self.first, np.nan)

    def __repr__(self) -> str:
        low, high = self.currents.min(), self.currents.max()
        return (
            f"{self.model.definition.name}: {len(self.currents)} values of {self.port} from "
            f"{low:g} to {high:g} {self.unit!s}, {self.duration:g} ms each, up to "
            f"{self.rate.max():.4g} Hz"
        )


def fi_curve(
    model: Cell | Neuron | Refractory,
    currents: Quantity,
    duration: Quantity = 1000 * ms,
    dt: Quantity | None = None,
    *,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    method: Method | None = None,
    seed: int = 0,
) -> FICurve:
    """How often a neuron fires under each of many constant currents, all in one run.

    Arguments:
        model: Any neuron.
        currents: (K,), with the unit of the input.
        duration: How long each lasts, from the beginning on.
        dt, into, held, start, method, seed: As for `response`; each current has noise of its own.

    Raises:
        ShapeError: No list of currents.
        ParameterError: It never spikes, or it is not clear into which input this flows.
        UnitError: The currents are in another unit.
        NumericsError: dt is too large.

    >>> from spikeloom import AdEx, lab, ms, pA
    >>> lab.fi_curve(AdEx(), [700, 800, 1000, 1500] * pA).counts.tolist()
    [9, 17, 31, 61]
    """
    ready = prepare("fi_curve", model, dt, method, seed)
    return measure(ready, currents, duration, into=into, others=held, start=start, strict=True)


def measure(
    ready: Preparation,
    currents: Quantity,
    duration: Quantity,
    *,
    into: str | None,
    others: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    width: int | None = None,
    strict: bool = False,
) -> FICurve:
    """`fi_curve` of a neuron that is ready; the currents end after `width` steps, if given.

    Where it is strict, a state that is not finite at the end is refused.
    """
    definition = ready.neuron.definition
    port = port_of(ready.who, definition, into)
    if definition.fires is None:
        raise ParameterError(f"{ready.who}: {definition.name} never spikes.")
    flow = current_values(ready.who, port.name, port.unit, currents)
    steady = held(definition, others, ready.who)
    steps = ready.steps("duration", duration)
    size = len(flow)
    trains = None
    if ready.method is None and port.kind == "inflow" and start is None and width is None:
        trains = _exact(ready, flow, port.name, steps, steady)
    precise = trains is not None
    if trains is None:
        parts, state, done = [], ready.started(size, start), 0
        for count, now in ((min(width or steps, steps), flow), (steps, np.zeros(size))):
            if count > done:
                run = ready.run(
                    count - done, size, {port.name: now, **steady}, record=(), state=state,
                    first=done,
                )  # fmt: skip
                parts.append((run.spike_times, run.spike_ids))
                if strict:
                    _check_finite(ready, run.state, flow, port.unit)
                # Where a current was so strong that the step blew up, the rest is left out.
                state = {n: np.where(np.isfinite(x), x, state[n]) for n, x in run.state.items()}
                done = count
        times, ids = (np.concatenate(x) for x in zip(*parts, strict=True))
        trains = split(times * ready.scale, ids, size)
    counts = np.array([len(t) for t in trains])
    return FICurve(
        ready.neuron, flow, counts, trains, steps * ready.step, port.name, port.unit, precise
    )


def _check_finite(ready: Preparation, state: Mapping[str, Array], flow: Array, unit: Unit) -> None:
    bad = ~np.isfinite(np.array(list(state.values()))).all(axis=0)
    if bad.any():
        raise NumericsError(
            f"{ready.who}: under {flow[bad][0]:g} {unit!s} the states of "
            f"{ready.neuron.definition.name} do not stay finite.",
            hint=f"a dt below {ready.dt}, or weaker currents",
        )


def current_values(who: str, name: str, unit: Unit, currents: Any) -> Array:
    """Currents as plain numbers, (K,).

    Raises:
        UnitError: In another unit.
        ShapeError: No list of them.
    """
    given = amount(f"{who}: what flows into {name!r}", currents, 2)
    if not isinstance(given, Quantity) or not given.unit.fits(unit):
        raise UnitError(
            f"{who}: what flows into {name!r} is in {unit.described}, got {given}.",
            hint=f"for example np.linspace(0, 1, 50) * {unit!r}",
        )
    found = np.atleast_1d(np.asarray(given.to(unit), np.float64))
    if found.ndim != 1 or not len(found):
        raise ShapeError(f"{who}: currents must be a list of at least one, got {found.shape}.")
    return found


def split(times: Array, ids: Array, size: int) -> tuple[Array, ...]:
    """Spike times of each of `size` neurons."""
    order = np.argsort(ids, kind="stable")
    ends = np.cumsum(np.bincount(ids, minlength=size))[:-1]
    return tuple(np.split(times[order], ends))


def _exact(
    ready: Preparation, flow: Array, name: str, steps: int, steady: Mapping[str, Any]
) -> tuple[Array, ...] | None:
    unit = next(i.unit for i in ready.neuron.definition.inputs if i.name == name)
    try:
        model = event_model(ready.neuron)
        if any(n in model.impulses for n in steady):
            return None
        run = exact_spikes(
            ready.neuron, steps * ready.step * ms, size=len(flow), seed=ready.seed,
            **{name: Quantity(flow, unit), **steady},
        )  # fmt: skip
    except (CompileError, NumericsError):
        return None
    return split(run.spike_times, run.spike_ids, len(flow))


def _settled(train: Array, duration: float) -> float:
    if len(train) < 2:
        return 0.0
    late = train[(len(train) - 1) // 2 :]
    silence = duration - train[-1]
    if silence > 2 * np.diff(train[-3:]).max():
        return 0.0
    return 1000 * (len(late) - 1) / float(late[-1] - late[0])
