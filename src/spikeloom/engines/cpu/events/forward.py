"""The forward kernel: ``%begin`` to ``%end`` count samples."""

from __future__ import annotations

from spikeloom.engines.cpu.events.motion import passed, write_motion
from spikeloom.engines.cpu.events.scalar import Shape, words
from spikeloom.engines.cpu.events.search import write_search
from spikeloom.engines.cpu.events.walk import Walk
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.events.record import MOST


def write_forward(shape: Shape, counts: tuple[int, int]) -> str:
    """The module with ``forward``."""
    w = Writer()
    write_motion(w, shape)
    write_search(w, shape)
    with w.function("forward", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        given = words(w)
        walk = Walk(w, shape, given)
        walk.stack()
        s, n = walk.s, shape.n
        state, after, ahead, prior = s.room(n), s.room(n), s.room(1), s.room(1)
        count = s.room(1, "i64")
        with w.loop("%begin", "%end") as samples:
            first, events = walk.sample(samples.index)
            with w.loop("0", given["neurons"]) as neurons:
                k = neurons.index
                walk.enter(k, (str(counts[0]), str(counts[1])))
                walk.steps(k, first, events, "%scratch")
                row = s.place(samples.index, given["neurons"], k)
                weights = s.at(given["weights"], w.let(f"mul i64 {k}, {given['sources']}"))
                s.put(s.vector(walk.group["z"]), state)
                w.put(f"store i64 0, ptr {count}, align 8")
                s.store(s.const(0.0), prior)
                with w.loop("0", w.let(f"add i64 {events}, 1")) as loop:
                    e = loop.index
                    time = walk.time(first, events, e)
                    length = s.op("fsub", time, s.load(prior))
                    spent = w.let(f"load i64, ptr {count}, align 8")
                    lives = w.let(f"icmp slt i64 {spent}, {given['limit']}")
                    moves = w.let(f"and i1 {lives}, {s.test('ogt', length, s.const(0.0))}")
                    with w.when(moves):
                        here = s.at("%scratch", e, n * n)
                        s.put(s.product(here, shape.moves, s.vector(state)), after)
                        if shape.spikes and shape.length >= 2:
                            _spikes(walk, row, count, state, after, ahead, prior, time, length, e)
                        s.put(s.vector(after), state)
                    s.store(time, prior)
                    spent = w.let(f"load i64, ptr {count}, align 8")
                    lives = w.let(f"icmp slt i64 {spent}, {given['limit']}")
                    here = w.let(f"icmp slt i64 {e}, {events}")
                    with w.when(w.let(f"and i1 {lives}, {here}")):
                        _arrive(walk, row, count, state, first, weights, time, e)
                s.put(s.vector(state), s.at(given["end"], row, n))
                where = w.let(f"getelementptr i64, ptr {given['count']}, i64 {row}")
                w.put(f"store i64 {w.let(f'load i64, ptr {count}, align 8')}, ptr {where}, align 8")
    return w.text()


def _spikes(
    walk: Walk,
    row: str,
    count: str,
    state: str,
    after: str,
    ahead: str,
    prior: str,
    time: str,
    length: str,
    e: str,
) -> None:
    """All spikes on the way to event e; `after` becomes the state there."""
    w, s = walk.w, walk.s

    def search(length: str) -> str:
        given = f"double {length}, ptr {state}, ptr {after}, ptr {ahead}, ptr {walk.moved}"
        w.put(f"call void @crossing({passed(walk.group)}, {given})")
        return s.load(ahead)

    def spike(carried: tuple[str, ...]) -> list[str]:
        now = s.op("fadd", s.load(prior), carried[0])
        s.store(now, prior)
        fine = _fire(walk, row, count, walk.moved, state, now, s.place(e, 2, 0))
        left = s.op("fsub", time, now)
        left = s.pick(s.test("olt", left, s.const(0.0)), s.const(0.0), left)
        walk.advance(left, state, after)
        found = search(left)
        return [s.pick(fine, found, s.const(-1.0))]

    w.repeat([("double", search(length))], lambda c: s.test("oge", c[0], s.const(0.0)), spike)


def _fire(walk: Walk, row: str, count: str, before: str, state: str, time: str, place: str) -> str:
    """Note a spike and reset; gives whether the neuron may go on."""
    w, s, n, given = walk.w, walk.s, walk.shape.n, walk.given
    z = s.vector(before)
    done = w.let(f"load i64, ptr {count}, align 8")
    with w.when(w.let(f"icmp slt i64 {done}, {given['room']}")):
        here = s.place(row, given["room"], done)
        s.store(time, given["spikes"], here)
        s.put(z, s.at(given["states"], here, n))
        where = w.let(f"getelementptr i64, ptr {given['place']}, i64 {here}")
        w.put(f"store i64 {place}, ptr {where}, align 8")
    more = w.let(f"add i64 {done}, 1")
    w.put(f"store i64 {more}, ptr {count}, align 8")
    reset = s.product(walk.group["R"], walk.shape.resets, z)
    s.put(reset, state)
    few = w.let(f"icmp slt i64 {more}, {given['limit']}")
    with w.when(w.let(f"icmp sge i64 {more}, {MOST}")):
        w.put(f"store i64 2, ptr {given['fault']}, align 8")
    if not walk.shape.strict:
        return few
    margin = s.dot(s.vector(walk.group["r"]), reset)
    below = s.test("olt", margin, s.const(0.0))
    with w.when(w.let(f"xor i1 {below}, true")):
        w.put(f"store i64 1, ptr {given['fault']}, align 8")
    return w.let(f"and i1 {few}, {below}")


def _arrive(
    walk: Walk,
    row: str,
    count: str,
    state: str,
    first: str,
    weights: str,
    time: str,
    e: str,
) -> None:
    """Add the weight of event e; it may set off a spike at once."""
    w, s, given = walk.w, walk.s, walk.given
    event = w.let(f"add i64 {first}, {e}")
    source = s.whole(given["source"], event)
    weight = s.op("fmul", s.load(weights, source), s.load(given["size"], event))
    z, b = s.vector(state), s.vector(walk.group["b"])
    new = [s.fma(weight, y, x) for x, y in zip(z, b, strict=True)]
    s.put(new, state)
    if not walk.shape.spikes:
        return
    r = s.vector(walk.group["r"])
    below = s.test("olt", s.dot(r, z), s.const(0.0))
    above = s.test("oge", s.dot(r, new), s.const(0.0))
    with w.when(w.let(f"and i1 {below}, {above}")):
        s.put(new, walk.moved)
        place = s.place(e, 2, 1)
        _fire(walk, row, count, walk.moved, state, time, place)
