"""advance: a block of steps of a population, its states in registers.

A group of neurons goes through all steps of the block before the next group has its turn. In each
step it takes what has arrived from its place in the rings and leaves zeros there. Spikes leave as
one bit a neuron and step. Memory is padded to whole groups, so nothing needs a mask.
"""

from __future__ import annotations

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


class _Steps(Frame):
    """A frame with the slots of a population in a network."""

    def __init__(self, w: Writer, program: Program, variant: Stepping, host: Host) -> None:
        self.w = w
        self.v = Vec(w, host, variant.dtype, host.lanes(variant.dtype))
        self.program = program
        self.stepping = variant
        self.variant = Variant(
            "simulate", variant.dtype, columns=variant.columns, inputs=variant.inputs
        )
        self._places = {name: i for i, name in enumerate(step_slots(variant))}
        self._loaded: dict[str, str] = {}

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
    f = _Steps(w, program, variant, host)
    v, states, groups = f.v, program.states, range(variant.unroll)
    wanted = [f"state:{name}" for name in states] + (["bits"] if variant.spikes else [])
    reads = leaves(program.forward, ["out" if n == "bits" else n for n in wanted])
    with w.function("advance", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        weights = [_weight(f, k) for k in range(len(variant.poisson))]
        _write_keys(f)
        padded = f.slot("padded")
        with w.loop("%begin", "%end", variant.unroll * v.lanes) as loop:
            firsts = [f.add(loop.index, g * v.lanes) for g in groups]
            given = [fixed | f.columns(first, reads) for first in firsts]
            for k, name in enumerate(variant.constants):
                for g in groups:
                    at = f.at(f.slot("levels"), f.add(f.mul(padded, k), firsts[g]))
                    given[g][f"input:{name}"] = f.load(at)
            levels = [dict(given[g]) for g in groups]
            homes = [
                [f.at(f.slot("states"), f.add(f.mul(padded, k), first)) for first in firsts]
                for k in range(len(states))
            ]
            start = [(v.type, f.load(homes[k][g])) for g in groups for k in range(len(states))]
            slot = ("i64", f.slot("slot"))
            named = [name for name in program.random if name in reads]
            draws = Draws(f, named, firsts, f.slot("origin"))
            carried = [*start, *draws.carried, slot]
            with w.loop("0", f.slot("steps"), carried=carried) as time:
                after: list[str] = []
                drawn, kept = draws.write(time.index, time.carried[len(start) : -1])
                row = f.mul(time.carried[-1], padded)
                at_time = w.let(f"and i64 {f.add(f.slot('step'), time.index)}, {f.slot('window')}")
                for g in groups:
                    given[g] |= drawn[g]
                    _write_inflows(f, given[g], levels[g], at_time, firsts[g])
                    _write_arrivals(f, given[g], row, time.index, at_time, firsts[g], weights)
                    for k, name in enumerate(states):
                        given[g][f"state:{name}"] = time.carried[g * len(states) + k]
                    found = write_block(v, program.forward, given[g], wanted)
                    after += [found[f"state:{name}"] for name in states]
                    if variant.trial is None:
                        _write_results(f, found, time.index, firsts[g])
                    else:
                        _write_means(f, given[g], found, firsts[g])
                following = f.add(time.carried[-1], 1)
                wrapped = w.let(f"icmp eq i64 {following}, {f.slot('slots')}")
                slot_after = w.let(f"select i1 {wrapped}, i64 0, i64 {following}")
                time.next = (*after, *kept, slot_after)
            for g in groups if variant.trial is None else ():
                for k in range(len(states)):
                    f.store(time.results[g * len(states) + k], homes[k][g])
    return f"; {program.model}, {program.method}: advance\n{w.text()}\n"


def _weight(f: _Steps, k: int) -> str:
    at = f.slot(f"weight:{k}")
    return f.v.splat(f.w.let(f"load {f.v.scalar}, ptr {at}, align {f.v.size}"))


def _key_place(f: _Steps, k: int, time: str) -> str:
    return f.at("%scratch", f.add(f.mul(f.slot("steps"), k), time), "i64")


def _write_keys(f: _Steps) -> None:
    """What sets a step of a Poisson source apart, for each step of the block."""
    w = f.w
    for k in range(len(f.stepping.poisson)):
        with w.loop("0", f.slot("steps")) as time:
            number = f.add(f.add(f.slot("step"), time.index), 1)
            z = f.add(f.slot(f"key:{k}"), f.mul(number, GOLDEN - (1 << 64)))
            key = f.add(write_mix(w, z), f.slot("origin"))
            w.put(f"store i64 {key}, ptr {_key_place(f, k, time.index)}, align 8")


def _bundle(f: _Steps, v: Vec, shape: Shape) -> Inflow:
    return Inflow(v, shape, {name: f.slot(name) for name in shape.slots}, f.slot("padded"))


def _write_inflows(
    f: _Steps, given: dict[str, str], levels: dict[str, str], at_time: str, first: str
) -> None:
    """What flows in from outside, on top of what is constant."""
    for shape in f.stepping.driven:
        name = f"input:{shape.label}"
        f.w.note(f"{name} from outside")
        given[name] = _bundle(f, f.v, shape).write(levels[name], at_time, first)


def _write_arrivals(
    f: _Steps,
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
    for k, (name, spread, rate) in enumerate(variant.poisson):
        f.w.note(f"Poisson spikes of input:{name}")
        key = f.w.let(f"load i64, ptr {_key_place(f, k, time)}, align 8")
        if rate is None:
            rows = f.slot(f"rows:{k}") if spread else None
            counts = write_counts(f, key, first, f.slot(f"table:{k}"), rows)
        else:
            mean = _bundle(f, Vec(f.w, v.host, "float64", v.lanes), rate).write(
                None, at_time, first
            )
            counts = write_varying_counts(f, key, first, mean)
        number = f.w.let(f"sitofp <{v.lanes} x i64> {counts} to {v.type}")
        more = v.mul(weights[k], number)
        given[f"input:{name}"] = v.add(given[f"input:{name}"], more)


def _write_results(f: _Steps, found: dict[str, str], time: str, first: str) -> None:
    w, v = f.w, f.v
    if "bits" in found:
        bits = w.let(f"bitcast {v.mask} {found['bits']} to i{v.lanes}")
        place = f.add(f.mul(time, f.slot("row_bytes")), w.let(f"lshr i64 {first}, 3"))
        w.put(f"store i{v.lanes} {bits}, ptr {f.at(f.slot('bits'), place, 'i8')}, align 1")
    for name in f.stepping.record:
        plane = f.at(f.slot(f"plane:{name}"), f.add(f.mul(time, f.slot("padded")), first))
        f.store(found[f"state:{name}"], plane)


def _write_means(f: _Steps, given: dict[str, str], found: dict[str, str], first: str) -> None:
    """The mean potentials of a step that is tried; where a spike resets one, that before it."""
    v = f.v
    for name, resets in f.stepping.trial or ():
        before, after = given[f"state:{name}"], found[f"state:{name}"]
        mean = v.mul(v.add(before, after), v.const(0.5))
        if resets and "bits" in found:
            mean = v.select(found["bits"], before, mean)
        f.store(mean, f.at(f.slot(f"middle:{name}"), first))
