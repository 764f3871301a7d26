"""History: what happened to each target lately, the latest first.

Entry r of all targets lies in plane r, and an event moves the entries of its target one plane on:
the few planes that are looked at most stay in the cache, and memory beyond the deepest history is
never touched. An entry goes when every synapse has seen the next one. Where there is no room left,
rows that have not been visited for long are brought up to date first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spikeloom.engines.cpu.network.plastic.kernel import Kernel, States, named
from spikeloom.engines.cpu.network.plastic.replay import write_replay_call
from spikeloom.engines.cpu.network.plastic.words import STORED

BLOCK = "on_post.post"


@dataclass(frozen=True)
class Ledger:
    """One of the two histories: of events, and of what changed the traces.

    Arguments:
        prefix: Of the words that it goes by.
        planes: What an entry holds beside its step.
        events: Whether rows that are not up to date still need it.
    """

    prefix: str
    planes: tuple[str, ...]
    events: bool


def ledger_of_events(k: Kernel) -> Ledger:
    """The history that is replayed."""
    return Ledger("", k.rule.event_planes, True)


def ledger_of_traces(k: Kernel) -> Ledger:
    """The history of traces, where it is one of its own."""
    return Ledger("base_", k.rule.base_planes, False)


def write_push(k: Kernel, ledger: Ledger, target: str, values: Mapping[str, str]) -> None:
    """Add an entry of this step; ``values``: plane -> a number in every lane."""
    w, s, p = k.w, k.s, ledger.prefix
    steps, counts = s[f"{p}steps"], s[f"{p}counts"]
    count = _pruned(k, ledger, target, k.wide(k.load(counts, target, "i32")))
    if ledger.events:
        full = w.let(f"icmp sge i64 {count}, {s['depth']}")
        count = w.either(
            full, lambda: [_make_room(k, ledger, target, count)], lambda: [count], "i64"
        )[0]
    stored, moved = k.narrow(k.i64("add", s["step"], STORED)), count
    if not ledger.events:
        # Of a step only the last change counts: more than one tick or reward may come after it.
        again = w.let(f"icmp eq i32 {k.load(steps, target, 'i32')}, {stored}")
        moved = w.let(f"select i1 {again}, i64 0, i64 {count}")
        less = k.i64("sub", count, 1)
        count = w.let(f"select i1 {again}, i64 {less}, i64 {count}")
    places = [(steps, "i32")]
    each = k.i64("mul", s[f"{p}depth"], s["width"])
    for row in range(len(ledger.planes)):
        at = k.at(s[f"{p}values"], k.i64("mul", each, row), k.v.scalar)
        places.append((at, k.v.scalar))
    with w.loop("0", moved, down=True) as loop:
        from_ = k.i64("add", k.i64("mul", loop.index, s["width"]), target)
        to = k.i64("add", from_, s["width"])
        for base, kind in places:
            k.store(k.load(base, from_, kind), base, to, kind)
    if k.shows and any(n.startswith("after:") for n in ledger.planes):
        at = k.i64("add", fresh_row(k), k.i64("lshr", target, 6))
        bit = k.i64("shl", 1, k.i64("and", target, 63))
        k.store(k.i64("or", k.load(s["fresh"], at), bit), s["fresh"], at)
    ones = [w.let(f"extractelement {k.v.type} {values[n]}, i64 0") for n in ledger.planes]
    for (base, kind), one in zip(places, [stored, *ones], strict=True):
        k.store(one, base, target, kind)
    k.store(k.narrow(k.i64("add", count, 1)), counts, target, "i32")


def _pruned(k: Kernel, ledger: Ledger, target: str, count: str) -> str:
    """How many entries are left without those that no synapse will ask for."""
    w, s = k.w, k.s
    bound = k.word("least") if ledger.events else k.i64("sub", s["step"], 1)

    def over(carried: tuple[str, ...]) -> str:
        next_ = k.larger(k.i64("sub", carried[0], 2), "0")
        arrival = _arrival(k, ledger, target, next_)
        many = w.let(f"icmp sgt i64 {carried[0]}, 1")
        return w.let(f"and i1 {many}, {w.let(f'icmp sle i64 {arrival}, {bound}')}")

    return w.repeat([("i64", count)], over, lambda carried: [k.i64("sub", carried[0], 1)])[0]


def _arrival(k: Kernel, ledger: Ledger, target: str, depth: str) -> str:
    """Step at which the last synapse sees an entry."""
    at = k.i64("add", k.i64("mul", depth, k.s["width"]), target)
    stored = k.wide(k.load(k.s[f"{ledger.prefix}steps"], at, "i32"))
    return k.i64("add", k.i64("sub", stored, STORED), k.s["longest"])


def _make_room(k: Kernel, ledger: Ledger, target: str, count: str) -> str:
    """Bring rows up to date that hold on to the last entry, and all that soon would."""
    second = _arrival(k, ledger, target, k.i64("sub", count, 2))
    until = k.i64("sub", k.s["step"], 1)
    k.set("until", until)
    # Rows up to half the way to now: so a sweep comes once in half a history at most.
    k.set("stale", k.i64("ashr", k.i64("add", k.i64("add", second, until), 1), 1))
    k.w.put("call void @sweep(ptr %slots, i64 0, i64 0, ptr null)")
    return _pruned(k, ledger, target, count)


def write_sweep(k: Kernel) -> None:
    """The function ``sweep``: rows last seen before ``stale`` are brought to step ``until``."""
    w, s = k.w, k.s
    with k.function("sweep", "i64 %begin, i64 %end, ptr %scratch"):
        until = k.narrow(s["until"])
        with w.loop("0", s["rows"], carried=[("i64", s["until"])]) as rows:
            seen = k.wide(k.load(s["seen"], rows.index, "i32"))
            with w.when(w.let(f"icmp slt i64 {seen}, {s['stale']}")):
                write_catch_up(k, rows.index, s["until"])
                k.store(until, s["seen"], rows.index, "i32")
            now = k.wide(k.load(s["seen"], rows.index, "i32"))
            rows.next = (k.smaller(rows.carried[0], now),)
        k.set("least", rows.results[0])


def write_some(k: Kernel) -> None:
    """The function ``some``: rows ``%ids[%begin:%end]`` are brought to step ``until``."""
    s = k.s
    with k.function("some", "i64 %begin, i64 %end, ptr %ids"), k.w.loop("%begin", "%end") as loop:
        source = k.load("%ids", loop.index)
        write_catch_up(k, source, s["until"])
        k.store(k.narrow(s["until"]), s["seen"], source, "i32")


def write_catch_up(k: Kernel, source: str, until: str) -> None:
    """Replay what a whole row has not seen yet."""
    if not k.replays:
        return
    begin, end = k.load(k.s["starts"], source), k.load(k.s["ends"], source)
    with k.w.loop(begin, end, k.s["chunk"]) as loop:
        count = k.smaller(k.i64("sub", end, loop.index), k.s["chunk"])
        following = k.i64("add", loop.index, count)
        write_replay_call(k, source, loop.index, count, until, following)


def write_happens(k: Kernel) -> None:
    """The function ``happens``: an event of one target in this step."""
    rule = k.rule
    with k.function("happens", "i64 %target"):
        before, leaves = write_own(k, "%target")
        after = before | k.run(BLOCK, named("state", before), leaves)
        values = {f"after:{n}": x for n, x in after.items()}
        values |= {f"before:{n}": x for n, x in before.items()} | leaves
        if rule.replays:
            write_push(k, ledger_of_events(k), "%target", values)
        if BLOCK in k.program.blocks and not rule.together:
            write_push(k, ledger_of_traces(k), "%target", values)


def write_own(k: Kernel, target: str) -> tuple[States, dict[str, str]]:
    """Traces of a target brought to this step in its own time, and what else its events see."""
    s, step = k.s, k.all(k.narrow(k.s["step"]))
    planes = k.rule.event_planes if k.rule.together else k.rule.base_planes
    each, kept = k.i64("mul", s["base_depth"], s["width"]), States()
    for name in k.program.post:
        row = k.i64("mul", each, planes.index(f"after:{name}"))
        at = k.i64("add", row, target)
        kept[name] = k.v.splat(k.load(s["base_values"], at, k.v.scalar))
    if kept:
        since = k.known_at(k.all(k.load(s["base_steps"], target, "i32")))
        kept = k.decay("post", kept, k.int("sub", step, since))
    leaves = named("state", k.shared(step))
    for name in k.program.reads:
        at = k.i64("add", own_plane(k, name), target)
        leaves[f"post:{name}"] = k.v.splat(k.load(s["planes"], at, k.v.scalar))
    return kept, leaves


def own_plane(k: Kernel, name: str) -> str:
    """Where a state of all targets, as their events see it in this step, begins in ``planes``."""
    s, place = k.s, k.program.reads.index(name)
    late = k.i64("sub", s["step"], k.load(s["lags"], place))
    room = k.i64("urem", k.i64("add", k.larger(late, "-1"), s["plane_rows"]), s["plane_rows"])
    row = k.i64("add", k.i64("mul", s["plane_rows"], place), room)
    return k.i64("mul", row, s["width"])


def fresh_row(k: Kernel) -> str:
    """Where the bits of this step begin in ``fresh``; until it begins, those that are now due."""
    rooms = k.i64("add", k.s["dendrite"], 1)
    room = k.i64("urem", k.i64("add", k.s["step"], rooms), rooms)
    return k.i64("mul", room, k.s["fresh_words"])


def write_reveal(k: Kernel) -> None:
    """The function ``reveal``: what changed just so long ago that synapses see it from now on."""
    w, s = k.w, k.s
    names, prefix = k.program.post, "" if k.rule.together else "base_"
    planes = k.rule.event_planes if k.rule.together else k.rule.base_planes
    with k.function("reveal", "i64 %target"):
        # The latest entry that is old enough: younger ones are not seen yet.
        latest = k.i64("add", k.i64("sub", s["step"], s["dendrite"]), STORED - 1)

        def stored(depth: str) -> str:
            at = k.i64("add", k.i64("mul", depth, s["width"]), "%target")
            return k.wide(k.load(s[f"{prefix}steps"], at, "i32"))

        def younger(carried: tuple[str, ...]) -> str:
            return w.let(f"icmp sgt i64 {stored(carried[0])}, {latest}")

        def back(carried: tuple[str, ...]) -> list[str]:
            return [k.i64("add", carried[0], 1)]

        depth = w.repeat([("i64", "0")], younger, back)[0]
        k.store(k.narrow(stored(depth)), s["known_steps"], "%target", "i32")
        each = k.i64("mul", s[f"{prefix}depth"], s["width"])
        for place, name in enumerate(names):
            row = k.i64("mul", each, planes.index(f"after:{name}"))
            at = k.i64("add", row, k.i64("add", k.i64("mul", depth, s["width"]), "%target"))
            value = k.load(s[f"{prefix}values"], at, k.v.scalar)
            to = k.i64("add", k.i64("mul", s["width"], place), "%target")
            k.store(value, s["known_values"], to, k.v.scalar)
