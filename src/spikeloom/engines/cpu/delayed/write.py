"""The text of the two kernels of delayed sums.

Arrays are (groups, sources, steps, lanes): a vector is one step of as many samples. A synapse reads
two neighbouring steps with a weight each, so that interpolated and whole delays are the same code.
"""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer

ROWS = 8
"""Steps that are held in registers while all sources of a target are added."""
COUNTS = ("groups", "targets", "sources", "read", "made")
SUM_SLOTS = (*COUNTS, "in", "first", "near", "far", "out")
PRODUCT_SLOTS = (*COUNTS, "in", "first", "grad", "near", "far")


def write_sums(scalar: str, lanes: int) -> str:
    """The module with ``sums``.

    For work item k = (group, block of steps), all targets r and steps s of the block:
    ``out[r, s] = sum_q near[r, q] in[q, s + first[r, q]] + far[r, q] in[q, s + first[r, q] + 1]``.
    """
    w, vector = Writer(), f"<{lanes} x {scalar}>"
    with w.function("sums", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        got = _slots(w, SUM_SLOTS)
        blocks = w.let(f"udiv i64 {got['made']}, {ROWS}")
        row = w.let(f"mul i64 {got['read']}, {lanes}")
        row_out = w.let(f"mul i64 {got['made']}, {lanes}")
        with w.loop("%begin", "%end") as items:
            group = w.let(f"udiv i64 {items.index}, {blocks}")
            block = w.let(f"urem i64 {items.index}, {blocks}")
            start = _times(w, block, str(ROWS * lanes))
            base = _times(w, _times(w, group, got["sources"]), row)
            base = w.let(f"add i64 {base}, {start}")
            base_out = _times(w, _times(w, group, got["targets"]), row_out)
            base_out = w.let(f"add i64 {base_out}, {start}")
            with w.loop("0", got["targets"]) as targets:
                table = w.let(f"mul i64 {targets.index}, {got['sources']}")
                zeros = [(vector, "zeroinitializer")] * ROWS
                with w.loop("0", got["sources"], carried=zeros) as sources:
                    place = w.let(f"add i64 {table}, {sources.index}")
                    near, far = (
                        _splat(w, _load(w, scalar, got[name], place), scalar, lanes)
                        for name in ("near", "far")
                    )
                    at = w.let(f"mul i64 {sources.index}, {row}")
                    at = w.let(f"add i64 {at}, {base}")
                    at = w.let(f"add i64 {at}, {_offset(w, got['first'], place, lanes)}")
                    x = [_row(w, scalar, vector, got["in"], at, k * lanes) for k in range(ROWS + 1)]
                    sums = sources.carried
                    sums = [_fma(w, vector, near, v, s) for v, s in zip(x[:-1], sums, strict=True)]
                    sums = [_fma(w, vector, far, v, s) for v, s in zip(x[1:], sums, strict=True)]
                    sources.next = tuple(sums)
                at = w.let(f"mul i64 {targets.index}, {row_out}")
                at = w.let(f"add i64 {at}, {base_out}")
                for k, total in enumerate(sources.results):
                    place = w.let(f"add i64 {at}, {k * lanes}")
                    to = w.let(f"getelementptr {scalar}, ptr {got['out']}, i64 {place}")
                    w.put(f"store {vector} {total}, ptr {to}, align {_size(scalar)}")
    return w.text()


def write_products(scalar: str, lanes: int) -> str:
    """The module with ``products``, the adjoint of ``sums`` by the weights.

    For each target r: ``near[r, q] = sum_s <grad[r, s], in[q, s + first[r, q]]>`` over all groups,
    and ``far[r, q]`` with the step after it. ``made`` is a multiple of 4.
    """
    w, vector, step = Writer(), f"<{lanes} x {scalar}>", 4
    with w.function("products", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        got = _slots(w, PRODUCT_SLOTS)
        row = w.let(f"mul i64 {got['read']}, {lanes}")
        row_grad = w.let(f"mul i64 {got['made']}, {lanes}")
        with w.loop("%begin", "%end") as targets:
            table = w.let(f"mul i64 {targets.index}, {got['sources']}")
            with w.loop("0", got["sources"]) as sources:
                place = w.let(f"add i64 {table}, {sources.index}")
                offset = _offset(w, got["first"], place, lanes)
                zeros = [(vector, "zeroinitializer")] * (2 * step)
                with w.loop("0", got["groups"], carried=zeros) as groups:
                    at = w.let(f"mul i64 {groups.index}, {got['sources']}")
                    at = w.let(f"mul i64 {w.let(f'add i64 {at}, {sources.index}')}, {row}")
                    at = w.let(f"add i64 {at}, {offset}")
                    up = w.let(f"mul i64 {groups.index}, {got['targets']}")
                    up = w.let(f"mul i64 {w.let(f'add i64 {up}, {targets.index}')}, {row_grad}")
                    held = [(vector, c) for c in groups.carried]
                    with w.loop("0", row_grad, step * lanes, carried=held) as steps:
                        here = w.let(f"add i64 {at}, {steps.index}")
                        there = w.let(f"add i64 {up}, {steps.index}")
                        x = [
                            _row(w, scalar, vector, got["in"], here, k * lanes)
                            for k in range(step + 1)
                        ]
                        g = [
                            _row(w, scalar, vector, got["grad"], there, k * lanes)
                            for k in range(step)
                        ]
                        sums, pairs = steps.carried, [*zip(2 * g, [*x[:-1], *x[1:]], strict=True)]
                        steps.next = tuple(
                            _fma(w, vector, a, b, s) for (a, b), s in zip(pairs, sums, strict=True)
                        )
                    groups.next = steps.results
                for name, totals in (
                    ("near", groups.results[:step]),
                    ("far", groups.results[step:]),
                ):
                    total = totals[0]
                    for other in totals[1:]:
                        total = w.let(f"fadd {vector} {total}, {other}")
                    to = w.let(f"getelementptr {scalar}, ptr {got[name]}, i64 {place}")
                    one = _whole(w, total, scalar, lanes)
                    w.put(f"store {scalar} {one}, ptr {to}, align {_size(scalar)}")
    return w.text()


def _slots(w: Writer, names: tuple[str, ...]) -> dict[str, str]:
    got = {}
    for k, name in enumerate(names):
        at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
        got[name] = w.let(f"load {'i64' if name in COUNTS else 'ptr'}, ptr {at}, align 8")
    return got


def _times(w: Writer, a: str, b: str) -> str:
    return w.let(f"mul i64 {a}, {b}")


def _size(scalar: str) -> int:
    return 4 if scalar == "float" else 8


def _load(w: Writer, scalar: str, array: str, place: str) -> str:
    at = w.let(f"getelementptr {scalar}, ptr {array}, i64 {place}")
    return w.let(f"load {scalar}, ptr {at}, align {_size(scalar)}")


def _row(w: Writer, scalar: str, vector: str, array: str, place: str, more: int) -> str:
    at = w.let(f"getelementptr {scalar}, ptr {array}, i64 {place}")
    at = w.let(f"getelementptr {scalar}, ptr {at}, i64 {more}")
    return w.let(f"load {vector}, ptr {at}, align {_size(scalar)}")


def _offset(w: Writer, first: str, place: str, lanes: int) -> str:
    at = w.let(f"getelementptr i32, ptr {first}, i64 {place}")
    step = w.let(f"sext i32 {w.let(f'load i32, ptr {at}, align 4')} to i64")
    return w.let(f"mul i64 {step}, {lanes}")


def _splat(w: Writer, value: str, scalar: str, lanes: int) -> str:
    kind = f"<{lanes} x {scalar}>"
    one = w.let(f"insertelement {kind} poison, {scalar} {value}, i32 0")
    return w.let(f"shufflevector {kind} {one}, {kind} poison, <{lanes} x i32> zeroinitializer")


def _fma(w: Writer, vector: str, a: str, b: str, c: str) -> str:
    kind = f"v{vector[1:-1].replace(' x float', 'f32').replace(' x double', 'f64')}"
    given = f"{vector} {a}, {vector} {b}, {vector} {c}"
    return w.call(vector, f"llvm.fma.{kind}", given, f"{vector}, {vector}, {vector}")


def _whole(w: Writer, vector: str, scalar: str, lanes: int) -> str:
    """The sum of all lanes, from the first to the last."""
    kind = f"v{lanes}{'f32' if scalar == 'float' else 'f64'}"
    function = f"llvm.vector.reduce.fadd.{kind}"
    given = f"{scalar} 0.0, <{lanes} x {scalar}> {vector}"
    return w.call(scalar, function, given, f"{scalar}, <{lanes} x {scalar}>")
