"""backward: gradients of inputs, coefficients and first state from those of what came out.

For each tile of columns, from the last segment to the first: run the segment again from its
checkpoint, keeping the state before each step in scratch memory; then run the adjoint of each
step in reverse. Gradients of coefficients are summed over time in float64, one sum a column.
"""

from __future__ import annotations

from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.kernels.forward import write_step
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame


def write(f: Frame) -> None:
    """Write the kernel ``backward``. Scratch: gradients (states, tile), states (every, states, tile)."""
    w, count = f.w, len(f.program.states)
    with w.function("backward", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        if not f.variant.grad_out:
            fixed["grad:out"] = f.v.const(0.0)
        tile, every, steps = f.slot("tile"), f.slot("every"), f.slot("steps")
        row = f.mul(f.slot("width"), count)
        frame = f.mul(tile, count)
        grads = "%scratch"
        kept = f.at("%scratch", frame)
        longest = f.add(steps, f.add(every, -1))
        segments = w.let(f"udiv i64 {longest}, {every}")
        with w.loop("%begin", "%end", tile) as tiles:
            low = tiles.index
            high = f.smaller(f.add(low, tile), "%end")
            f.copy_in(f.slot("grad_state_in"), grads, low, high)
            with w.loop("0", segments, down=True) as segment:
                start = f.mul(segment.index, every)
                stop = f.smaller(f.add(start, every), steps)
                source = f.at(f.slot("checkpoints"), f.mul(segment.index, row))
                f.copy_in(source, kept, low, high)
                last = f.add(stop, -1)
                with w.loop(start, last) as time:
                    place = w.let(f"sub i64 {time.index}, {start}")
                    before = f.at(kept, f.mul(place, frame))
                    write_step(
                        f, fixed, time.index, low, high, before, f.at(before, frame), out=False
                    )
                with w.loop(start, stop, down=True) as time:
                    place = w.let(f"sub i64 {time.index}, {start}")
                    before = f.at(kept, f.mul(place, frame))
                    _write_adjoint(f, fixed, time.index, low, high, before, grads)
            f.copy_out(grads, f.slot("grad_state_out"), low, high)


def _write_adjoint(
    f: Frame, fixed: dict[str, str], time: str, low: str, high: str, before: str, grads: str
) -> None:
    """The adjoint of one step of all columns of a tile."""
    w, v, states, variant = f.w, f.v, f.program.states, f.variant
    known = set(f.program.backward.names)
    goals = [f"grad:state:{name}" for name in states]
    goals += [f"grad:input:{name}" for name in variant.want_inputs]
    goals += [f"grad:coef:{name}" for name in variant.want_coefs]
    wanted = [name for name in goals if name in known]
    reads = leaves(f.program.backward, wanted)

    def row(slot: str, stride: str) -> str:
        return f.at(f.slot(slot), f.mul(time, f.slot(stride)))

    rows = {f"input:{n}": row(f"input:{n}", f"stride:{n}") for n in variant.inputs}
    if variant.grad_out:
        rows["grad:out"] = row("grad_out", "width")
    rows = {name: place for name, place in rows.items() if name in reads}
    targets = {n: row(f"grad:input:{n}", "width") for n in variant.want_inputs}
    with w.loop(low, high, v.lanes) as loop:
        left = w.let(f"sub i64 {high}, {loop.index}")
        place = w.let(f"sub i64 {loop.index}, {low}")
        places = [f.add(f.mul(f.slot("tile"), k), place) for k in range(len(states))]
        values = f.load_some([f.at(r, loop.index) for r in rows.values()], left)
        given = fixed | f.columns(loop.index, reads) | dict(zip(rows, values, strict=True))
        for name, p in zip(states, places, strict=True):
            given[f"state:{name}"] = f.load(f.at(before, p))
            given[f"grad:state:{name}"] = f.load(f.at(grads, p))
        found = write_block(v, f.program.backward, given, wanted)
        zero = v.const(0.0)
        for name, p in zip(states, places, strict=True):
            f.store(found.get(f"grad:state:{name}", zero), f.at(grads, p))
        f.store_some(
            {
                f.at(targets[n], loop.index): found.get(f"grad:input:{n}", zero)
                for n in variant.want_inputs
            },
            left,
        )
        for k, name in enumerate(variant.want_coefs):
            if f"grad:coef:{name}" in found:
                _add_coef(f, found[f"grad:coef:{name}"], k, loop.index)


def _add_coef(f: Frame, value: str, row: int, column: str) -> None:
    """Add to the running sum of one coefficient, in float64."""
    w, v = f.w, f.v
    wide = f"<{v.lanes} x double>"
    at = f.at(f.slot("grad_coefs"), f.add(f.mul(f.slot("padded"), row), column), "double")
    if v.dtype == "float32":
        value = w.let(f"fpext {v.type} {value} to {wide}")
    total = w.let(f"load {wide}, ptr {at}, align 8")
    total = w.let(f"fadd {wide} {total}, {value}")
    w.put(f"store {wide} {total}, ptr {at}, align 8")
