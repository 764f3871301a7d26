"""The first rise through threshold within an interval, found by the chain of `EventSystem`."""

from __future__ import annotations

from spikeloom.engines.cpu.events.motion import GIVEN
from spikeloom.engines.cpu.events.scalar import Scalar, Shape
from spikeloom.engines.cpu.text import Writer

HERE = "ptr %A, ptr %fine, ptr %coarse, ptr %rows, ptr %rates, double %delta, double %inverse"
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
    """The zero of f_k between a and b, where its signs differ: Newton kept within a bracket."""
    with w.function("zero", f"{GIVEN}, i64 %k, double %a, double %b, ptr %z, ptr %out"):
        s = Scalar(w, shape.n)
        there = s.room(shape.n)
        row = _row(s, "%k")
        slope_row = _row(s, w.let("add i64 %k, 1"))
        rate = s.load("%rates", "%k")

        def value(t: str) -> tuple[str, list[str]]:
            w.put(f"call void @advance({HERE}, double {t}, ptr %z, ptr {there})")
            z = s.vector(there)
            return s.dot(row, z), z

        left, _ = value("%a")
        right, _ = value("%b")
        negative = s.test("olt", left, s.const(0.0))
        span = s.op("fsub", "%b", "%a")
        part = s.op("fdiv", left, s.op("fsub", left, right))
        first = s.fma(span, part, "%a")

        def going(carried: tuple[str, ...]) -> str:
            more = w.let(f"icmp slt i64 {carried[3]}, {MOST}")
            return more

        def turn(carried: tuple[str, ...]) -> list[str]:
            a, b, x, count = carried
            f, z = value(x)
            rise = s.fma(rate, f, s.dot(slope_row, z))
            same = w.let(f"icmp eq i1 {s.test('olt', f, s.const(0.0))}, {negative}")
            a, b = s.pick(same, x, a), s.pick(same, b, x)
            newton = s.op("fsub", x, s.op("fdiv", f, rise))
            inside = w.let(
                f"and i1 {s.test('ogt', newton, a)}, {s.test('olt', newton, b)}"
            )
            inside = w.let(f"and i1 {inside}, {w.let(f'icmp slt i64 {count}, {NEWTON}')}")
            half = s.op("fmul", s.const(0.5), s.op("fadd", a, b))
            following = s.pick(inside, newton, half)
            moved = s.op("fsub", following, x)
            moved = w.call("double", "llvm.fabs.f64", f"double {moved}", "double")
            done = s.test("ole", moved, s.op("fmul", s.const(CLOSE), "%b"))
            done = w.let(f"or i1 {done}, {s.test('oeq', f, s.const(0.0))}")
            following = s.pick(s.test("oeq", f, s.const(0.0)), x, following)
            counted = s.pick(done, str(MOST), w.let(f"add i64 {count}, 1"), "i64")
            return [a, b, following, counted]

        kinds = [("double", "%a"), ("double", "%b"), ("double", first), ("i64", "0")]
        found = w.repeat(kinds, going, turn)
        s.store(found[2], "%out")


def _write_crossing(w: Writer, shape: Shape) -> None:
    """Time to the first crossing from z on, whose state after `h` is `after`; -1 for none."""
    given = f"{GIVEN}, double %h, ptr %z, ptr %after, ptr %out"
    with w.function("crossing", given):
        s = Scalar(w, shape.n)
        none = s.const(-1.0)
        zero = s.const(0.0)
        there, root = s.room(shape.n), s.room(1)
        points, others = s.room(shape.length + 1), s.room(shape.length + 1)
        count = s.room(1, "i64")
        s.store(none, "%out")
        now, then = s.vector("%z"), s.vector("%after")
        rows = [_row(s, str(k)) for k in range(2)]
        before, behind = s.dot(rows[0], now), s.dot(rows[0], then)
        starts_below = s.test("olt", before, zero)
        crosses = w.let(f"and i1 {starts_below}, {s.test('oge', behind, zero)}")
        possible = crosses
        if shape.length >= 3:
            first, last = s.dot(rows[1], now), s.dot(rows[1], then)
            if shape.length == 3:
                # One extremum at most: only a rise that ends in a fall can hide two crossings.
                hides = w.let(
                    f"and i1 {s.test('ogt', first, zero)}, {s.test('olt', last, zero)}"
                )
                # f_1 e^{-λ t} falls, so with λ <= 0 the distance stays below this line.
                reached = s.test("oge", s.fma(first, "%h", before), zero)
                grows = s.test("ogt", s.load("%rates", 1), zero)
                hides = w.let(f"and i1 {hides}, {w.let(f'or i1 {reached}, {grows}')}")
                dips = w.let(
                    f"and i1 {s.test('olt', first, zero)}, {s.test('ogt', last, zero)}"
                )
                possible = w.let(f"or i1 {possible}, {w.let(f'or i1 {hides}, {dips}')}")
            else:
                possible = w.let("icmp eq i1 true, true")
        if shape.strict:
            late = w.let(f"xor i1 {starts_below}, true")
            with w.when(late):  # rounding left it a hair above: it fires now
                s.store(zero, "%out")
            possible = w.let(f"and i1 {possible}, {starts_below}")

        def value(k: str, t: str) -> str:
            w.put(f"call void @advance({HERE}, double {t}, ptr %z, ptr {there})")
            return s.dot(_row(s, k), s.vector(there))

        with w.when(possible):
            s.store(zero, points)
            s.store("%h", points, 1)
            w.put(f"store i64 1, ptr {count}, align 8")
            for k in range(shape.length - 2, 0, -1):
                pieces = w.let(f"load i64, ptr {count}, align 8")
                s.store(zero, others)
                w.put(f"store i64 1, ptr {count}, align 8")
                with w.loop("0", pieces) as loop:
                    a = s.load(points, loop.index)
                    b = s.load(points, w.let(f"add i64 {loop.index}, 1"))
                    left, right = (s.test("olt", value(str(k), t), zero) for t in (a, b))
                    with w.when(w.let(f"xor i1 {left}, {right}")):
                        here = f"i64 {k}, double {a}, double {b}, ptr %z, ptr {root}"
                        w.put(f"call void @zero({HERE}, {here})")
                        n = w.let(f"load i64, ptr {count}, align 8")
                        s.store(s.load(root), others, n)
                        w.put(f"store i64 {w.let(f'add i64 {n}, 1')}, ptr {count}, align 8")
                n = w.let(f"load i64, ptr {count}, align 8")
                s.store("%h", others, n)
                points, others = others, points
            pieces = w.let(f"load i64, ptr {count}, align 8")
            with w.loop("0", pieces) as loop:
                a = s.load(points, loop.index)
                b = s.load(points, w.let(f"add i64 {loop.index}, 1"))
                left = s.test("olt", value("0", a), zero)
                right = s.test("oge", value("0", b), zero)
                open_ = s.test("olt", s.load("%out"), zero)
                both = w.let(f"and i1 {left}, {w.let(f'and i1 {right}, {open_}')}")
                with w.when(both):
                    here = f"i64 0, double {a}, double {b}, ptr %z, ptr {root}"
                    w.put(f"call void @zero({HERE}, {here})")
                    s.store(s.load(root), "%out")
