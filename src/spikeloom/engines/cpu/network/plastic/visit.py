"""Visit: the rows of sources whose spikes reach their synapses are brought up to date and sent."""

from __future__ import annotations

from spikeloom.engines.cpu.network.plastic.act import Act, write_act
from spikeloom.engines.cpu.network.plastic.formulas import VISIT
from spikeloom.engines.cpu.network.plastic.kernel import Kernel, States, named
from spikeloom.engines.cpu.network.plastic.replay import write_replay_call

PARAMETERS = "i64 %slot, i64 %count, ptr %ids"
"""As of `deliver`: where spikes with no delay arrive, and who spiked."""


def write_visit(k: Kernel) -> None:
    """The function ``visit``."""
    w, s = k.w, k.s
    with k.function("visit", PARAMETERS):
        last = k.i64("sub", "%count", 1)
        step = k.all(k.narrow(s["step"]))
        shared = named("state", k.shared(step))
        with w.loop("0", "%count") as spikes:
            source = _id(k, spikes.index)
            begin, end = _row(k, source)
            following = _id(k, k.smaller(k.i64("add", spikes.index, 1), last))
            ahead, _ = _row(k, following)
            kept, since = k.source(source)
            before = k.decay("pre", kept, k.int("sub", step, since))
            after = before | k.run("on_pre.pre", named("state", before), shared)
            leaves = {**named("state", before), **shared}
            with w.loop(begin, end, s["chunk"]) as loop:
                count = k.smaller(k.i64("sub", end, loop.index), s["chunk"])
                soon = k.i64("add", loop.index, k.i64("sub", ahead, begin))
                if k.replays:
                    write_replay_call(k, source, loop.index, count, s["step"], soon)
                elif k.rule.based:
                    write_bases(k, source, count)
                if not k.replays:
                    _prefetch(k, soon, count)
                write_act(k, Act(VISIT[0], step, leaves, 1, after), loop.index, count)
                write_send(k, loop.index, count)
            _note(k, source, after)


def _id(k: Kernel, place: str) -> str:
    return k.w.let(f"zext i32 {k.load('%ids', place, 'i32')} to i64")


def _row(k: Kernel, source: str) -> tuple[str, str]:
    return k.load(k.s["starts"], source), k.load(k.s["ends"], source)


def write_bases(k: Kernel, source: str, count: str) -> None:
    """Without events of targets, what a synapse moved at last is the same all along the row."""
    row = k.larger(k.wide(k.load(k.s["row"], source, "i32")), k.s["ticked"])
    base = k.all(k.narrow(row))
    with k.w.loop("0", count, k.lanes) as loop:
        k.put_all(base, k.s["bases"], loop.index, whole=True)


def _prefetch(k: Kernel, begin: str, count: str) -> None:
    """Ask for the same piece of the next row, one line at a time."""
    with k.w.loop("0", count, 64 // 4) as loop:
        at = k.i64("add", begin, loop.index)
        k.prefetch(k.s["places"], at, "i32")
        k.prefetch(k.s["weights"], at, k.v.scalar, write=True)


def _note(k: Kernel, source: str, after: States) -> None:
    """What the source and its row will be continued from."""
    s, step = k.s, k.narrow(k.s["step"])
    k.store(step, s["seen"], source, "i32")
    if VISIT[0] in k.program.blocks:
        k.store(step, s["row"], source, "i32")
    if "on_pre.pre" in k.program.blocks:
        k.store(step, s["when"], source, "i32")
        for place, name in enumerate(k.program.pre):
            one = k.w.let(f"extractelement {k.v.type} {after[name]}, i64 0")
            at = k.i64("add", k.i64("mul", s["rows"], place), source)
            k.store(one, s["pre"], at, k.v.scalar)


def write_send(k: Kernel, begin: str, count: str) -> None:
    """Add what is sent to the ring, one synapse after another."""
    w, s, one = k.w, k.s, k.v.scalar
    home = s["ring"]
    if not k.kind.delays:
        slot = _wrapped(k, k.i64("add", "%slot", s["dendrite"]))
        home = k.at(home, k.i64("mul", slot, s["padded"]), one)
    mask = k.i64("sub", k.i64("shl", 1, s["bits"]), 1)
    places, sends = k.at(s["places"], begin, "i32"), s["sends"]
    with w.loop("0", count) as loop:
        place = w.let(f"zext i32 {k.load(places, loop.index, 'i32')} to i64")
        if k.kind.delays:
            slot = _wrapped(k, k.i64("add", "%slot", k.i64("lshr", place, s["bits"])))
            place = k.i64("add", k.i64("mul", slot, s["padded"]), k.i64("and", place, mask))
        sum_ = k.load(home, place, one)
        value = k.load(sends, loop.index, one)
        k.store(w.let(f"fadd {one} {sum_}, {value}"), home, place, one)


def _wrapped(k: Kernel, slot: str) -> str:
    back = k.i64("sub", slot, k.s["slots"])
    over = k.w.let(f"icmp sge i64 {slot}, {k.s['slots']}")
    return k.w.let(f"select i1 {over}, i64 {back}, i64 {slot}")
