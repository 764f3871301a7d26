"""One tick of a group of neurons as LLVM code: what every kernel over whole numbers shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.draws import signed, write_mix, write_words
from spikeloom.engines.cpu.emit import leaves
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.fixed.draws import NEXT_WORD
from spikeloom.engines.fixed.emit import Ints, bits_of, write_ticks
from spikeloom.engines.poisson import GOLDEN


class TickCode:
    """Writes ticks of a Program.

    Arguments:
        w: Where to write.
        program: The neuron.
        lanes: Neurons to a vector.
        columns: Parameters that differ from neuron to neuron; the others are one number.
        spikes: Whether spikes are wanted.
    """

    def __init__(
        self, w: Writer, program: TickProgram, lanes: int, columns: Sequence[str], spikes: bool
    ) -> None:
        self.w, self.program, self.v = w, program, Ints(w, lanes)
        self.slot: Mapping[str, str] = {}
        """The words that the caller gives, by name; set once they are loaded."""
        self.varied = tuple(columns)
        self.wanted = [f"state:{name}" for name in program.states]
        self.wanted += ["bits"] if spikes else []
        self.reads = leaves(program.forward, ["out" if n == "bits" else n for n in self.wanted])

    def group(
        self, own: dict[str, str], states: Sequence[str], starts: Mapping[str, str], now: str,
        first: str,
    ) -> tuple[list[str], str]:  # fmt: skip
        """One tick of one group: its states after it, and its spikes as truth values, or ``""``.

        Arguments:
            own: Parameters and inputs of the group, by leaf.
            states: Its states before the tick.
            starts: Of `streams`.
            now: Number of the tick.
            first: First neuron.
        """
        own = own | {f"state:{n}": x for n, x in zip(self.program.states, states, strict=True)}
        for leaf, start in starts.items():
            self.w.note(f"draw {leaf.partition(':')[2]}")
            own[leaf] = self.drawn(leaf, write_words(self.w, start, first, self.v.lanes), 0)
        found = write_ticks(
            self.v, self.program.forward, self.program.spans, own, self.wanted,
            lambda *what: self.hits(now, first, *what),
        )  # fmt: skip
        after = [self.fit(f"state:{n}", found[f"state:{n}"]) for n in self.program.states]
        return after, found.get("bits", "")

    def streams(self, now: str) -> dict[str, str]:
        """What sets each random number that is read as such apart in a tick."""
        return {leaf: self.start(leaf, now, "0") for leaf in self.plain()}

    def scalars(self) -> dict[str, str]:
        """Parameters that are one number, and inputs that are not given."""
        made = {f"input:{n}": self.zero(f"input:{n}") for n in self.program.inputs}
        for name in self.program.params:
            leaf = f"param:{name}"
            if name not in self.varied and leaf in self.reads:
                self.w.note(f"{leaf}, the same for every neuron")
                bits = self.bits(leaf)
                at = self.slot[leaf]
                one = self.w.let(f"load i{bits}, ptr {at}, align {bits // 8}")
                made[leaf] = self.v.splat(one, bits)
        return made

    def columns(self, first: str) -> dict[str, str]:
        """Parameters that differ between neurons."""
        names = [f"param:{n}" for n in self.varied]
        return {leaf: self.load(leaf, leaf, first) for leaf in names if leaf in self.reads}

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

    def fit(self, leaf: str, value: str) -> str:
        """A new state in the width of the state; its own range may be narrower."""
        place = dict(self.program.forward.outputs)[leaf]
        return self.v.cast(value, bits_of(self.program.spans[place]), self.bits(leaf))

    def bits(self, leaf: str) -> int:
        return bits_of(self.program.leaf_spans[leaf])

    def kind(self, leaf: str) -> str:
        return self.v.kind(self.bits(leaf))

    def zero(self, leaf: str) -> str:
        return self.v.const(0, self.bits(leaf))

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
