"""Where events come from: spikes of targets, conditions on them, spikes with an axonal delay."""

from __future__ import annotations

from spikeloom.engines.cpu.network.plastic.history import fresh_row, own_plane
from spikeloom.engines.cpu.network.plastic.kernel import Kernel, States, named

PARAMETERS = "i64 %slot, i64 %count, ptr %ids"


def write_note(k: Kernel) -> None:
    """The function ``note``: spikes of the target population; those of this thread are events."""
    w, s = k.w, k.s
    with k.function("note", PARAMETERS), w.loop("0", "%count") as spikes:
        who = w.let(f"zext i32 {k.load('%ids', spikes.index, 'i32')} to i64")
        target = k.i64("sub", who, s["first"])
        above = w.let(f"icmp sge i64 {target}, {s['low']}")
        below = w.let(f"icmp slt i64 {target}, {s['high']}")
        with w.when(w.let(f"and i1 {above}, {below}")):
            w.put(f"call void @happens(ptr %slots, i64 {target})")


def write_open(k: Kernel) -> None:
    """The function ``open``: what synapses see from now on; targets with a condition that holds."""
    w, s = k.w, k.s
    with k.function("open", PARAMETERS):
        if k.shows:
            first, stop = (k.i64("lshr", k.i64("add", s[n], 63), 6) for n in ("low", "high"))
            row = fresh_row(k)
            with w.loop(first, stop) as words:
                at = k.i64("add", row, words.index)
                bits = k.load(s["fresh"], at)
                k.store("0", s["fresh"], at)
                place = k.i64("shl", words.index, 6)
                write_bits(k, bits, place, "call void @reveal(ptr %slots, i64 {0})")
        if "post_event" in k.program.blocks:
            with w.loop(s["low"], s["high"], k.lanes) as loop:
                mask = k.left(k.i64("sub", s["high"], loop.index))
                kept, leaves = write_targets(k, loop.index, mask)
                found = k.run("post_event", named("state", kept), leaves)["out"]
                true = k.both(mask, k.v.cmp("ogt", found, k.v.const(0.0)))
                write_each(k, true, loop.index, "call void @happens(ptr %slots, i64 {0})")


def write_each(k: Kernel, mask: str, first: str, call: str) -> None:
    """Make a call for each lane under a mask.

    In its text ``{0}`` stands for the number of the neuron, ``{1}`` for that of the lane.
    """
    n = k.lanes
    bits = k.w.let(f"zext i{n} {k.w.let(f'bitcast {k.mask} {mask} to i{n}')} to i64")
    write_bits(k, bits, first, call)


def write_bits(k: Kernel, bits: str, first: str, call: str) -> None:
    """Make a call for each bit of a word, as in `write_each`."""
    w = k.w

    def body(carried: tuple[str, ...]) -> list[str]:
        bits = carried[0]
        lane = w.call("i64", "llvm.cttz.i64", f"i64 {bits}, i1 true", "i64, i1")
        w.put(call.format(k.i64("add", first, lane), lane))
        return [k.i64("and", bits, k.i64("sub", bits, 1))]

    w.repeat([("i64", bits)], lambda bits: w.let(f"icmp ne i64 {bits[0]}, 0"), body)


def write_targets(k: Kernel, first: str, mask: str) -> tuple[States, dict[str, str]]:
    """As `write_own`, for a group of neighbouring targets."""
    s, step = k.s, k.all(k.narrow(k.s["step"]))
    planes = k.rule.event_planes if k.rule.together else k.rule.base_planes
    each, kept = k.i64("mul", s["base_depth"], s["width"]), States()
    for name in k.program.post:
        row = k.i64("mul", each, planes.index(f"after:{name}"))
        kept[name] = k.take(s["base_values"], k.i64("add", row, first), mask)
    if kept:
        since = k.known_at(k.take(s["base_steps"], first, mask, whole=True))
        kept = k.decay("post", kept, k.int("sub", step, since))
    leaves = named("state", k.shared(step))
    for name in k.program.reads:
        at = k.i64("add", own_plane(k, name), first)
        leaves[f"post:{name}"] = k.take(s["planes"], at, mask)
    return kept, leaves


def write_hold(k: Kernel) -> None:
    """The function ``hold``: spikes of the sources are kept for the steps of the axon."""
    w = k.w
    with k.function("hold", PARAMETERS):
        row = _late_row(k, k.s["step"])
        with w.loop("0", "%count") as spikes:
            who = w.let(f"zext i32 {k.load('%ids', spikes.index, 'i32')} to i64")
            at = k.i64("add", row, k.i64("lshr", who, 6))
            bit = k.i64("shl", 1, k.i64("and", who, 63))
            k.store(k.i64("or", k.load(k.s["late"], at), bit), k.s["late"], at)


def write_close(k: Kernel) -> None:
    """The function ``close``: spikes that have passed the axon; the tick, if this is its step."""
    w, s = k.w, k.s
    with k.function("close", PARAMETERS):
        with w.when(w.let(f"icmp sgt i64 {s['axonal']}, 0")):
            since = k.i64("sub", s["step"], s["axonal"])
            row = _late_row(k, k.i64("add", since, k.i64("add", s["axonal"], 1)))
            with w.loop("0", s["late_words"], carried=[("i64", "0")]) as words:
                at = k.i64("add", row, words.index)
                first = k.i64("shl", words.index, 6)

                def body(carried: tuple[str, ...], first: str = first) -> list[str]:
                    bits, count = carried
                    bit = w.call("i64", "llvm.cttz.i64", f"i64 {bits}, i1 true", "i64, i1")
                    k.store(k.narrow(k.i64("add", first, bit)), s["ids"], count, "i32")
                    return [k.i64("and", bits, k.i64("sub", bits, 1)), k.i64("add", count, 1)]

                start = [("i64", k.load(s["late"], at)), ("i64", words.carried[0])]
                some = w.repeat(start, lambda c: w.let(f"icmp ne i64 {c[0]}, 0"), body)
                k.store("0", s["late"], at)
                words.next = (some[1],)
            given = f"i64 %slot, i64 {words.results[0]}, ptr {s['ids']}"
            w.put(f"call void @visit(ptr %slots, {given})")
        if any(name.startswith("on_tick.") for name in k.program.blocks):
            rest = k.i64("urem", k.i64("add", s["step"], 1), s["every"])
            with w.when(w.let(f"icmp eq i64 {rest}, 0")):
                w.put("call void @on_tick(ptr %slots, i64 0, i64 0, ptr null)")


def _late_row(k: Kernel, step: str) -> str:
    room = k.i64("urem", step, k.i64("add", k.s["axonal"], 1))
    return k.i64("mul", room, k.s["late_words"])
