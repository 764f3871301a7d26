"""Find: which events of their targets some synapses of a row have not seen yet.

The latest event of each target is looked at first; mostly that is the only one or none at all.
Synapses that may have more are packed into a list, and the next one back is looked at, until the
list is empty. List r then holds the synapses whose r-th latest event is new to them, packed, so
that the work on them is done in full lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.cpu.network.plastic.kernel import Kernel


@dataclass(frozen=True)
class _Limits:
    """What makes an event new, in every lane: it is later than ``seen`` and not than ``until``."""

    seen: str
    until: str
    row: str
    birth: str


def write_find(k: Kernel, source: str, begin: str, count: str, until: str, ahead: str) -> str:
    """Lists of new events of the ``count`` synapses from ``begin`` on; gives how many lists.

    Memory of the synapses from ``ahead`` on is asked for, because they come next.
    The scratch memory then holds:

    - ``firsts``: where each list begins, and the end of the last;
    - ``list_place``, ``list_arrival``: synapse (counted from ``begin``) and step of each event;
    - ``bases``: where it matters, the step of the last event that each synapse has seen.
    """
    w, s = k.w, k.s
    row = k.larger(k.wide(k.load(s["row"], source, "i32")), s["ticked"])
    limits = _Limits(
        k.all(k.load(s["seen"], source, "i32")),
        *(k.all(k.narrow(x)) for x in (until, row, s["birth"])),
    )
    k.store("0", s["firsts"], 0)
    with w.loop("0", count, k.lanes, carried=[("i64", "0"), ("i64", "0")]) as loop:
        soon = k.i64("add", ahead, loop.index)
        k.prefetch(s["places"], soon, "i32")
        k.prefetch(s["weights"], soon, k.v.scalar, write=True)
        mask = k.left(k.i64("sub", count, loop.index))
        here = k.int("add", k.iota(), k.all(k.narrow(loop.index)))
        place = k.take(s["places"], k.i64("add", begin, loop.index), mask, whole=True)
        stored = k.gather(s["steps"], k.target(place), mask, whole=True)
        arrival, later, new = _look(k, stored, place, limits, mask)
        if k.rule.based:
            base = _base(k, stored, arrival, limits)
            k.put_all(base, s["bases"], loop.index, whole=True)
        loop.next = _sort(k, loop.carried, "0", here, place, arrival, later, new)
    listed, walking = loop.results

    def more(values: tuple[str, ...]) -> str:
        depth, listed, walking = values
        k.store(listed, s["firsts"], depth)
        return w.let(f"icmp sgt i64 {walking}, 0")

    def back(values: tuple[str, ...]) -> tuple[str, ...]:
        depth, listed, walking = values
        half = k.i64("and", depth, 1)
        from_ = k.i64("mul", k.i64("sub", 1, half), k.i64("add", s["chunk"], k.lanes))
        plane = k.at(s["steps"], k.i64("mul", depth, s["width"]), "i32")
        with w.loop("0", walking, k.lanes, carried=[("i64", listed), ("i64", "0")]) as loop:
            mask = k.left(k.i64("sub", walking, loop.index))
            at = k.i64("add", from_, loop.index)
            here = k.take(s["walk_place"], at, mask, whole=True)
            place = k.take(s["walk_target"], at, mask, whole=True)
            stored = k.gather(plane, k.target(place), mask, whole=True)
            arrival, later, new = _look(k, stored, place, limits, mask)
            if k.rule.based:
                over = k.both(mask, w.let(f"xor {k.mask} {later}, splat (i1 true)"))
                base = _base(k, stored, arrival, limits)
                k.scatter(base, s["bases"], here, over, whole=True)
            loop.next = _sort(k, loop.carried, half, here, place, arrival, later, new)
        return (k.i64("add", depth, 1), *loop.results)

    carried = [("i64", "1"), ("i64", listed), ("i64", walking)]
    return w.repeat(carried, more, back)[0]


def _look(k: Kernel, stored: str, place: str, limits: _Limits, mask: str) -> tuple[str, str, str]:
    """When synapses see events; which of them are new, or later than that."""
    arrival = k.int("add", stored, k.behind(place))
    later = k.both(mask, k.test("sgt", arrival, limits.seen))
    later = k.both(later, k.test("sgt", stored, limits.birth))
    return arrival, later, k.both(later, k.test("sle", arrival, limits.until))


def _base(k: Kernel, stored: str, arrival: str, limits: _Limits) -> str:
    """What the states of a synapse moved at last, if this is the latest event it has seen."""
    never = k.test("sle", stored, limits.birth)
    return k.imax(limits.row, k.chosen(never, limits.row, arrival))


def _sort(
    k: Kernel,
    sizes: tuple[str, ...],
    half: str,
    here: str,
    place: str,
    arrival: str,
    later: str,
    new: str,
) -> tuple[str, str]:
    """Add synapses to the list of new events, and to those to look at again; gives their sizes."""
    listed, walking = sizes
    k.put_all(k.packed(here, new), k.s["list_place"], listed, whole=True)
    k.put_all(k.packed(arrival, new), k.s["list_arrival"], listed, whole=True)
    at = k.i64("add", walking, k.i64("mul", half, k.i64("add", k.s["chunk"], k.lanes)))
    k.put_all(k.packed(here, later), k.s["walk_place"], at, whole=True)
    k.put_all(k.packed(place, later), k.s["walk_target"], at, whole=True)
    return k.i64("add", listed, k.count(new)), k.i64("add", walking, k.count(later))
