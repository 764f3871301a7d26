"""A network in words that every side understands: plain numbers, handed to the workers as JSON.

Units are those of the field: ms, mV, pA, nS, pF, Hz. A delay is the time from a spike, at the end
of its step, to the arrival at the target; the workers translate it where their simulator counts
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Model = Literal["current", "conductance", "channels", "kick"]
"""LIF with exponential currents, LIF with exponential conductances, Traub-Miles cell with these,
and LIF whose potential jumps."""
Draw = tuple[Literal["uniform", "normal", "positive normal"], float, float]
"""A distribution: its low and high end, or its mean and deviation (clipped at 0 if positive)."""


@dataclass(frozen=True)
class Cells:
    """A population.

    Arguments:
        name: What it is called.
        size: Number of neurons.
        model: Equations.
        values: Parameters by name, as in `ConductanceLIF` and `TraubMiles`; besides ``t_ref``,
            ``tau_exc``, ``tau_inh``, ``E_exc``, ``E_inh``.
        start: State (``v``, ``exc``, ``inh``) -> distribution of its values at the beginning.
    """

    name: str
    size: int
    model: Model
    values: Mapping[str, float]
    start: Mapping[str, Draw] = field(default_factory=dict)


@dataclass(frozen=True)
class Wires:
    """Connections of one kind.

    Arguments:
        source: Name of a population.
        target: Names of populations, which are connected as one.
        port: ``exc`` or ``inh``.
        rule: ``probability`` p of each pair; ``in_degree`` k different sources of each target, not
            itself; ``total`` n pairs drawn with replacement.
        number: p, k or n.
        weight: Mean weight, in pA, nS or mV.
        weight_sd: Its standard deviation; draws of the wrong sign are drawn again.
        delay: Mean delay.
        delay_sd: Its standard deviation; draws below half a step are drawn again.
        learning: Whether the power law STDP of the case changes the weights.
    """

    source: str
    target: tuple[str, ...]
    port: Literal["exc", "inh"]
    rule: Literal["probability", "in_degree", "total"]
    number: float
    weight: float
    weight_sd: float = 0.0
    delay: float = 0.1
    delay_sd: float = 0.0
    learning: bool = False


@dataclass(frozen=True)
class Noise:
    """Poisson spikes for each neuron on its own: ``sources`` trains of ``rate`` Hz, merged."""

    target: tuple[str, ...]
    sources: int
    rate: float
    weight: float
    port: Literal["exc", "inh"] = "exc"


@dataclass(frozen=True)
class PowerLaw:
    """STDP with a power law: w rises by lambda w^mu and falls by lambda alpha w, times traces.

    Source: Morrison, Aertsen & Diesmann 2007, Neural Comput. 19:1437, eq. 3 and 4.
    """

    lambda_: float
    alpha: float
    mu: float = 0.4
    tau_plus: float = 15.0
    tau_minus: float = 30.0


@dataclass(frozen=True)
class Spec:
    """A whole network and how it is run.

    Arguments:
        name: Of the case.
        cells, wires, noise: Its parts.
        settle: Milliseconds before anything is measured.
        stretch: Milliseconds of one timing.
        dt: Time step.
        seed: Of everything random on every side.
        learning: The rule of the wires that learn.
        regenerate: Whether our side keeps no synapses but draws them again at each spike.
        twin: Whether all sides are wired alike, synapse by synapse, by ``workers/draws.py``.
    """

    name: str
    cells: tuple[Cells, ...]
    wires: tuple[Wires, ...]
    noise: tuple[Noise, ...] = ()
    settle: float = 200.0
    stretch: float = 1000.0
    dt: float = 0.1
    seed: int = 1
    learning: PowerLaw | None = None
    regenerate: bool = False
    twin: bool = False

    @property
    def sizes(self) -> dict[str, int]:
        """Number of neurons of each population."""
        return {c.name: c.size for c in self.cells}

    @property
    def neurons(self) -> int:
        """Number of all neurons."""
        return sum(self.sizes.values())

    def expected(self, wires: Wires) -> float:
        """How many synapses some wires have on average.

        >>> cells = (Cells("a", 10, "kick", {}), Cells("b", 20, "kick", {}))
        >>> wires = Wires("a", ("a", "b"), "exc", "in_degree", 3, 0.1)
        >>> Spec("tiny", cells, (wires,)).synapses
        90
        """
        targets = sum(self.sizes[name] for name in wires.target)
        pairs = self.sizes[wires.source] * targets
        return {
            "probability": wires.number * pairs,
            "in_degree": wires.number * targets,
            "total": wires.number,
        }[wires.rule]

    @property
    def synapses(self) -> float:
        """How many synapses there are on average."""
        return sum(self.expected(wires) for wires in self.wires)

    @property
    def uncertainty(self) -> float:
        """Standard deviation of the number of synapses."""
        return sum(
            self.expected(w) * (1 - w.number) for w in self.wires if w.rule == "probability"
        ) ** 0.5  # fmt: skip

    def events(self, spikes: Mapping[str, float]) -> float:
        """Synaptic events that so many spikes of each population set off."""
        return sum(
            spikes[w.source] * self.expected(w) / self.sizes[w.source] for w in self.wires
        )  # fmt: skip

    def silent(self) -> Spec:
        """The same network with a threshold that nothing reaches: its neurons still step."""
        cells = tuple(replace(c, values={**c.values, "theta": 1e9}) for c in self.cells)
        return replace(self, name=f"{self.name}, silent", cells=cells)

    def as_twin(self, length: float) -> Spec:
        """The same network without chance: wired alike on all sides, with steady input."""
        cells = tuple(replace(c, values={**c.values, **self._steady(c)}) for c in self.cells)
        return replace(
            self, name=f"{self.name}, twin", cells=cells, noise=(), settle=0.0, stretch=length,
            twin=True,
        )  # fmt: skip

    def _steady(self, cells: Cells) -> dict[str, float]:
        """A current in the place of noise, in pA: half as much again as the threshold asks for."""
        v = cells.values
        noisy = any(cells.name in noise.target for noise in self.noise)
        return {"I": 1.5 * v["g_L"] * (v["theta"] - v["E_L"])} if noisy else {}

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
