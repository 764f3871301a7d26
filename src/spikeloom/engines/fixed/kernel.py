"""simulate: many ticks of a population of whole numbers, with the states in registers.

A few groups of neurons go through all ticks together. Every array is padded to whole groups with
neurons of which nothing is kept but that they are as lawful as the others.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.fixed.code import TickCode

PARAMETERS = "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"
NUMBERS = {"steps", "width", "padded", "row_bytes", "step", "origin", "every", "wait"}


@dataclass(frozen=True, slots=True)
class TickVariant:
    """What changes the code of the kernel.

    Arguments:
        columns: Parameters that differ from neuron to neuron; the others are one number.
        inputs: Inputs that are given; the others are 0.
        series: Those of them that change from tick to tick.
        spikes: Whether spikes are written.
        record: States that are recorded.
        lanes: Neurons to a vector.
        unroll: Vectors that go through time together; 1, 2 and 4 take 0.40, 0.25 and 0.19 ns a tick
            of TrueNorth's neuron, 0.87, 0.61 and 0.55 of Loihi's.
    """

    columns: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    spikes: bool = True
    record: tuple[str, ...] = ()
    lanes: int = 8
    unroll: int = 4

    @property
    def group(self) -> int:
        """Neurons that go through time together."""
        return self.lanes * self.unroll

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return "fixed|" + "|".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))


def tick_slots(program: TickProgram, variant: TickVariant) -> tuple[str, ...]:
    """Names of the 64-bit words that the kernel gets: numbers and addresses."""
    arrays = [f"param:{name}" for name in program.params]
    arrays += [f"input:{name}" for name in variant.inputs]
    arrays += [f"{kind}:{name}" for name in program.states for kind in ("in", "out")]
    arrays += [f"trace:{name}" for name in variant.record]
    keys = [f"key:{name}" for name in program.random]
    return (*sorted(NUMBERS), "bits", *arrays, *keys)


def write_kernel(program: TickProgram, variant: TickVariant) -> str:
    """The module with ``simulate``."""
    return _Kernel(program, variant).text()


class _Kernel(TickCode):
    def __init__(self, program: TickProgram, variant: TickVariant) -> None:
        super().__init__(Writer(), program, variant.lanes, variant.columns, variant.spikes)
        self.variant = variant

    def text(self) -> str:
        w, variant = self.w, self.variant
        with w.function("simulate", PARAMETERS):
            slot: dict[str, str] = {}
            for place, name in enumerate(tick_slots(self.program, variant)):
                at = w.let(f"getelementptr i64, ptr %slots, i64 {place}")
                number = name in NUMBERS or name.startswith("key:")
                kind = "i64" if number else "ptr"
                slot[name] = w.let(f"load {kind}, ptr {at}, align 8", name.split(":")[-1])
            self.slot = slot
            fixed = self.scalars()
            with w.loop("%begin", "%end", variant.group) as loop:
                groups = range(variant.unroll)
                firsts = [self.add(loop.index, g * variant.lanes) for g in groups]
                given = [fixed | self.columns(first) | self.steady(first) for first in firsts]
                carried = [
                    (self.kind(f"state:{n}"), self.load(f"state:{n}", f"in:{n}", first))
                    for first in firsts
                    for n in self.program.states
                ]
                wait = [("i64", self.slot["wait"])] if variant.record else []
                with w.loop("0", self.slot["steps"], carried=[*carried, *wait]) as time:
                    time.next = tuple(self.tick(given, firsts, time.index, time.carried))
                names = [(first, n) for first in firsts for n in self.program.states]
                for (first, n), value in zip(names, time.results, strict=False):
                    self.store(value, f"state:{n}", f"out:{n}", first)
        return w.text()

    def steady(self, first: str) -> dict[str, str]:
        """Inputs that stay as they are."""
        names = [n for n in self.variant.inputs if n not in self.variant.series]
        leaves = [f"input:{n}" for n in names]
        return {leaf: self.load(leaf, leaf, first) for leaf in leaves if leaf in self.reads}

    def tick(
        self, given: list[dict[str, str]], firsts: list[str], time: str, carried: tuple[str, ...]
    ) -> list[str]:
        """One tick of all groups; gives what the loop carries on."""
        w, count, after = self.w, len(self.program.states), list[str]()
        now = self.add(self.slot["step"], time)
        row = self.mul(time, self.slot["padded"])
        starts = self.streams(now)
        for g, first in enumerate(firsts):
            own = dict(given[g])
            for name in self.variant.series:
                w.note(f"read input:{name}")
                own[f"input:{name}"] = self.load(
                    f"input:{name}", f"input:{name}", self.add(row, first)
                )
            states, spikes = self.group(
                own, carried[g * count : (g + 1) * count], starts, now, first
            )
            after += states
            if self.variant.spikes:
                self.store_bits(spikes, time, first)
        if self.variant.record:
            after.append(self.record(after, carried[-1], time, firsts))
        return after

    def store_bits(self, spikes: str, time: str, first: str) -> None:
        """The spikes of one group as the bits of one small integer, lowest neuron lowest."""
        w, lanes = self.w, self.v.lanes
        w.note("write spikes, one bit a neuron")
        ids = ", ".join(f"i64 {k}" for k in range(lanes))
        left = self.v.splat(w.let(f"sub i64 {self.slot['width']}, {first}"), 64)
        real = w.let(f"icmp slt <{lanes} x i64> <{ids}>, {left}")
        spikes = w.let(f"and <{lanes} x i1> {spikes}, {real}")
        bits = w.let(f"bitcast <{lanes} x i1> {spikes} to i{lanes}")
        place = self.add(self.mul(time, self.slot["row_bytes"]), w.let(f"lshr i64 {first}, 3"))
        at = w.let(f"getelementptr i8, ptr {self.slot['bits']}, i64 {place}")
        w.put(f"store i{lanes} {bits}, ptr {at}, align 1")

    def record(self, after: list[str], wait: str, time: str, firsts: list[str]) -> str:
        """Store the recorded states if this tick is one of those; gives the ticks to wait."""
        w, states = self.w, self.program.states
        due = w.let(f"icmp eq i64 {wait}, 0")
        with w.when(due):
            row = w.let(f"udiv i64 {time}, {self.slot['every']}")
            place = self.mul(row, self.slot["padded"])
            for name in self.variant.record:
                for g, first in enumerate(firsts):
                    value = after[g * len(states) + states.index(name)]
                    self.store(value, f"state:{name}", f"trace:{name}", self.add(place, first))
        ready = w.let(f"select i1 {due}, i64 {self.slot['every']}, i64 {wait}")
        return w.let(f"sub i64 {ready}, 1")
