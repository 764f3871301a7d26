"""The first rise through threshold within an interval, found by the chain of `EventSystem`."""

from __future__ import annotations

from spikeloom.engines.cpu.events.motion import GIVEN
from spikeloom.engines.cpu.events.scalar import Scalar, Shape
from spikeloom.engines.cpu.text import Writer

HERE = GIVEN
"""The same names, handed on."""
NEWTON, MOST = 24, 90
"""Turns in which Newton's step may be taken, and turns in all: then halving is through."""
CLOSE = 2.0**-52


def write_search(w: Writer, shape: Shape) -> None:
    """``@zero`` and ``@crossing``."""
    if not shape.spikes or shape.length < 2:
        return
    _write_zero(w, shape)
    _write_crossing(w, shape)


def _row(s: Scalar, k: str) -> list[str]:
    return s.vector(s.at("%rows", k, s.n))


def _write_zero(w: Writer, shape: Shape) -> None:
    """The zero of f_k between a and b, where its values differ in sign, and z there.

    Newton's step, kept within a bracket. A search for the one extremum (k = 1 of three) may stop
    as soon as f_0 is not negative: that point parts the two crossings as well as the extremum.
    """
    ends = "double %a, double %b, double %left, double %right"
    with w.function("zero", f"{GIVEN}, i64 %k, {ends}, ptr %z, ptr %out, ptr %there"):
        s = Scalar(w, shape.n)
        zero = s.const(0.0)
        row = _row(s, "%k")
        slope_row = _row(s, w.let("add i64 %k, 1"))
        rate = s.load("%rates", "%k")
        distance = _row(s, "0")
        early = w.let("icmp eq i64 %k, 1") if shape.length == 3 else "false"
        negative = s.test("olt", "%left", zero)
        part = s.op("fdiv", "%left", s.op("fsub", "%left", "%right"))
        secant = s.fma(s.op("fsub", "%b", "%a"), part, "%a")
        # From the start of an interval Newton's own first step mostly falls short, and never far.
        rise = s.fma(rate, "%left", s.dot(slope_row, s.vector("%z")))
        newton = s.op("fdiv", w.let("fneg double %left"), rise)
        fits = w.let(f"and i1 {s.test('ogt', newton, zero)}, {s.test('olt', newton, '%b')}")
        fits = w.let(f"and i1 {fits}, {s.test('oeq', '%a', zero)}")
        first = s.pick(fits, newton, secant)

        def going(carried: tuple[str, ...]) -> str:
            return w.let(f"icmp slt i64 {carried[3]}, {MOST}")

        def turn(carried: tuple[str, ...]) -> list[str]:
            a, b, x, count = carried
            w.put(f"call void @advance({HERE}, double {x}, ptr %z, ptr %there)")
            z = s.vector("%there")
            f = s.dot(row, z)
            rise = s.fma(rate, f, s.dot(slope_row, z))
            same = w.let(f"icmp eq i1 {s.test('olt', f, zero)}, {negative}")
            a, b = s.pick(same, x, a), s.pick(same, b, x)
            newton = s.op("fsub", x, s.op("fdiv", f, rise))
            inside = w.let(f"and i1 {s.test('ogt', newton, a)}, {s.test('olt', newton, b)}")
            inside = w.let(f"and i1 {inside}, {w.let(f'icmp slt i64 {count}, {NEWTON}')}")
            half = s.op("fmul", s.const(0.5), s.op("fadd", a, b))
            following = s.pick(inside, newton, half)
            moved = s.op("fsub", following, x)
            moved = w.call("double", "llvm.fabs.f64", f"double {moved}", "double")
            done = s.test("ole", moved, s.op("fmul", s.const(CLOSE), "%b"))
            done = w.let(f"or i1 {done}, {s.test('oeq', f, zero)}")
            past = w.let(f"and i1 {early}, {s.test('oge', s.dot(distance, z), zero)}")
            done = w.let(f"or i1 {done}, {past}")
            counted = s.pick(done, str(MOST), w.let(f"add i64 {count}, 1"), "i64")
            # At the end x stays where z was taken.
            return [a, b, s.pick(done, x, following), counted]

        kinds = [("double", "%a"), ("double", "%b"), ("double", first), ("i64", "0")]
        s.store(w.repeat(kinds, going, turn)[2], "%out")


