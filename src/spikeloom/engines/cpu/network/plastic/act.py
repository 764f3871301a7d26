"""Act: an event changes some synapses of a row, group by group, after `replay`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spikeloom.engines.cpu.network.plastic.kernel import Kernel, States, joined, named


@dataclass(frozen=True)
class Act:
    """An event of a row.

    Arguments:
        block: What it does to synapses.
        step: When, as the synapse sees it, in every lane.
        leaves: What all synapses of the row see alike.
        late: 1 for a spike, which sees its target before the events of its step; 0 for a tick or a
            reward, which come after them.
        sends: Whether the row's spike is sent, and the source's traces after it; or None.
    """

    block: str
    step: str
    leaves: Mapping[str, str]
    late: int
    sends: States | None = None


def write_act(k: Kernel, act: Act, begin: str, count: str) -> None:
    """Write the loop over the ``count`` synapses from ``begin`` on."""
    w, s, rule = k.w, k.s, k.rule
    blocks = (act.block,) if act.sends is None else (act.block, "sends")
    moved = k.moved(act.block) if act.block in k.program.blocks else ()
    names = joined(rule.level("synapse", *blocks), moved)
    homes = {n: k.home(n, begin) for n in names}
    with w.loop("0", count, k.lanes) as loop:
        mask = k.left(k.i64("sub", count, loop.index))
        place = k.take(s["places"], k.i64("add", begin, loop.index), mask, whole=True)
        offsets = {n: k.i64("add", homes[n][1], loop.index) for n in names}
        now = {n: k.take(homes[n][0], offsets[n], mask) for n in names}
        before = now
        if rule.based and names:
            base = k.take(s["bases"], loop.index, mask, whole=True)
            now = k.flow_synapse(now, k.int("sub", act.step, base))
            before = now
            if act.sends is not None and rule.prior:
                before = now | _prior(k, now, loop.index, mask, k.test("eq", base, act.step))
        leaves = {**act.leaves, **_target(k, act, blocks, place, mask)}
        leaves |= named("state", before)
        after = now | k.run(act.block, leaves, named("own", now))
        if k.kind.frozen:
            after |= {"w": now["w"]} if "w" in now else {}
        for name in moved:
            k.put(after[name], homes[name][0], offsets[name], mask)
        if act.sends is not None:
            found = k.run("sends", leaves, named("after", {**after, **act.sends}))
            k.put_all(found["out"], s["sends"], loop.index)


def _prior(k: Kernel, now: States, at: str, mask: str, hit: str) -> States:
    """States before an event of the target in this very step, where there was one."""
    room, found = k.i64("add", k.s["chunk"], k.lanes), {}
    for place, name in enumerate(k.rule.prior):
        start = k.i64("add", k.i64("mul", room, place), at)
        kept = k.take(k.s["prior"], start, mask)
        found[name] = k.v.select(hit, kept, now[name])
    return found


def _target(k: Kernel, act: Act, blocks: tuple[str, ...], place: str, mask: str) -> dict[str, str]:
    """Traces and states of the targets as the synapses see them."""
    found = named("state", _traces(k, act, k.rule.level("post", *blocks), place, mask))
    for name in k.rule.reads("post:", *blocks):
        number = k.program.reads.index(name)
        plane = k.i64("mul", k.i64("mul", k.s["plane_rows"], k.s["width"]), number)
        base = k.at(k.s["planes"], plane, k.v.scalar)
        lag = k.all(k.narrow(k.load(k.s["lags"], number)))
        # A step before the network's life shows the states at its start.
        step = k.int("sub", k.int("sub", act.step, k.dendrite(place)), lag)
        rows = k.all(k.narrow(k.s["plane_rows"]))
        room = k.int("srem", k.int("add", k.imax(step, k.const(-1)), rows), rows)
        index = k.int("add", k.int("mul", room, k.all(k.narrow(k.s["width"]))), k.target(place))
        found[f"post:{name}"] = k.gather(base, index, mask)
    return found


def _traces(k: Kernel, act: Act, names: tuple[str, ...], place: str, mask: str) -> States:
    """Traces of the targets, from the last change that the synapse can know of."""
    if not names:
        return {}
    w, s, target = k.w, k.s, k.target(place)
    if act.late and k.shows:
        return _known(k, act, names, target, mask)
    planes = k.rule.event_planes if k.rule.together else k.rule.base_planes
    birth = k.all(k.narrow(s["birth"]))
    latest = k.int("sub", k.int("sub", act.step, k.const(act.late)), k.behind(place))
    each = k.i64("mul", s["base_depth"], s["width"])
    homes = [
        k.at(s["base_values"], k.i64("mul", each, planes.index(f"after:{n}")), k.v.scalar)
        for n in names
    ]
    stored = k.gather(s["base_steps"], target, mask, whole=True)
    values = [k.gather(home, target, mask) for home in homes]

    def unknown(stored: str) -> str:
        # The start is all that a synapse can know before its target's life.
        after = k.both(k.test("sgt", stored, latest), k.test("sgt", stored, birth))
        return k.both(mask, after)

    def back(carried: tuple[str, ...]) -> tuple[str, ...]:
        depth, stored, *values = carried
        depth = k.i64("add", depth, 1)
        row = k.i64("mul", depth, s["width"])
        wrong = unknown(stored)
        plane = k.at(s["base_steps"], row, "i32")
        older = k.gather(plane, target, wrong, whole=True)
        found = [
            k.gather(k.at(home, row, k.v.scalar), target, wrong, other=value)
            for home, value in zip(homes, values, strict=True)
        ]
        return (depth, k.chosen(wrong, older, stored), *found)

    start = [("i64", "0"), (k.ints, stored), *((k.v.type, v) for v in values)]
    _, stored, *values = w.repeat(start, lambda carried: k.any(unknown(carried[1])), back)
    now = k.int("sub", act.step, k.dendrite(place))
    since = k.imax(k.int("sub", now, k.known_at(stored)), k.const(0))
    return k.decay("post", dict(zip(names, values, strict=True)), since)


def _known(k: Kernel, act: Act, names: tuple[str, ...], target: str, mask: str) -> States:
    """Traces of the targets where they are kept as the synapses know them."""
    s = k.s
    stored = k.gather(s["known_steps"], target, mask, whole=True)
    values = {}
    for name in names:
        row = k.i64("mul", s["width"], k.program.post.index(name))
        values[name] = k.gather(k.at(s["known_values"], row, k.v.scalar), target, mask)
    now = k.int("sub", act.step, k.all(k.narrow(s["dendrite"])))
    since = k.imax(k.int("sub", now, k.known_at(stored)), k.const(0))
    return k.decay("post", values, since)
