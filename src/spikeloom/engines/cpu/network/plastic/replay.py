"""Replay: events of the targets change synapses of a row, the earliest first."""

from __future__ import annotations

from spikeloom.engines.cpu.network.plastic.find import write_find
from spikeloom.engines.cpu.network.plastic.kernel import Kernel, joined, named

BLOCK = "on_post.synapse"
PARAMETERS = "i64 %source, i64 %begin, i64 %count, i64 %until, i64 %ahead"


def write_replay(k: Kernel) -> None:
    """The function ``replay``: at most ``chunk`` synapses of a row, up to step ``%until``."""
    w, s = k.w, k.s
    with k.function("replay", PARAMETERS):
        lists = write_find(k, "%source", "%begin", "%count", "%until", "%ahead")
        kept, since = k.source("%source")
        kept = {n: x for n, x in kept.items() if n in k.rule.level("pre", BLOCK)}
        with w.loop("0", lists, down=True) as loop:
            first = k.load(s["firsts"], loop.index)
            end = k.load(s["firsts"], k.i64("add", loop.index, 1))
            depth = k.i64("mul", loop.index, s["width"])
            with w.loop(first, end, k.lanes) as group:
                mask = k.left(k.i64("sub", end, group.index))
                here = k.take(s["list_place"], group.index, mask, whole=True)
                arrival = k.take(s["list_arrival"], group.index, mask, whole=True)
                seen = k.decay("pre", kept, k.int("sub", arrival, since))
                seen |= k.shared(arrival)
                _change(
                    k,
                    here,
                    arrival,
                    mask,
                    {**named("state", seen), **_caught(k, here, mask, depth)},
                )


def _caught(k: Kernel, here: str, mask: str, depth: str) -> dict[str, str]:
    """What is kept of the events."""
    planes = [n for n in k.rule.event_planes if not n.startswith("after:")]
    if not planes:
        return {}
    place = k.gather(k.at(k.s["places"], "%begin", "i32"), here, mask, whole=True)
    found, each = {}, k.i64("mul", k.s["depth"], k.s["width"])
    for name in planes:
        row = k.i64("mul", each, k.rule.event_planes.index(name))
        plane = k.at(k.s["values"], k.i64("add", row, depth), k.v.scalar)
        found[name.replace("before:", "state:")] = k.gather(plane, k.target(place), mask)
    return found


def _change(k: Kernel, here: str, arrival: str, mask: str, seen: dict[str, str]) -> None:
    s, moved = k.s, k.moved(BLOCK)
    names = joined(k.rule.level("synapse", BLOCK), moved, k.rule.prior)
    homes = {n: k.at(*k.home(n, "%begin"), k.v.scalar) for n in names}
    values = {n: k.gather(homes[n], here, mask) for n in names}
    if k.rule.flows:
        base = k.gather(s["bases"], here, mask, whole=True)
        values = k.flow_synapse(values, k.int("sub", arrival, base))
    if k.rule.prior:
        last = k.both(mask, k.test("eq", arrival, k.all(k.narrow("%until"))))
        room = k.i64("add", s["chunk"], k.lanes)
        for place, name in enumerate(k.rule.prior):
            at = k.at(s["prior"], k.i64("mul", room, place), k.v.scalar)
            k.scatter(values[name], at, here, last)
    after = values | k.run(BLOCK, seen, named("state", values))
    for name in moved:
        k.scatter(after[name], homes[name], here, mask)
    if k.rule.based:
        k.scatter(arrival, s["bases"], here, mask, whole=True)


def write_replay_call(
    k: Kernel, source: str, begin: str, count: str, until: str, ahead: str
) -> None:
    """Call ``replay``."""
    given = f"i64 {source}, i64 {begin}, i64 {count}, i64 {until}, i64 {ahead}"
    k.w.put(f"call void @replay(ptr %slots, {given})")
