"""forward: T steps of joined neurons, a tile of samples at a time, step by step.

In each step of a sample: list the sources whose spikes arrive, add their rows of weights to the
input, run the neurons, and write their spikes as numbers for the next layer and as bits for the
next step. A silent step costs nothing beyond the neurons.
"""

from __future__ import annotations

from spikeloom.engines.cpu.emit import leaves, write_block
from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame
from spikeloom.engines.cpu.recurrent.parts import copy_states, places, write_current


def write(f: Frame, into: str) -> None:
    """Write the kernel ``forward``. Scratch: list (padded), current (padded), states (tile)."""
    w = f.w
    with w.function("forward", PARAMETERS):
        f.load_slots()
        fixed = f.scalars()
        tile, every, steps = f.slot("tile"), f.slot("every"), f.slot("steps")
        padded, states = f.slot("padded"), len(f.program.states)
        current = f.at("%scratch", padded, "i64")
        inside = f.at(current, padded)
        sample_size = f.mul(padded, states)
        keep = w.let(f"icmp ne ptr {f.slot('checkpoints')}, null")
        with w.loop("%begin", "%end", tile) as tiles:
            low = tiles.index
            bounds = (low, f.smaller(f.add(low, tile), "%end"))
            copy_states(f, f.slot("state_in"), inside, bounds, inside=True)
            with w.loop("0", steps, every) as segments:
                with w.when(keep):
                    number = w.let(f"udiv i64 {segments.index}, {every}")
                    row = f.mul(f.mul(number, f.slot("width")), states)
                    target = f.at(f.slot("checkpoints"), row)
                    copy_states(f, target, inside, bounds, inside=False)
                stop = f.smaller(f.add(segments.index, every), steps)
                with w.loop(segments.index, stop) as time, w.loop(*bounds) as samples:
                    write_current(f, into, time.index, samples.index, "%scratch", current)
                    since = w.let(f"sub i64 {samples.index}, {low}")
                    base = f.at(inside, f.mul(since, sample_size))
                    write_step(f, fixed, into, time.index, samples.index, current, base, base)
            copy_states(f, f.slot("state_out"), inside, bounds, inside=False)


def write_step(
    f: Frame,
    fixed: dict[str, str],
    into: str,
    time: str,
    sample: str,
    current: str,
    before: str,
    after: str,
    *,
    outputs: bool = True,
) -> None:
    """One step of the neurons of one sample.

    Arguments:
        f: Where to write.
        fixed: Values that do not change.
        into: The input whose value is in ``current``.
        time: The step.
        sample: The sample.
        current: Address of (padded).
        before: Address of the states before the step, (states, padded).
        after: Address of the states after it.
        outputs: Whether spikes are written too.
    """
    w, v, names = f.w, f.v, f.program.states
    wanted = [*(f"state:{name}" for name in names), *(("out", "bits") if outputs else ())]
    reads = leaves(f.program.forward, [name for name in wanted if name != "bits"])
    others = [n for n in f.variant.inputs if f"input:{n}" in reads and n != into]
    size = f.slot("size")
    first = f.mul(sample, size)
    with w.loop("0", size, v.lanes) as columns:
        column = columns.index
        left = w.let(f"sub i64 {size}, {column}")
        place = f.add(first, column)
        given = fixed | f.columns(column, reads)
        at = [f.at(f.row(f"input:{name}", time), place) for name in others]
        values = f.load_some(at, left)
        given |= {f"input:{name}": x for name, x in zip(others, values, strict=True)}
        given[f"input:{into}"] = f.load(f.at(current, column))
        for name, address in zip(names, places(f, before, column), strict=True):
            given[f"state:{name}"] = f.load(address)
        found = write_block(v, f.program.forward, given, wanted)
        for name, address in zip(names, places(f, after, column), strict=True):
            f.store(found[f"state:{name}"], address)
        if outputs:
            f.store_some({f.at(f.row("out", time), place): found["out"]}, left)
            _write_bits(f, found["bits"], time, sample, column, left)


def _write_bits(f: Frame, fired: str, time: str, sample: str, column: str, left: str) -> None:
    """The spikes of a group of neurons into the row of their step; none beyond the last neuron."""
    w, lanes = f.w, f.v.lanes
    w.note("the same spikes as bits")
    fired = w.let(f"and {f.v.mask} {fired}, {f.mask(left)}")
    word = w.let(f"bitcast {f.v.mask} {fired} to i{lanes}")
    row = f.add(f.mul(f.add(time, f.slot("depth")), f.slot("batch")), sample)
    start = f.at(f.slot("bits"), f.mul(row, f.slot("words")), "i64")
    at = f.at(start, w.let(f"lshr i64 {column}, 3"), "i8")
    w.put(f"store i{lanes} {word}, ptr {at}, align 1")
