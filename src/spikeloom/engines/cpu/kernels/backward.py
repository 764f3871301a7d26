"""backward: gradients of inputs, coefficients and first state from those of what came out.

For each tile of columns, from the last segment to the first: run the segment again from its
checkpoint, keeping the state before each step in scratch memory; then run the adjoint of each
step in reverse, a few steps at a time with their gradients in registers. Gradients of
coefficients are summed over those few steps in the working precision, and then in float64, one
sum a column.
"""

from __future__ import annotations

from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.kernels.forward import write_steps
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame


def write(f: Frame) -> None:
    """Write the kernel ``backward``.

    Scratch: gradients (states, tile), then the states before each step (every, states, tile).
    """
    w = f.w
    with w.function("backward", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        if not f.variant.grad_out:
            fixed["grad:out"] = f.v.const(0.0)
        tile, every, steps = f.slot("tile"), f.slot("every"), f.slot("steps")
        row = f.mul(f.slot("width"), len(f.program.states))
        frame = f.mul(tile, len(f.program.states))
        kept = f.at("%scratch", frame)
        segments = w.let(f"udiv i64 {f.add(steps, f.add(every, -1))}, {every}")
        with w.loop("%begin", "%end", tile) as tiles:
            low = tiles.index
            high = f.smaller(f.add(low, tile), "%end")
            f.copy_in(f.slot("grad_state_in"), "%scratch", low, high)
            with w.loop("0", segments, down=True) as segment:
                start = f.mul(segment.index, every)
                stop = f.smaller(f.add(start, every), steps)
                source = f.at(f.slot("checkpoints"), f.mul(segment.index, row))
                f.copy_in(source, kept, low, high)
                _write_again(f, fixed, (start, stop), (low, high), kept, frame)
                _write_reverse(f, fixed, (start, stop), (low, high), kept)
            f.copy_out("%scratch", f.slot("grad_state_out"), low, high)
        f.settle()


def _write_again(
    f: Frame,
    fixed: dict[str, str],
    times: tuple[str, str],
    bounds: tuple[str, str],
    kept: str,
    frame: str,
) -> None:
    """Run a segment again; the state after its last step is not needed."""
    w, (start, stop) = f.w, times
    last = f.add(stop, -1)
    with w.loop(start, last, f.slot("together")) as blocks:
        until = f.smaller(f.add(blocks.index, f.slot("together")), last)
        before = f.at(kept, f.mul(w.let(f"sub i64 {blocks.index}, {start}"), frame))
        write_steps(f, fixed, (blocks.index, until), bounds, before, f.at(before, frame))


def _write_reverse(
    f: Frame, fixed: dict[str, str], times: tuple[str, str], bounds: tuple[str, str], kept: str
) -> None:
    """The adjoint of each step of a segment, last step first."""
    w, (start, stop) = f.w, times
    count = w.let(f"sub i64 {stop}, {start}")
    with w.loop("0", count, f.slot("together")) as blocks:
        until = w.let(f"sub i64 {stop}, {blocks.index}")
        first = f.larger(w.let(f"sub i64 {until}, {f.slot('together')}"), start)
        _write_adjoints(f, fixed, (first, until), start, bounds, kept)


def _write_adjoints(
    f: Frame,
    fixed: dict[str, str],
    times: tuple[str, str],
    start: str,
    bounds: tuple[str, str],
    kept: str,
) -> None:
    """The adjoints of a few steps of all columns of a tile, last step first."""
    w, v, states, variant = f.w, f.v, f.program.states, f.variant
    known = set(f.program.backward.names)
    ours = [f"grad:state:{name}" for name in states]
    targets = [f"grad:input:{n}" for n in variant.want_inputs if n not in variant.constant]
    sums = [f"grad:input:{n}" for n in variant.want_inputs if n in variant.constant]
    coefs = [f"grad:coef:{name}" for name in variant.want_coefs]
    wanted = [name for name in (*ours, *targets, *sums, *coefs) if name in known]
    reads = leaves(f.program.backward, wanted)
    sources = {f"input:{name}": f"input:{name}" for name in variant.inputs}
    if variant.grad_out:
        sources["grad:out"] = "grad_out"
    sources = {leaf: slot for leaf, slot in sources.items() if leaf in reads}
    low, high = bounds
    zero = v.const(0.0)
    frame = f.mul(f.slot("tile"), len(states))
    with w.loop(low, high, v.lanes) as columns:
        column = columns.index
        left = w.let(f"sub i64 {high}, {column}")
        places = f.places(column, low)
        given = fixed | f.columns(column, reads)
        begin = [(v.type, f.load(f.at("%scratch", p))) for p in places]
        held = [f.at(f.slot(name), column) for name in sums]
        begin += [(v.type, value) for value in f.load_some(held, left)]
        begin += [(v.type, zero) for _ in coefs]
        with w.loop(*times, carried=begin, down=True) as time:
            w.note(f"read {', '.join([*sources, *(f'state:{name}' for name in states)])}")
            at = [f.at(f.row(slot, time.index), column) for slot in sources.values()]
            given |= dict(zip(sources, f.load_some(at, left), strict=True))
            step = f.at(kept, f.mul(w.let(f"sub i64 {time.index}, {start}"), frame))
            before = [f.load(f.at(step, p)) for p in places]
            given |= {f"state:{n}": x for n, x in zip(states, before, strict=True)}
            given |= dict(zip(ours, time.carried, strict=False))
            found = write_block(v, f.program.backward, given, wanted)
            totals = [
                v.add(total, found[name]) if name in found else total
                for name, total in zip([*sums, *coefs], time.carried[len(ours) :], strict=True)
            ]
            time.next = (*(found.get(name, zero) for name in ours), *totals)
            f.store_result(
                {f.at(f.row(name, time.index), column): found.get(name, zero) for name in targets},
                left,
            )
        for value, p in zip(time.results, places, strict=False):
            f.store(value, f.at("%scratch", p))
        first = len(ours) + len(sums)
        f.store_some(dict(zip(held, time.results[len(ours) :], strict=False)), left)
        for k, total in enumerate(time.results[first:]):
            _add_wide(f, total, k, column)


def _add_wide(f: Frame, value: str, row: int, column: str) -> None:
    """Add to the running sum of one coefficient, in float64."""
    w, v = f.w, f.v
    w.note(f"add to {f.variant.want_coefs[row]}")
    wide = f"<{v.lanes} x double>"
    at = f.at(f.slot("grad_coefs"), f.add(f.mul(f.slot("padded"), row), column), "double")
    if v.dtype == "float32":
        value = w.let(f"fpext {v.type} {value} to {wide}")
    total = w.let(f"load {wide}, ptr {at}, align 8")
    w.put(f"store {wide} {w.let(f'fadd {wide} {total}, {value}')}, ptr {at}, align 8")
