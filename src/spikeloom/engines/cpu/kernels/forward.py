"""forward: T steps of every column, the output of each step, the state now and then.

Tiles of columns one after another, so that their states stay in the first-level cache; in each
tile time goes outside and columns inside, so that memory is read and written in long runs.
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
                with w.loop(segments.index, stop) as time:
                    write_step(f, fixed, time.index, low, high, "%scratch", "%scratch", out=True)
            f.copy_out("%scratch", f.slot("state_out"), low, high)


def write_step(
    f: Frame,
    fixed: dict[str, str],
    time: str,
    low: str,
    high: str,
    before: str,
    after: str,
    *,
    out: bool,
) -> None:
    """One step of all columns of a tile: states from one place in scratch to another."""
    w, states = f.w, f.program.states
    wanted = [*(f"state:{name}" for name in states), *(["out"] if out else [])]
    reads = leaves(f.program.forward, wanted)
    inputs = [name for name in f.variant.inputs if f"input:{name}" in reads]
    rows = [
        f.at(f.slot(f"input:{name}"), f.mul(time, f.slot(f"stride:{name}"))) for name in inputs
    ]
    out_row = f.at(f.slot("out"), f.mul(time, f.slot("width"))) if out else ""
    with w.loop(low, high, f.v.lanes) as loop:
        left = w.let(f"sub i64 {high}, {loop.index}")
        place = w.let(f"sub i64 {loop.index}, {low}")
        places = [f.add(f.mul(f.slot("tile"), k), place) for k in range(len(states))]
        values = f.load_some([f.at(row, loop.index) for row in rows], left)
        given = fixed | f.columns(loop.index, reads)
        given |= {f"input:{name}": x for name, x in zip(inputs, values, strict=True)}
        given |= {
            f"state:{name}": f.load(f.at(before, p)) for name, p in zip(states, places, strict=True)
        }
        found = write_block(f.v, f.program.forward, given, wanted)
        for name, p in zip(states, places, strict=True):
            f.store(found[f"state:{name}"], f.at(after, p))
        if out:
            f.store_some({f.at(out_row, loop.index): found["out"]}, left)
