r"""The kernel of a tree: T steps in one call.

Membranes go in vectors, compartments in the order of their membranes. The elimination visits one
node after the other, from the leaves to the root: a branch looks to its parent like a conductance
to ground with a current behind it,

    f = g / (e + g)      e_p += e f      r_p += r f          and back:  δ = r / (e + g) + f δ_p

which adds and multiplies positive numbers only, so that nothing cancels however fine the tree is
cut. Nodes come in order of their distance from the root in the middle: two neighbours in this order
belong to different branches and do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikeloom.engines.cpu.cable.frame import TreeFrame
from spikeloom.engines.cpu.cable.shape import PartShape, TreeShape
from spikeloom.engines.cpu.emit import write_block
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import literal

NAME = "tree"


def write_tree(shape: TreeShape, host: Host) -> str:
    """The module that holds the kernel."""
    w = Writer()
    f = TreeFrame(w, shape, host)
    with w.function(NAME, PARAMETERS):
        f.load_words()
        fixed = {f"m{k}": f.coefs(p, f"m{k}") for k, p in enumerate(shape.membranes)}
        fixed |= {f"p{k}": f.coefs(p, f"p{k}") for k, p in enumerate(shape.points)}
        pace, order = (f.v.splat(f.one(f.words["consts"], k)) for k in (0, 1))
        wait = ("i64", f.words["wait"])
        with w.loop("0", f.words["steps"], carried=[wait]) as time:
            for k, part in enumerate(shape.membranes):
                _current(f, part, f"m{k}", fixed[f"m{k}"], pace)
            _clear_joints(f)
            for k, part in enumerate(shape.points):
                _inject_points(f, part, f"p{k}", fixed[f"p{k}"])
            _inject(f, time.index)
            _solve(f)
            _move_potentials(f, order)
            for k, part in enumerate(shape.membranes):
                _advance(f, part, f"m{k}", fixed[f"m{k}"])
            for k, part in enumerate(shape.points):
                _advance_points(f, part, f"p{k}", fixed[f"p{k}"], time.index)
            for k, part in enumerate(shape.membranes):
                _fire(f, part, f"m{k}", fixed[f"m{k}"])
            _watch(f, time.index)
            time.next = (_record(f, time.index, time.carried[0]),)
    return f"; tree of compartments: {shape.text}\n{w.text()}\n"


def _current(f: TreeFrame, part: PartShape, name: str, fixed: dict[str, str], pace: str) -> None:
    """e = C (order/dt - slope) and r = C rate of every compartment of a membrane."""
    w, v = f.w, f.v
    w.note(f"{part.mechanism.model}: what crosses the membrane")
    with w.loop("0", f.words[f"{name}:count"], v.lanes) as loop:
        node = f.whole_op("add", f.words[f"{name}:first"], loop.index)
        given = fixed | f.leaves(part, name, loop.index)
        given["state:v"] = f.load(f.words["v"], node)
        found = write_block(v, part.mechanism.current, given, ("rate", "slope"))
        farads = f.load(f.words["capacity"], node)
        f.store(v.mul(farads, v.sub(pace, found["slope"])), f.words["e"], node)
        f.store(v.mul(farads, found["rate"]), f.words["r"], node)


def _clear_joints(f: TreeFrame) -> None:
    w = f.w
    w.note("where branches meet nothing crosses the membrane")
    zero = literal(0.0, f.shape.dtype)
    with w.loop("0", f.words["joints"]) as loop:
        node = f.whole_op("add", f.words["joint"], loop.index)
        f.put(zero, f.words["e"], node)
        f.put(zero, f.words["r"], node)


def _gather(f: TreeFrame, name: str) -> None:
    """Potentials of the targets of synapses, side by side."""
    with f.w.loop("0", f.words[f"{name}:many"]) as loop:
        node = f.whole(f.words[f"{name}:node"], loop.index)
        f.put(f.one(f.words["v"], node), f.words[f"{name}:held"], loop.index)


def _inject_points(f: TreeFrame, part: PartShape, name: str, fixed: dict[str, str]) -> None:
    w, v = f.w, f.v
    w.note(f"{part.mechanism.model}: synapses at places")
    _gather(f, name)
    with w.loop("0", f.words[f"{name}:count"], v.lanes) as loop:
        given = fixed | f.leaves(part, name, loop.index)
        given["state:v"] = f.load(f.words[f"{name}:held"], loop.index)
        found = write_block(v, part.mechanism.current, given, ("rate", "slope"))
        f.store(found["rate"], f.words[f"{name}:rate"], loop.index)
        f.store(found["slope"], f.words[f"{name}:slope"], loop.index)
    with w.loop("0", f.words[f"{name}:many"]) as loop:
        node = f.whole(f.words[f"{name}:node"], loop.index)
        for target, word, sign in (("r", "rate", "fadd"), ("e", "slope", "fsub")):
            value = f.one(f.words[f"{name}:{word}"], loop.index)
            before = f.one(f.words[target], node)
            f.put(f.op(sign, before, value), f.words[target], node)


def _inject(f: TreeFrame, time: str) -> None:
    w = f.w
    w.note("currents from outside")
    row = f.whole_op("mul", time, f.words["currents"])
    with w.loop("0", f.words["currents"]) as loop:
        node = f.whole(f.words["where"], loop.index)
        value = f.one(f.words["given"], f.whole_op("add", row, loop.index))
        f.put(f.op("fadd", f.one(f.words["r"], node), value), f.words["r"], node)


def _solve(f: TreeFrame) -> None:
    """From the leaves to the root, and back."""
    w, words = f.w, f.words
    one = literal(1.0, f.shape.dtype)
    w.note("from the leaves to the root")
    with w.loop("1", words["size"], down=True) as loop:
        k = loop.index
        node, parent = f.whole(words["order"], k), f.whole(words["parent"], k)
        g = f.one(words["axial"], k)
        e, r = f.one(words["e"], node), f.one(words["r"], node)
        apart = f.op("fsub", f.one(words["v"], parent), f.one(words["v"], node))
        flow = f.op("fmul", g, apart)
        inverse = f.op("fdiv", one, f.op("fadd", e, g))
        share = f.op("fmul", g, inverse)
        total = f.op("fadd", r, flow)
        f.put(share, words["f"], k)
        f.put(f.op("fmul", total, inverse), words["q"], k)
        above = f.one(words["e"], parent)
        f.put(f.fma(f.op("fmul", e, g), inverse, above), words["e"], parent)
        rest = f.op("fsub", f.one(words["r"], parent), flow)
        f.put(f.fma(total, share, rest), words["r"], parent)
    w.note("the root, and back")
    root = f.whole(words["order"], 0)
    moved = f.op("fdiv", f.one(words["r"], root), f.one(words["e"], root))
    f.put(moved, words["d"], root)
    with w.loop("1", words["size"]) as loop:
        k = loop.index
        above = f.one(words["d"], f.whole(words["parent"], k))
        moved = f.fma(f.one(words["f"], k), above, f.one(words["q"], k))
        f.put(moved, words["d"], f.whole(words["order"], k))


def _move_potentials(f: TreeFrame, order: str) -> None:
    v = f.v
    f.w.note("v = v + 2 d, or v + d of order 1")
    with f.w.loop("0", f.words["slots"], v.lanes) as loop:
        moved = f.load(f.words["d"], loop.index)
        after = v.fma(order, moved, f.load(f.words["v"], loop.index))
        f.store(after, f.words["v"], loop.index)


def _names(part: PartShape) -> Sequence[str]:
    return [f"state:{n}" for n in part.mechanism.states]


def _advance(f: TreeFrame, part: PartShape, name: str, fixed: dict[str, str]) -> None:
    if not part.mechanism.states:
        return
    f.w.note(f"{part.mechanism.model}: its other states, the potential held")
    with f.w.loop("0", f.words[f"{name}:count"], f.v.lanes) as loop:
        given = fixed | f.leaves(part, name, loop.index)
        node = f.whole_op("add", f.words[f"{name}:first"], loop.index)
        given["state:v"] = f.load(f.words["v"], node)
        found = write_block(f.v, part.mechanism.advance, given, _names(part))
        f.keep(part, name, loop.index, found)


def _advance_points(
    f: TreeFrame, part: PartShape, name: str, fixed: dict[str, str], time: str
) -> None:
    """Half a step, what arrives, half a step."""
    if not part.mechanism.states:
        return
    w, v, words = f.w, f.v, f.words
    w.note(f"{part.mechanism.model}: half a step, what arrives, half a step")
    _gather(f, name)
    row = f.whole_op("mul", time, words[f"{name}:count"])
    with w.loop("0", words[f"{name}:count"], v.lanes) as loop:
        given = fixed | f.leaves(part, name, loop.index)
        given["state:v"] = f.load(words[f"{name}:held"], loop.index)
        given |= write_block(v, part.mechanism.advance, given, _names(part))
        weights = f.load(words[f"{name}:arrivals"], f.whole_op("add", row, loop.index))
        given[f"input:{part.mechanism.impulse}"] = weights
        given |= write_block(v, part.mechanism.receive, given, _names(part))
        found = write_block(v, part.mechanism.advance, given, _names(part))
        f.keep(part, name, loop.index, found)


def _fire(f: TreeFrame, part: PartShape, name: str, fixed: dict[str, str]) -> None:
    block = part.mechanism.fire
    if block is None:
        return
    f.w.note(f"{part.mechanism.model}: what fires is reset")
    with f.w.loop("0", f.words[f"{name}:count"], f.v.lanes) as loop:
        given = fixed | f.leaves(part, name, loop.index)
        node = f.whole_op("add", f.words[f"{name}:first"], loop.index)
        given["state:v"] = f.load(f.words["v"], node)
        found = write_block(f.v, block, given, (*_names(part), "state:v", "out"))
        f.keep(part, name, loop.index, found)
        f.store(found["state:v"], f.words["v"], node)
        f.store(found["out"], f.words["fired"], node)


def _watch(f: TreeFrame, time: str) -> None:
    row = f.whole_op("mul", time, f.words["watched"])
    with f.w.loop("0", f.words["watched"]) as loop:
        node, place = f.whole(f.words["looked"], loop.index), f.whole_op("add", row, loop.index)
        f.put(f.one(f.words["v"], node), f.words["seen"], place)
        f.put(f.one(f.words["fired"], node), f.words["spikes"], place)


def _record(f: TreeFrame, time: str, wait: str) -> str:
    """Copy the recorded numbers if it is their step; gives the steps to wait."""
    w = f.w
    due = w.let(f"icmp eq i64 {wait}, 0")
    with w.when(due):
        row = f.whole_op("mul", w.let(f"udiv i64 {time}, {f.words['every']}"), f.words["probes"])
        with w.loop("0", f.words["probes"]) as loop:
            at = f.at(f.words["places"], loop.index, "i64")
            value = f.one(w.let(f"load ptr, ptr {at}, align 8"), 0)
            f.put(value, f.words["traces"], f.whole_op("add", row, loop.index))
    ready = w.let(f"select i1 {due}, i64 {f.words['every']}, i64 {wait}")
    return f.whole_op("sub", ready, 1)
