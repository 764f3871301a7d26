"""The networks of `spikeloom bench network`, as specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from spikeloom.bench.network.spec import Cells, Draw, Noise, PowerLaw, Spec, Wires
from spikeloom.network.library import microcircuit as column

LIF = {"C": 200.0, "g_L": 10.0}


def _balanced(name: str, scale: float, wires: tuple[float, float], cells: Cells) -> Spec:
    """4,000 neurons, 80 % excitatory, 2 % of all pairs connected; at any scale 80 inputs each."""
    sizes = {"exc": round(3200 * scale), "inh": round(800 * scale)}
    everyone, chance = ("exc", "inh"), min(0.02 / scale, 1.0)
    return Spec(
        name,
        tuple(Cells(n, s, cells.model, cells.values, cells.start) for n, s in sizes.items()),
        (
            Wires("exc", everyone, "exc", "probability", chance, wires[0]),
            Wires("inh", everyone, "inh", "probability", chance, wires[1]),
        ),
    )


def cuba(scale: float = 1.0) -> Spec:
    """Balanced network of current-based neurons (Brette et al. 2007, benchmark 2)."""
    values = LIF | {"E_L": -49.0, "theta": -50.0, "v_reset": -60.0, "t_ref": 5.0}
    values |= {"tau_exc": 5.0, "tau_inh": 10.0}
    start: Mapping[str, Draw] = {"v": ("uniform", -60.0, -50.0)}
    return _balanced("cuba", scale, (16.2, -90.0), Cells("", 0, "current", values, start))


REVERSAL = {"tau_exc": 5.0, "tau_inh": 10.0, "E_exc": 0.0, "E_inh": -80.0}
ACTIVE: Mapping[str, Draw] = {
    "v": ("normal", -65.0, 5.0),
    "exc": ("positive normal", 40.0, 15.0),
    "inh": ("positive normal", 200.0, 120.0),
}
"""Start of a network that is active already; without it COBA would stay silent."""


def coba(scale: float = 1.0) -> Spec:
    """The same balance by conductances (Brette et al. 2007, benchmark 1)."""
    values = LIF | {"E_L": -60.0, "theta": -50.0, "v_reset": -60.0, "t_ref": 5.0} | REVERSAL
    return _balanced("coba", scale, (6.0, 67.0), Cells("", 0, "conductance", values, ACTIVE))


def cobahh(scale: float = 1.0) -> Spec:
    """COBA of cells with sodium and potassium channels (Brette et al. 2007, benchmark 3)."""
    values = LIF | {"E_L": -60.0, "g_Na": 20000.0, "g_K": 6000.0, "E_Na": 50.0, "E_K": -90.0}
    values |= {"V_T": -63.0, "theta": -20.0} | REVERSAL
    return _balanced("cobahh", scale, (6.0, 67.0), Cells("", 0, "channels", values, ACTIVE))


KICK = {"C": 200.0, "g_L": 10.0, "E_L": 0.0, "theta": 20.0, "v_reset": 10.0, "t_ref": 2.0}


def brunel(scale: float = 1.0, learning: bool = False) -> Spec:
    """Brunel's network at point C, asynchronous and irregular (Brunel 2000, figure 8).

    10,000 and 2,500 neurons with 1,000 and 250 inputs each: 15.6 million synapses.
    """
    sizes = {"exc": round(10_000 * scale), "inh": round(2500 * scale)}
    everyone, start = ("exc", "inh"), {"v": ("uniform", 0.0, 20.0)}
    # From a spike to the spike that it sets off pass 1.5 ms: the step in which a kick acts
    # belongs to them.
    J, D = 0.1, 1.4
    parts = (("exc",), ("inh",)) if learning else (everyone,)
    excite = tuple(
        Wires("exc", to, "exc", "in_degree", 1000, J, delay=D, learning=learning and to == ("exc",))
        for to in parts
    )
    return Spec(
        "brunel-stdp" if learning else "brunel",
        tuple(Cells(n, s, "kick", KICK, start) for n, s in sizes.items()),  # type: ignore[arg-type]
        (*excite, Wires("inh", everyone, "inh", "in_degree", 250, -5 * J, delay=D)),
        (Noise(everyone, 1000, 20.0, J),),
        settle=100.0,
        stretch=500.0,
        learning=power_law(J) if learning else None,
    )


def power_law(weight: float) -> PowerLaw:
    """The rule of hpc_benchmark, in units in which its 45.6 pA are `weight`.

    >>> rule = power_law(45.6096)
    >>> round(rule.lambda_, 6), round(rule.alpha, 6)
    (0.1, 0.0513)
    """
    ratio = (weight / 45.6096) ** 0.6
    return PowerLaw(lambda_=0.1 * ratio, alpha=0.0513 / ratio)


def microcircuit(scale: float = 0.2) -> Spec:
    """Cortical column (Potjans & Diesmann 2014): neurons and inputs of each shrink with `scale`.

    Weights grow by 1 / sqrt(scale) and a constant current gives what is then missing of the mean
    input, so that mean and variance of the input stay as they are at full scale.
    """
    stronger = scale**-0.5
    wires = tuple(
        Wires(
            column.NAMES[s], (column.NAMES[t],), "inh" if s % 2 else "exc", "total",
            round(column.synapses(t, s) * scale**2),
            column.weight(t, s) * stronger, 0.1 * abs(column.weight(t, s)) * stronger,
            column.longer(s), column.longer(s) / 2,
        )
        for t, s in product(range(8), range(8))
        if column.CHANCE[t][s]
    )  # fmt: skip
    values = {"C": 250.0, "g_L": 25.0, "E_L": -65.0, "theta": -50.0, "v_reset": -65.0}
    values |= {"t_ref": 2.0, "tau_exc": column.TAU, "tau_inh": column.TAU}
    return Spec(
        "microcircuit",
        tuple(
            Cells(
                column.NAMES[k],
                max(1, round(column.SIZES[k] * scale)),
                "current",
                values | {"I": column.lacking(k, scale)},
                {"v": ("normal", *column.STARTS[k])},
            )
            for k in range(8)
        ),
        wires,
        tuple(
            Noise(
                (column.NAMES[k],),
                round(column.EXTERNAL[k] * scale),
                8.0,
                column.WEIGHT * stronger,
            )
            for k in range(8)
        ),
        settle=100.0,
        stretch=500.0,
    )


QUIET = LIF | {"E_L": -60.0, "theta": 1e9, "v_reset": -60.0, "t_ref": 5.0}
QUIET |= {"tau_exc": 5.0, "tau_inh": 10.0}


def quiet(neurons: int, inputs: float, name: str) -> Spec:
    """A network that never fires, with so many inputs of each neuron on average."""
    cells = Cells("all", neurons, "current", QUIET)
    wires = Wires("all", ("all",), "exc", "probability", inputs / neurons, 16.2, delay=1.5)
    return Spec(name, (cells,), (wires,), settle=10.0, stretch=100.0)


def sparse(neurons: int, inputs: int) -> Spec:
    """A network of which one neuron in a thousand fires; its connections are not kept."""
    few, chance = max(1, neurons // 1000), inputs / neurons
    sizes, loud = {"few": few, "most": neurons - few}, {"E_L": -45.0, "theta": -50.0}
    return Spec(
        "regenerated",
        tuple(
            Cells(n, s, "current", QUIET | (loud if n == "few" else {})) for n, s in sizes.items()
        ),
        tuple(
            Wires(a, (b,), "exc", "probability", chance, 0.1, delay=1.5)
            for a in sizes
            for b in sizes
        ),
        settle=10.0,
        stretch=100.0,
        regenerate=True,
    )


BOTH = ("brian2", "nest")


@dataclass(frozen=True)
class Case:
    """A network that is run beside others.

    Arguments:
        make: Its spec at a scale.
        band: What is known of its mean rate in Hz, at scale 1.
        tolerance: How far rates of two sides may lie apart, relative to the larger: a few times
            what other graphs of the same statistics give, and for COBAHH room for NEST's finer
            integration.
        scale: At which it is run if nothing is said.
        peers: Who can run it.
        exact: Whose steps are the same as ours, so that a twin fires the very same spikes. NEST
            integrates conductances by a method of its own; Brian2 loses jumps of the potential for
            a step longer after a spike. With STDP nobody has the same order of events: Brian2's
            delay is axonal and NEST's, for jumps, a step longer.
        twin: Scale of the twin.
        small: Whether the smallest of a peer's ways counts, not the fastest.
    """

    make: Callable[[float], Spec]
    band: tuple[float, float] | None
    tolerance: float
    scale: float = 1.0
    peers: tuple[str, ...] = BOTH
    exact: tuple[str, ...] = ()
    twin: float = 0.25
    small: bool = False


CASES: Mapping[str, Case] = {
    "cuba": Case(cuba, (5, 7), 0.20, exact=BOTH),
    "coba": Case(coba, (15, 25), 0.30, exact=("brian2",)),
    "cobahh": Case(cobahh, (30, 45), 0.20, exact=("brian2",)),
    "brunel": Case(brunel, (36.5, 39.5), 0.06, exact=("nest",), twin=0.11),
    "brunel-stdp": Case(lambda scale: brunel(scale, learning=True), None, 0.10),
    "microcircuit": Case(microcircuit, None, 0.10, 0.2, ("nest",), ("nest",), 0.02),
    "memory": Case(
        lambda scale: quiet(round(20_000 * scale), 1000, "memory"), None, 0.0, small=True
    ),
}
"""Cases with peers, by name."""
