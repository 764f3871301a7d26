"""forward: T steps of every column, the output of each step, the state now and then.

Tiles of columns one after another, so that their states stay in the first-level cache. In a tile,
a few steps at a time: columns outside, those steps inside with the state in registers. Memory is
then read and written in a few long runs side by side.
"""

from __future__ import annotations

from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame


def write(f: Frame) -> None:
    """Write the kernel ``forward``. Scratch: (states, tile)."""
    w = f.w
    with w.function("forward", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        tile, every, steps = f.slot("tile"), f.slot("every"), f.slot("steps")
        row = f.mul(f.slot("width"), len(f.program.states))
        keep = w.let(f"icmp ne ptr {f.slot('checkpoints')}, null")
        with w.loop("%begin", "%end", tile) as tiles:
            low = tiles.index
            high = f.smaller(f.add(low, tile), "%end")
            f.copy_in(f.slot("state_in"), "%scratch", low, high)
            with w.loop("0", steps, every) as segments:
                with w.when(keep):
                    number = w.let(f"udiv i64 {segments.index}, {every}")
                    target = f.at(f.slot("checkpoints"), f.mul(number, row))
                    f.copy_out("%scratch", target, low, high)
                stop = f.smaller(f.add(segments.index, every), steps)
                with w.loop(segments.index, stop, f.slot("together")) as blocks:
                    until = f.smaller(f.add(blocks.index, f.slot("together")), stop)
                    write_steps(f, fixed, (blocks.index, until), (low, high), "%scratch", kept=None)
            f.copy_out("%scratch", f.slot("state_out"), low, high)
        f.settle()


def write_steps(
    f: Frame,
    fixed: dict[str, str],
    times: tuple[str, str],
    bounds: tuple[str, str],
    states_at: str,
    kept: str | None,
) -> None:
    """A few steps of all columns of a tile.

    Arguments:
        f: Where to write.
        fixed: Values that do not change.
        times: First step and the one after the last.
        bounds: First column of the tile and the one after the last.
        states_at: The states before the first step, in scratch memory.
        kept: None to write outputs, and the last states back to ``states_at``. Otherwise no
            outputs are written, and the states after each step go to (steps, states, tile) here.
    """
    w, states = f.w, f.program.states
    low, high = bounds
    wanted = [*(f"state:{name}" for name in states), *(["out"] if kept is None else [])]
    reads = leaves(f.program.forward, wanted)
    inputs = [name for name in f.variant.inputs if f"input:{name}" in reads]
    frame = f.mul(f.slot("tile"), len(states))
    with w.loop(low, high, f.v.lanes) as columns:
        column = columns.index
        left = w.let(f"sub i64 {high}, {column}")
        places = f.places(column, low)
        given = fixed | f.columns(column, reads)
        first = [(f.v.type, f.load(f.at(states_at, p))) for p in places]
        with w.loop(*times, carried=first) as time:
            at = [f.at(f.row(f"input:{name}", time.index), column) for name in inputs]
            if inputs:
                w.note(f"read {', '.join(f'input:{name}' for name in inputs)}")
            values = f.load_some(at, left)
            given |= {f"input:{name}": x for name, x in zip(inputs, values, strict=True)}
            given |= {f"state:{n}": x for n, x in zip(states, time.carried, strict=True)}
            found = write_block(f.v, f.program.forward, given, wanted)
            time.next = tuple(found[f"state:{name}"] for name in states)
            w.note("write out" if kept is None else "keep the states")
            if kept is None:
                f.store_result({f.at(f.row("out", time.index), column): found["out"]}, left)
            else:
                since = w.let(f"sub i64 {time.index}, {times[0]}")
                step = f.at(kept, f.mul(since, frame))
                for value, p in zip(time.next, places, strict=True):
                    f.store(value, f.at(step, p))
        if kept is None:
            for value, p in zip(time.results, places, strict=True):
                f.store(value, f.at(states_at, p))
