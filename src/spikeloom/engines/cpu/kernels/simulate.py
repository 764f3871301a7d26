"""simulate: T steps of a population with the state in registers.

A few groups of neurons go through all steps together: enough independent work to hide the latency
of arithmetic, few enough that their states stay in registers. Spikes leave as one bit a neuron.
"""

from __future__ import annotations

from spikeloom.engines.cpu.emit import leaves
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame
from spikeloom.engines.cpu.kernels.groups import Step


def write(f: Frame) -> None:
    """Write the kernel ``simulate``. It needs no scratch memory."""
    w, v, variant = f.w, f.v, f.variant
    states = f.program.states
    wanted = [f"state:{name}" for name in states] + (["out"] if variant.spikes else [])
    reads = leaves(f.program.forward, wanted)
    with w.function("simulate", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        width = f.slot("width")
        groups = range(variant.unroll)
        with w.loop("%begin", "%end", variant.unroll * v.lanes) as loop:
            firsts = [f.add(loop.index, g * v.lanes) for g in groups]
            masks = [f.mask(w.let(f"sub i64 {width}, {first}")) for first in firsts]
            given = [fixed | f.columns(first, reads) for first in firsts]
            constant = [n for n in variant.inputs if n not in variant.series]
            for name in constant:
                for g in groups:
                    w.note(f"read input:{name}, the same at every step")
                    at = f.at(f.slot(f"input:{name}"), firsts[g])
                    given[g][f"input:{name}"] = f.load_masked(at, masks[g])
            start = []
            for g in groups:
                for k in range(len(states)):
                    w.note(f"read state:{states[k]}")
                    at = f.at(f.slot("state_in"), f.add(f.mul(width, k), firsts[g]))
                    start.append((v.type, f.load_masked(at, masks[g])))
            step = Step(f, wanted, given, firsts)
            draws = step.draws
            wait = [("i64", f.slot("record_wait"))] if variant.record else []
            first_odd = len(start)
            carried = [*start, *draws.carried, *wait]
            with w.loop("0", f.slot("steps"), carried=carried) as time:
                spare = time.carried[first_odd : len(carried) - len(wait)]
                drawn, kept = draws.write(time.index, spare)
                rows = {
                    name: f.at(f.slot(f"input:{name}"), f.mul(time.index, f.slot(f"stride:{name}")))
                    for name in variant.series
                }
                for g in groups:
                    given[g] |= drawn[g]
                    for name, row in rows.items():
                        w.note(f"read input:{name}")
                        given[g][f"input:{name}"] = f.load_masked(f.at(row, firsts[g]), masks[g])
                    for k, name in enumerate(states):
                        given[g][f"state:{name}"] = time.carried[g * len(states) + k]
                after = step.write(given, time.index) + kept
                if variant.record:
                    after.append(_record(f, after, time.carried[-1], time.index, firsts, masks))
                time.next = tuple(after)
            for g in groups:
                for k in range(len(states)):
                    at = f.at(f.slot("state_out"), f.add(f.mul(width, k), firsts[g]))
                    f.store_masked(time.results[g * len(states) + k], at, masks[g])


def _record(
    f: Frame, after: list[str], wait: str, time: str, firsts: list[str], masks: list[str]
) -> str:
    """Store the recorded states if this step is one of the recorded; gives the steps to wait."""
    w, states = f.w, f.program.states
    due = w.let(f"icmp eq i64 {wait}, 0")
    with w.when(due):
        row = w.let(f"udiv i64 {time}, {f.slot('record_every')}")
        place = f.mul(row, f.slot("width"))
        for name in f.variant.record:
            base = f.at(f.slot(f"trace:{name}"), place)
            for g, first in enumerate(firsts):
                value = after[g * len(states) + states.index(name)]
                f.store_masked(value, f.at(base, first), masks[g])
    ready = w.let(f"select i1 {due}, i64 {f.slot('record_every')}, i64 {wait}")
    return w.let(f"sub i64 {ready}, 1")
