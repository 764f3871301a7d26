"""advance: a block of steps of a population.

A group of neurons goes through all steps of the block, its states in registers, before the next
group has its turn; where the rings are large, some thousand neurons do so together. In each step a
group takes what has arrived from its place in the rings and leaves zeros there. Spikes leave as
one bit a neuron and step. Memory is padded to whole groups, so nothing needs a mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikeloom.compile.program import Program
from spikeloom.engines.cpu.draws import Draws, write_mix
from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame
from spikeloom.engines.cpu.network.chance import write_counts, write_varying_counts
from spikeloom.engines.cpu.network.inflow import Inflow
from spikeloom.engines.cpu.network.variant import Stepping, is_number, step_slots
from spikeloom.engines.cpu.network.windows import Shape
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.variant import Variant
from spikeloom.engines.cpu.vector import Vec
from spikeloom.engines.poisson import GOLDEN


class Steps(Frame):
    """A frame with the slots of a population in a network.

    Arguments:
        w: Where to write.
        program: The neuron.
        variant: How it is stepped.
        host: For which processor.
        lanes: Neurons to a vector; None for as many as fit one.
        more: Slots beside those of the variant.
    """

    def __init__(
        self,
        w: Writer,
        program: Program,
        variant: Stepping,
        host: Host,
        lanes: int | None = None,
        more: tuple[str, ...] = (),
    ) -> None:
        self.w = w
        self.v = Vec(w, host, variant.dtype, lanes or host.lanes(variant.dtype))
        self.program = program
        self.stepping = variant
        self.variant = Variant(
            "simulate", variant.dtype, columns=variant.columns, inputs=variant.inputs
        )
        self._places = {name: i for i, name in enumerate((*step_slots(variant), *more))}
        self._loaded: dict[str, str] = {}

        self.wanted = [f"state:{name}" for name in program.states]
        self.wanted += ["bits"] if variant.spikes else []

    def following(self, slot: str) -> str:
        """The slot of the next step."""
        after = self.add(slot, 1)
        wrapped = self.w.let(f"icmp eq i64 {after}, {self.slot('slots')}")
        return self.w.let(f"select i1 {wrapped}, i64 0, i64 {after}")

    def slot(self, name: str) -> str:
        """A word given by the caller."""
        if name not in self._loaded:
            at = self.w.let(f"getelementptr i64, ptr %slots, i64 {self._places[name]}")
            kind = "i64" if is_number(name) else "ptr"
            stem = name.replace(":", ".") + "."
            self._loaded[name] = self.w.let(f"load {kind}, ptr {at}, align 8", stem)
        return self._loaded[name]


def write_advance(program: Program, variant: Stepping, host: Host) -> str:
    """The module with the function ``advance``; scratch: keys of the Poisson sources."""
    w = Writer()
    f = Steps(w, program, variant, host)
    reads = leaves(program.forward, ["out" if n == "bits" else n for n in f.wanted])
    with w.function("advance", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        weights = [source_weight(f, k) for k in range(len(variant.poisson))]
        write_keys(f)
        if variant.tile:
            _write_tiles(f, fixed, reads, weights)
        else:
            _write_groups(f, fixed, reads, weights)
    return f"; {program.model}, {program.method}: advance\n{w.text()}\n"


def _write_groups(
    f: Steps, fixed: dict[str, str], reads: tuple[str, ...], weights: list[str]
) -> None:
    """Each group through all steps of the block, its states in registers."""
    w, v, variant, states = f.w, f.v, f.stepping, f.program.states
    with w.loop("%begin", "%end", variant.unroll * v.lanes) as loop:
        group = _Group(f, loop.index, fixed, reads)
        start = [(v.type, x) for x in group.load()]
        if variant.ahead:
            ask(f, group.homes)
        named = [name for name in f.program.random if name in reads]
        draws = Draws(f, named, group.firsts, f.slot("origin"))
        carried = [*start, *draws.carried, ("i64", f.slot("slot"))]
        with w.loop("0", f.slot("steps"), carried=carried) as time:
            drawn, kept = draws.write(time.index, time.carried[len(start) : -1])
            row = f.mul(time.carried[-1], f.slot("padded"))
            if variant.ahead:
                for name in variant.channels:
                    ring = f.slot(f"ring:{name}")
                    ask(f, [f.at(ring, f.add(row, x)) for x in group.firsts])
            after = group.step(time.index, row, weights, time.carried[: len(start)], drawn)
            time.next = (*after, *kept, f.following(time.carried[-1]))
        group.store(time.results[: len(states) * variant.unroll])


def _write_tiles(
    f: Steps, fixed: dict[str, str], reads: tuple[str, ...], weights: list[str]
) -> None:
    """Some thousand neurons through all steps, so that rings are read in long pieces."""
    w, variant = f.w, f.stepping
    with w.loop("%begin", "%end", variant.tile) as tile:
        stop = f.add(tile.index, variant.tile)
        stop = w.call("i64", "llvm.smin.i64", f"i64 {stop}, i64 %end", "i64, i64")
        with w.loop("0", f.slot("steps"), carried=[("i64", f.slot("slot"))]) as time:
            row = f.mul(time.carried[0], f.slot("padded"))
            with w.loop(tile.index, stop, variant.unroll * f.v.lanes) as loop:
                group = _Group(f, loop.index, fixed, reads)
                none: list[dict[str, str]] = [{} for _ in group.firsts]
                group.store(group.step(time.index, row, weights, group.load(), none))
            time.next = (f.following(time.carried[0]),)


class _Group:
    """Neurons that are stepped side by side."""

    def __init__(self, f: Steps, index: str, fixed: dict[str, str], reads: tuple[str, ...]) -> None:
        self.f = f
        padded, lanes = f.slot("padded"), f.v.lanes
        self.firsts = [f.add(index, g * lanes) for g in range(f.stepping.unroll)]
        self.levels = [fixed | f.columns(first, reads) for first in self.firsts]
        for k, name in enumerate(f.stepping.constants):
            for level, first in zip(self.levels, self.firsts, strict=True):
                at = f.at(f.slot("levels"), f.add(f.mul(padded, k), first))
                level[f"input:{name}"] = f.load(at)
        self.homes = [
            f.at(f.slot("states"), f.add(f.mul(padded, k), first))
            for first in self.firsts
            for k in range(len(f.program.states))
        ]

    def load(self) -> list[str]:
        """The states, neurons by neurons."""
        return [self.f.load(home) for home in self.homes]

    def store(self, states: Sequence[str]) -> None:
        """Write them back, unless the step was only tried."""
        if self.f.stepping.trial is not None:
            return
        for state, home in zip(states, self.homes, strict=True):
            self.f.store(state, home)

    def step(
        self,
        time: str,
        row: str,
        weights: list[str],
        states: Sequence[str],
        drawn: Sequence[dict[str, str]],
    ) -> list[str]:
        """One step; gives the states after it."""
        f, names = self.f, self.f.program.states
        after: list[str] = []
        at_time = f.w.let(f"and i64 {f.add(f.slot('step'), time)}, {f.slot('window')}")
        for g, first in enumerate(self.firsts):
            given = self.levels[g] | drawn[g]
            write_inflows(f, given, self.levels[g], at_time, first)
            write_arrivals(f, given, row, time, at_time, first, weights)
            own = states[g * len(names) : (g + 1) * len(names)]
            given |= {f"state:{name}": x for name, x in zip(names, own, strict=True)}
            found = write_block(f.v, f.program.forward, given, f.wanted, f.stepping.fused)
            after += [found[f"state:{name}"] for name in names]
            if f.stepping.trial is None:
                write_results(f, found, time, first)
            else:
                write_means(f, given, found, first)
        return after


def ask(f: Steps, homes: list[str]) -> None:
    """Ask for memory that will soon be read and written."""
    for home in homes:
        at = f.at(home, str(f.stepping.ahead))
        types = "ptr, i32 immarg, i32 immarg, i32 immarg"
        f.w.call("void", "llvm.prefetch.p0", f"ptr {at}, i32 1, i32 3, i32 1", types)


def source_weight(f: Steps, k: int) -> str:
    at = f.slot(f"weight:{k}")
    return f.v.splat(f.w.let(f"load {f.v.scalar}, ptr {at}, align {f.v.size}"))


def _key_place(f: Steps, k: int, time: str) -> str:
    return f.at("%scratch", f.add(f.mul(f.slot("steps"), k), time), "i64")


def write_keys(f: Steps) -> None:
    """What sets a step of a Poisson source apart, for each step of the block."""
    w = f.w
    for k in range(len(f.stepping.poisson)):
        with w.loop("0", f.slot("steps")) as time:
            number = f.add(f.add(f.slot("step"), time.index), 1)
            z = f.add(f.slot(f"key:{k}"), f.mul(number, GOLDEN - (1 << 64)))
            key = f.add(write_mix(w, z), f.slot("origin"))
            w.put(f"store i64 {key}, ptr {_key_place(f, k, time.index)}, align 8")


def _bundle(f: Steps, v: Vec, shape: Shape) -> Inflow:
    return Inflow(v, shape, {name: f.slot(name) for name in shape.slots}, f.slot("padded"))


def write_inflows(
    f: Steps, given: dict[str, str], levels: dict[str, str], at_time: str, first: str
) -> None:
    """What flows in from outside, on top of what is constant."""
    for shape in f.stepping.driven:
        name = f"input:{shape.label}"
        f.w.note(f"{name} from outside")
        given[name] = _bundle(f, f.v, shape).write(levels[name], at_time, first)


def write_arrivals(
    f: Steps,
    given: dict[str, str],
    row: str,
    time: str,
    at_time: str,
    first: str,
    weights: list[str],
) -> None:
    """Take what has arrived at a group of neurons in one step."""
    v, variant = f.v, f.stepping
    for name in variant.channels:
        f.w.note(f"take input:{name} from its ring")
        at = f.at(f.slot(f"ring:{name}"), f.add(row, first))
        given[f"input:{name}"] = f.load(at)
        if variant.trial is None:
            f.store(v.const(0.0), at)
    for k, (name, sure, rate) in enumerate(variant.poisson):
        f.w.note(f"Poisson spikes of input:{name}")
        key = f.w.let(f"load i64, ptr {_key_place(f, k, time)}, align 8")
        if rate is None:
            rows = None if sure else f.slot(f"rows:{k}")
            counts = write_counts(f, key, first, f.slot(f"table:{k}"), rows, sure)
        else:
            mean = _bundle(f, Vec(f.w, v.host, "float64", v.lanes), rate).write(
                None, at_time, first
            )
            counts = write_varying_counts(f, key, first, mean)
        number = f.w.let(f"sitofp <{v.lanes} x i64> {counts} to {v.type}")
        more = v.mul(weights[k], number)
        given[f"input:{name}"] = v.add(given[f"input:{name}"], more)


def write_results(f: Steps, found: dict[str, str], time: str, first: str) -> None:
    w, v = f.w, f.v
    if "bits" in found:
        bits = w.let(f"bitcast {v.mask} {found['bits']} to i{v.lanes}")
        place = f.add(f.mul(time, f.slot("row_bytes")), w.let(f"lshr i64 {first}, 3"))
        w.put(f"store i{v.lanes} {bits}, ptr {f.at(f.slot('bits'), place, 'i8')}, align 1")
    for name in f.stepping.record:
        plane = f.at(f.slot(f"plane:{name}"), f.add(f.mul(time, f.slot("padded")), first))
        f.store(found[f"state:{name}"], plane)


def write_means(f: Steps, given: dict[str, str], found: dict[str, str], first: str) -> None:
    """The mean potentials of a step that is tried; where a spike resets one, that before it."""
    v = f.v
    for name, resets in f.stepping.trial or ():
        before, after = given[f"state:{name}"], found[f"state:{name}"]
        mean = v.mul(v.add(before, after), v.const(0.5))
        if resets and "bits" in found:
            mean = v.select(found["bits"], before, mean)
        f.store(mean, f.at(f.slot(f"middle:{name}"), first))