def _write_crossing(w: Writer, shape: Shape) -> None:
    """Time to the first crossing from z on, and z there; -1 for none before `h`."""
    with w.function("crossing", f"{GIVEN}, double %h, ptr %z, ptr %after, ptr %out, ptr %there"):
        s, n = Scalar(w, shape.n), shape.n
        zero = s.const(0.0)
        sides = [(s.room(shape.length + 1), s.room((shape.length + 1) * n)) for _ in range(2)]
        count, root = s.room(1, "i64"), s.room(1)
        s.store(s.const(-1.0), "%out")
        now, then = s.vector("%z"), s.vector("%after")
        rows = [_row(s, str(k)) for k in range(2)]
        before, behind = s.dot(rows[0], now), s.dot(rows[0], then)
        below = s.test("olt", before, zero)
        crosses = w.let(f"and i1 {below}, {s.test('oge', behind, zero)}")
        possible = crosses
        if shape.length == 3:
            possible = w.let(f"or i1 {crosses}, {_hidden(w, s, rows[1], now, then, before)}")
        elif shape.length > 3:
            possible = "true"
        if shape.strict:
            with w.when(w.let(f"xor i1 {below}, true")):  # rounding left it a hair above
                s.store(zero, "%out")
                s.put(now, "%there")
            possible = w.let(f"and i1 {possible}, {below}")
        with w.when(possible):
            (points, states), (others, kept) = sides
            s.store(zero, points)
            s.put(now, states)
            s.store("%h", points, 1)
            s.put(then, s.at(states, str(n)))
            w.put(f"store i64 1, ptr {count}, align 8")
            # With one extremum at most, a rise over the whole interval needs no search for it.
            split = w.let(f"xor i1 {crosses}, true") if shape.length == 3 else "true"
            for k in range(shape.length - 2, 0, -1):
                pieces = w.let(f"load i64, ptr {count}, align 8")
                s.store(zero, others)
                s.put(now, kept)
                w.put(f"store i64 1, ptr {count}, align 8")
                row = _row(s, str(k))
                with w.loop("0", pieces) as loop:
                    a, b, left, right = _piece(w, s, row, points, states, loop.index)
                    differ = w.let(
                        f"xor i1 {s.test('olt', left, zero)}, {s.test('olt', right, zero)}"
                    )
                    with w.when(w.let(f"and i1 {differ}, {split}")):
                        given = f"i64 {k}, double {a}, double {b}, double {left}, double {right}"
                        done = w.let(f"load i64, ptr {count}, align 8")
                        there = s.at(kept, done, n)
                        w.put(f"call void @zero({HERE}, {given}, ptr %z, ptr {root}, ptr {there})")
                        s.store(s.load(root), others, done)
                        w.put(f"store i64 {w.let(f'add i64 {done}, 1')}, ptr {count}, align 8")
                done = w.let(f"load i64, ptr {count}, align 8")
                s.store("%h", others, done)
                s.put(then, s.at(kept, done, n))
                (points, states), (others, kept) = (others, kept), (points, states)
            pieces = w.let(f"load i64, ptr {count}, align 8")
            with w.loop("0", pieces) as loop:
                a, b, left, right = _piece(w, s, rows[0], points, states, loop.index)
                rises = w.let(f"and i1 {s.test('olt', left, zero)}, {s.test('oge', right, zero)}")
                open_ = s.test("olt", s.load("%out"), zero)
                with w.when(w.let(f"and i1 {rises}, {open_}")):
                    given = f"i64 0, double {a}, double {b}, double {left}, double {right}"
                    w.put(f"call void @zero({HERE}, {given}, ptr %z, ptr %out, ptr %there)")


def _piece(
    w: Writer, s: Scalar, row: list[str], points: str, states: str, index: str
) -> tuple[str, str, str, str]:
    """Both ends of a piece, and the values of a functional there."""
    following = w.let(f"add i64 {index}, 1")
    a, b = s.load(points, index), s.load(points, following)
    left, right = (s.dot(row, s.vector(s.at(states, i, s.n))) for i in (index, following))
    return a, b, left, right


def _hidden(
    w: Writer, s: Scalar, slope: list[str], now: list[str], then: list[str], before: str
) -> str:
    """Whether a hump or a dip lies inside the interval, where there is one extremum at most."""
    zero = s.const(0.0)
    first, last = s.dot(slope, now), s.dot(slope, then)
    hump = w.let(f"and i1 {s.test('ogt', first, zero)}, {s.test('olt', last, zero)}")
    # The slope times e^{-λ t} falls in a hump, so with λ <= 0 the distance stays under this line.
    reached = s.test("oge", s.fma(first, "%h", before), zero)
    grows = s.test("ogt", s.load("%rates", 1), zero)
    hump = w.let(f"and i1 {hump}, {w.let(f'or i1 {reached}, {grows}')}")
    dip = w.let(f"and i1 {s.test('olt', first, zero)}, {s.test('ogt', last, zero)}")
    return w.let(f"or i1 {hump}, {dip}")
