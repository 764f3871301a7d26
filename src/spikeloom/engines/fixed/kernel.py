"""simulate: many ticks of a population of whole numbers, with the states in registers.

A few groups of neurons go through all ticks together. Every array is padded to whole groups with
neurons of which nothing is kept but that they are as lawful as the others.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.draws import signed, write_mix, write_words
from spikeloom.engines.cpu.emit import leaves
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.fixed.draws import NEXT_WORD
from spikeloom.engines.fixed.emit import Ints, bits_of, write_ticks
from spikeloom.engines.poisson import GOLDEN

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


class _Kernel:
    def __init__(self, program: TickProgram, variant: TickVariant) -> None:
        self.program, self.variant = program, variant
        self.w = Writer()
        self.v = Ints(self.w, variant.lanes)
        self.slot: dict[str, str] = {}
        self.wanted = [f"state:{name}" for name in program.states]
        self.wanted += ["bits"] if variant.spikes else []
        self.reads = leaves(program.forward, ["out" if n == "bits" else n for n in self.wanted])

    def text(self) -> str:
        w, variant = self.w, self.variant
        with w.function("simulate", PARAMETERS):
            for place, name in enumerate(tick_slots(self.program, variant)):
                at = w.let(f"getelementptr i64, ptr %slots, i64 {place}")
                number = name in NUMBERS or name.startswith("key:")
                kind = "i64" if number else "ptr"
                self.slot[name] = w.let(f"load {kind}, ptr {at}, align 8", name.split(":")[-1])
            fixed = self.scalars()
            with w.loop("%begin", "%end", variant.group) as loop:
                groups = range(variant.unroll)
                firsts = [self.add(loop.index, g * variant.lanes) for g in groups]
                given = [fixed | self.columns(first) for first in firsts]
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

    def scalars(self) -> dict[str, str]:
        """Parameters that are one number, and inputs that are not given."""
        made = {f"input:{n}": self.zero(f"input:{n}") for n in self.program.inputs}
        for name in self.program.params:
            leaf = f"param:{name}"
            if name not in self.variant.columns and leaf in self.reads:
                self.w.note(f"{leaf}, the same for every neuron")
                bits = self.bits(leaf)
                at = self.slot[leaf]
                one = self.w.let(f"load i{bits}, ptr {at}, align {bits // 8}")
                made[leaf] = self.v.splat(one, bits)
        return made

    def columns(self, first: str) -> dict[str, str]:
        """What differs between neurons and stays through time."""
        names = [f"param:{n}" for n in self.variant.columns]
        names += [f"input:{n}" for n in self.variant.inputs if n not in self.variant.series]
        return {leaf: self.load(leaf, leaf, first) for leaf in names if leaf in self.reads}

    def tick(
        self, given: list[dict[str, str]], firsts: list[str], time: str, carried: tuple[str, ...]
    ) -> list[str]:
        """One tick of all groups; gives what the loop carries on."""
        w, states, after = self.w, self.program.states, list[str]()
        starts: dict[str, str] = {}
        now = self.add(self.slot["step"], time)
        row = self.mul(time, self.slot["padded"])
        for leaf in self.plain():
            starts[leaf] = self.start(leaf, now, "0")
        for g, first in enumerate(firsts):
            own = dict(given[g])
            for k, name in enumerate(states):
                own[f"state:{name}"] = carried[g * len(states) + k]
            for name in self.variant.series:
                w.note(f"read input:{name}")
                own[f"input:{name}"] = self.load(
                    f"input:{name}", f"input:{name}", self.add(row, first)
                )
            for leaf, start in starts.items():
                w.note(f"draw {leaf.partition(':')[2]}")
                own[leaf] = self.drawn(leaf, write_words(w, start, first, self.v.lanes), 0)
            found = write_ticks(
                self.v, self.program.forward, self.program.spans, own, self.wanted,
                lambda *what, first=first: self.hits(now, first, *what),
            )  # fmt: skip
            after += [self.fit(f"state:{n}", found[f"state:{n}"]) for n in states]
            if self.variant.spikes:
                self.store_bits(found["bits"], time, first)
        if self.variant.record:
            after.append(self.record(after, carried[-1], time, firsts))
        return after

    def plain(self) -> list[str]:
        """Random numbers that are read as such; `hits` has its own way to its stream."""
        instrs = self.program.forward.instrs
        read = {a for i in instrs for a in i.args[i.op == "hits" :]}
        names = [instrs[a].name or "" for a in sorted(read)]
        return [n for n in names if n.startswith("draw:") and n in self.reads]

    def start(self, leaf: str, now: str, word: str) -> str:
        """What sets a stream, a tick and a word of it apart."""
        key = self.add(self.slot[f"key:{leaf}"], self.mul(word, signed(NEXT_WORD)))
        z = self.add(key, self.mul(self.add(now, 1), signed(GOLDEN)))
        return self.add(write_mix(self.w, z), self.slot["origin"])

    def drawn(self, leaf: str, words: str, k: int, bits: int | None = None) -> str:
        """The k-th number of a word in each lane."""
        wide = dict(self.program.draws)[leaf.partition(":")[2]]
        moved = words if k == 0 else self.v.two("lshr", words, self.v.const(k * wide, 64), 64)
        cut = self.v.two("and", moved, self.v.const((1 << wide) - 1, 64), 64)
        return self.v.cast(cut, 64, bits or self.bits(leaf))

    def hits(self, now: str, first: str, leaf: str, number: str, limit: str, bits: int) -> str:
        """Of so many draws in each lane, how many are at most the limit."""
        w, v = self.w, self.v
        each = 64 // dict(self.program.draws)[leaf.partition(":")[2]]
        wide = max(bits, self.bits(leaf))
        limit = v.cast(limit, bits, wide)
        kind, truth = v.kind(32), f"<{v.lanes} x i1>"
        name = f"llvm.vector.reduce.smax.v{v.lanes}i32"
        most = w.let(f"sext i32 {w.call('i32', name, f'{kind} {number}', kind)} to i64")

        def more(values: tuple[str, ...]) -> str:
            return w.let(f"icmp slt i64 {self.mul(values[0], each)}, {most}")

        def turn(values: tuple[str, ...]) -> list[str]:
            word, total = values
            words = write_words(w, self.start(leaf, now, word), first, v.lanes)
            done = self.mul(word, each)
            for k in range(each):
                at = v.splat(w.let(f"trunc i64 {self.add(done, k)} to i32"), 32)
                counts = v.compare("slt", at, number, 32)
                low = v.compare("sle", self.drawn(leaf, words, k, wide), limit, wide)
                both = w.let(f"and {truth} {counts}, {low}")
                total = v.two("add", total, w.let(f"zext {truth} {both} to {kind}"), 32)
            return [self.add(word, 1), total]

        return w.repeat([("i64", "0"), (kind, "zeroinitializer")], more, turn)[1]

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

    def bits(self, leaf: str) -> int:
        return bits_of(self.program.leaf_spans[leaf])

    def kind(self, leaf: str) -> str:
        return self.v.kind(self.bits(leaf))

    def zero(self, leaf: str) -> str:
        return self.v.const(0, self.bits(leaf))

    def fit(self, leaf: str, value: str) -> str:
        """A new state in the width of the state; its own range may be narrower."""
        place = dict(self.program.forward.outputs)[leaf]
        return self.v.cast(value, bits_of(self.program.spans[place]), self.bits(leaf))

    def load(self, leaf: str, slot: str, place: str) -> str:
        bits = self.bits(leaf)
        at = self.w.let(f"getelementptr i{bits}, ptr {self.slot[slot]}, i64 {place}")
        return self.w.let(f"load {self.v.kind(bits)}, ptr {at}, align {bits // 8}")

    def store(self, value: str, leaf: str, slot: str, place: str) -> None:
        bits = self.bits(leaf)
        at = self.w.let(f"getelementptr i{bits}, ptr {self.slot[slot]}, i64 {place}")
        self.w.put(f"store {self.v.kind(bits)} {value}, ptr {at}, align {bits // 8}")

    def add(self, a: str, b: str | int) -> str:
        return self.w.let(f"add i64 {a}, {b}")

    def mul(self, a: str, b: str | int) -> str:
        return self.w.let(f"mul i64 {a}, {b}")
