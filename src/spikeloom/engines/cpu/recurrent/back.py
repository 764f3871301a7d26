"""backward: gradients of inputs, coefficients, first states and past spikes of joined neurons.

For each tile of samples, from the last segment to the first: run the segment again from its
checkpoint, its spikes known from their bits; then run the adjoint of each step in reverse. Between
two steps the gradient at the inputs goes back through the weights, a dense product: every neuron
has a gradient, whether it fired or not. The samples of a tile share each read of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame
from spikeloom.engines.cpu.recurrent.ahead import write_step
from spikeloom.engines.cpu.recurrent.parts import copy_states, places, write_current


@dataclass(frozen=True)
class Room:
    """Where a tile keeps things in scratch memory, and how far apart."""

    listed: str
    """Sources that fired, (padded) of 64 bits."""
    grads: str
    """Gradients of the states, (tile, states, padded)."""
    ring: str
    """Gradients that came back through the weights, (depth, rows, padded)."""
    currents: str
    """Inputs of every step of a segment, (every, tile, padded)."""
    kept: str
    """States before every step of a segment, (every + 1, tile, states, padded)."""
    sample: str
    """Elements of the states of one sample."""
    frame: str
    """Elements of the states of a tile."""

    @classmethod
    def divide(cls, f: Frame) -> Room:
        """Divide the scratch memory of a call."""
        padded, tile = f.slot("padded"), f.slot("tile")
        sample = f.mul(padded, len(f.program.states))
        frame = f.mul(sample, tile)
        grads = f.at("%scratch", padded, "i64")
        ring = f.at(grads, frame)
        currents = f.at(ring, f.mul(f.mul(f.slot("depth"), f.slot("rows")), padded))
        kept = f.at(currents, f.mul(f.mul(f.slot("every"), tile), padded))
        return cls("%scratch", grads, ring, currents, kept, sample, frame)


def write(f: Frame, into: str, width: tuple[int, int]) -> None:
    """Write the kernel ``backward``; ``width`` is what `layout.panel` gives."""
    w = f.w
    with w.function("backward", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        room = Room.divide(f)
        tile, every, steps = f.slot("tile"), f.slot("every"), f.slot("steps")
        states = len(f.program.states)
        segments = w.let(f"udiv i64 {f.add(steps, f.add(every, -1))}, {every}")
        with w.loop("%begin", "%end", tile) as tiles:
            low = tiles.index
            bounds = (low, f.smaller(f.add(low, tile), "%end"))
            copy_states(f, f.slot("grad_state_in"), room.grads, bounds, inside=True)
            _clear(f, room)
            with w.loop("0", segments, down=True) as segment:
                start = f.mul(segment.index, every)
                stop = f.smaller(f.add(start, every), steps)
                row = f.mul(f.mul(segment.index, f.slot("width")), states)
                source = f.at(f.slot("checkpoints"), row)
                copy_states(f, source, room.kept, bounds, inside=True)
                _write_again(f, fixed, into, (start, stop), bounds, room)
                with w.loop(start, stop, down=True) as time:
                    after = f.add(time.index, 1)
                    with w.when(w.let(f"icmp slt i64 {after}, {steps}")):
                        _pull(f, into, after, bounds, room, width)
                    _write_adjoint(f, fixed, into, time.index, start, bounds, room)
            with w.when(w.let(f"icmp sgt i64 {steps}, 0")):
                _pull(f, into, "0", bounds, room, width)
            _write_past(f, bounds, room)
            copy_states(f, f.slot("grad_state_out"), room.grads, bounds, inside=False)


def _clear(f: Frame, room: Room) -> None:
    """Nothing has come back through the weights yet."""
    count = f.mul(f.mul(f.slot("depth"), f.slot("rows")), f.slot("padded"))
    with f.w.loop("0", count, f.v.lanes) as numbers:
        f.store(f.v.const(0.0), f.at(room.ring, numbers.index))


def _write_again(
    f: Frame,
    fixed: dict[str, str],
    into: str,
    times: tuple[str, str],
    bounds: tuple[str, str],
    room: Room,
) -> None:
    """Run a segment again, keeping the states before each step and its input."""
    w = f.w
    with w.loop(*times) as time, w.loop(*bounds) as samples:
        since = w.let(f"sub i64 {time.index}, {times[0]}")
        number = w.let(f"sub i64 {samples.index}, {bounds[0]}")
        current = f.at(room.currents, _row(f, since, number))
        write_current(f, into, time.index, samples.index, room.listed, current)
        before = f.at(room.kept, f.add(f.mul(since, room.frame), f.mul(number, room.sample)))
        after = f.at(before, room.frame)
        write_step(f, fixed, into, time.index, samples.index, current, before, after, outputs=False)


def _row(f: Frame, since: str, number: str) -> str:
    return f.mul(f.add(f.mul(since, f.slot("tile")), number), f.slot("padded"))


def _pull(
    f: Frame, into: str, time: str, bounds: tuple[str, str], room: Room, width: tuple[int, int]
) -> None:
    """Gradient at the inputs of one step, times the weights: what the spikes before it receive.

    A few samples by one panel of sources stay in registers over all targets; every sum runs over
    the targets in order, so its bits do not depend on which samples go together.
    """
    w, v = f.w, f.v
    low, high = bounds
    columns, together = width
    groups = columns // v.lanes
    size, padded = f.slot("size"), f.slot("padded")
    w.note("back through the weights")
    grads = f.at(f.slot(f"grad:input:{into}"), f.mul(time, f.slot("width")))
    slot = w.let(f"urem i64 {time}, {f.slot('depth')}")
    ring = f.at(room.ring, f.mul(f.mul(slot, f.slot("rows")), padded))
    last = f.add(high, -1)
    with w.loop("0", padded, columns) as panels:
        weights = f.at(f.slot("panels"), f.mul(panels.index, size))
        with w.loop(low, high, together) as samples:
            rows = [
                f.at(grads, f.mul(f.smaller(f.add(samples.index, k), last), size))
                for k in range(together)
            ]
            zero = [(v.type, v.const(0.0))] * (groups * together)
            with w.loop("0", size, carried=zero) as targets:
                line = f.at(weights, f.mul(targets.index, columns))
                weight = [f.load(f.at(line, str(k * v.lanes))) for k in range(groups)]
                sums: list[str] = []
                for k, row in enumerate(rows):
                    at = f.at(row, targets.index)
                    one = v.splat(w.let(f"load {v.scalar}, ptr {at}, align {v.size}"))
                    totals = targets.carried[k * groups : (k + 1) * groups]
                    sums += [v.fma(one, a, b) for a, b in zip(weight, totals, strict=True)]
                targets.next = tuple(sums)
            number = w.let(f"sub i64 {samples.index}, {low}")
            for k in range(together):
                place = f.add(f.mul(f.add(number, k), padded), panels.index)
                for g in range(groups):
                    total = targets.results[k * groups + g]
                    f.store(total, f.at(ring, f.add(place, g * v.lanes)))


def _returned(f: Frame, time: str, number: str, column: str, room: Room, start: str) -> str:
    """A gradient at the spikes of a step, plus what returned through the weights after each delay.

    Rows before the first step do not exist: what would have arrived there is left out.
    """
    w, v = f.w, f.v
    with w.loop("0", f.slot("lags"), carried=[(v.type, start)]) as lags:
        at = f.at(f.slot("offsets"), lags.index, "i64")
        offset = w.let(f"load i64, ptr {at}, align 8")
        delay = w.let(f"sub i64 {f.slot('depth')}, {offset}")
        arrival = f.add(time, delay)
        exists = w.let(f"icmp sge i64 {arrival}, 0")
        slot = w.let(f"urem i64 {f.larger(arrival, '0')}, {f.slot('depth')}")
        row = f.add(f.mul(slot, f.slot("rows")), number)
        value = f.load(f.at(room.ring, f.add(f.mul(row, f.slot("padded")), column)))
        masks = f.at(f.slot("masks"), f.mul(lags.index, f.slot("words")), "i64")
        at = f.at(masks, w.let(f"lshr i64 {column}, 3"), "i8")
        bits = w.let(f"load i{v.lanes}, ptr {at}, align 1")
        bits = w.let(f"select i1 {exists}, i{v.lanes} {bits}, i{v.lanes} 0")
        mask = w.let(f"bitcast i{v.lanes} {bits} to {v.mask}")
        total = lags.carried[0]
        lags.next = (v.select(mask, v.add(total, value), total),)
    return lags.results[0]


def _write_adjoint(
    f: Frame,
    fixed: dict[str, str],
    into: str,
    time: str,
    start: str,
    bounds: tuple[str, str],
    room: Room,
) -> None:
    """The adjoint of one step of all samples of a tile."""
    w, v, states, variant = f.w, f.v, f.program.states, f.variant
    known = set(f.program.backward.names)
    ours = [f"grad:state:{name}" for name in states]
    targets = [f"grad:input:{name}" for name in variant.want_inputs]
    coefs = [f"grad:coef:{name}" for name in variant.want_coefs]
    wanted = [name for name in (*ours, *targets, *coefs) if name in known]
    reads = leaves(f.program.backward, wanted)
    others = [n for n in variant.inputs if f"input:{n}" in reads and n != into]
    size, zero = f.slot("size"), v.const(0.0)
    since = w.let(f"sub i64 {time}, {start}")
    with w.loop(*bounds) as samples:
        number = w.let(f"sub i64 {samples.index}, {bounds[0]}")
        first = f.mul(samples.index, size)
        inside = f.mul(number, room.sample)
        before = f.at(room.kept, f.add(f.mul(since, room.frame), inside))
        grads = f.at(room.grads, inside)
        current = f.at(room.currents, _row(f, since, number))
        with w.loop("0", size, v.lanes) as columns:
            column = columns.index
            left = w.let(f"sub i64 {size}, {column}")
            place = f.add(first, column)
            given = fixed | f.columns(column, reads)
            at = [f.at(f.row(f"input:{name}", time), place) for name in others]
            arrived, *values = f.load_some([f.at(f.row("grad_out", time), place), *at], left)
            given |= {f"input:{n}": x for n, x in zip(others, values, strict=True)}
            given[f"input:{into}"] = f.load(f.at(current, column))
            given["grad:out"] = _returned(f, time, number, column, room, arrived)
            for name, address in zip(states, places(f, before, column), strict=True):
                given[f"state:{name}"] = f.load(address)
            at = places(f, grads, column)
            given |= {name: f.load(a) for name, a in zip(ours, at, strict=True)}
            found = write_block(v, f.program.backward, given, wanted)
            for name, address in zip(ours, at, strict=True):
                f.store(found.get(name, zero), address)
            results = {f.at(f.row(name, time), place): found.get(name, zero) for name in targets}
            f.store_some(results, left)
            inner = f.add(f.mul(samples.index, f.slot("padded")), column)
            for k, name in enumerate(coefs):
                if name in found:
                    _add_wide(f, found[name], f.add(f.mul(f.slot("coef_row"), k), inner))


def _add_wide(f: Frame, value: str, place: str) -> None:
    """Add to the running sum of one coefficient of each neuron of a sample, in float64."""
    w, v = f.w, f.v
    wide = f"<{v.lanes} x double>"
    at = f.at(f.slot("grad_coefs"), place, "double")
    if v.dtype == "float32":
        value = w.let(f"fpext {v.type} {value} to {wide}")
    total = w.let(f"load {wide}, ptr {at}, align 8")
    w.put(f"store {wide} {w.let(f'fadd {wide} {total}, {value}')}, ptr {at}, align 8")


def _write_past(f: Frame, bounds: tuple[str, str], room: Room) -> None:
    """Gradients of the spikes before the first step."""
    w, v = f.w, f.v
    low, size, depth = bounds[0], f.slot("size"), f.slot("depth")
    with w.loop("0", depth) as rows, w.loop(*bounds) as samples:
        time = w.let(f"sub i64 {rows.index}, {depth}")
        number = w.let(f"sub i64 {samples.index}, {low}")
        first = f.mul(samples.index, size)
        with w.loop("0", size, v.lanes) as columns:
            left = w.let(f"sub i64 {size}, {columns.index}")
            value = _returned(f, time, number, columns.index, room, v.const(0.0))
            row = f.at(f.slot("grad_past"), f.mul(rows.index, f.slot("width")))
            f.store_some({f.at(row, f.add(first, columns.index)): value}, left)
