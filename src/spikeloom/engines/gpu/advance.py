"""The kernel that steps a population: one launch for a block of steps.

Each program of the kernel keeps some neurons in registers from the first step of the block to the
last, takes what arrives from the rings, draws Poisson numbers, and writes down who spiked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spikeloom.compile.program import Program
from spikeloom.engines.gpu.emit import write_block
from spikeloom.engines.gpu.functions import HEADER


@dataclass(frozen=True)
class Variant:
    """Everything that shapes the kernel of a population.

    Arguments:
        program: Its equations.
        dtype: Of its states.
        shared: Coefficients and inputs that are one number for all.
        each: Those that are one for each neuron; in the kernel both go by their place here.
        channels: Inputs with a ring.
        driven: Inputs to which something is added that changes over time.
        poisson: Of each Poisson source the channel, the width of its table, and whether each
            neuron has a rate of its own.
        traced: Of each trace the state.
    """

    program: Program
    dtype: str
    shared: tuple[str, ...]
    each: tuple[str, ...]
    channels: tuple[str, ...] = ()
    driven: tuple[str, ...] = ()
    poisson: tuple[tuple[str, int, bool], ...] = ()
    traced: tuple[str, ...] = ()


def arguments(v: Variant) -> list[str]:
    """Names of the kernel's arguments, in order; after these comes BLOCK."""
    names = ["states", "shared", "each", "keys", "log", "counts"]
    names += [f"ring{k}" for k in range(len(v.channels))]
    names += [f"drive{k}" for k in range(len(v.driven))]
    for k in range(len(v.poisson)):
        names += [f"table{k}", f"rows{k}", f"weights{k}"]
    for k in range(len(v.traced)):
        names += [f"kept{k}", f"column{k}", f"width{k}", f"every{k}", f"row{k}"]
    return [*names, *NUMBERS]


NUMBERS = ("block", "room", "first", "offset", "count", "size", "slots")


def write(v: Variant) -> str:
    """The source of ``advance``."""
    changing = [f"{n}{k}" for k in range(len(v.traced)) for n in ("width", "every", "row")]
    body = [
        *(f"    {line}" for line in _before(v)),
        "    for i in range(count):",
        *(f"        {line}" for line in _step(v)),
        *(
            f"    tl.store(states + {k} * size + me, s{k}, mask=inside)"
            for k in range(len(v.program.states))
        ),
    ]
    head = f"@triton.jit(do_not_specialize={[*changing, *NUMBERS]!r})\ndef advance(\n    "
    return (
        f"{HEADER}\n\n# {v.program.model} by {v.program.method}, {v.dtype}\n".encode(
            "ascii", "backslashreplace"
        ).decode()
        + head
        + ",\n    ".join([*arguments(v), "BLOCK: tl.constexpr"])
        + ",\n):\n"
        + "\n".join(body)
        + "\n"
    )


def _before(v: Variant) -> Iterator[str]:
    yield "size = size.to(tl.int64)"
    yield "slots = slots.to(tl.int64)"
    yield "me = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)"
    yield "inside = me < size"
    for k in range(len(v.program.states)):
        yield f"s{k} = tl.load(states + {k} * size + me, mask=inside, other=0.0)"
    for k in range(len(v.shared)):
        yield f"a{k} = tl.broadcast_to(tl.load(shared + {k}), [BLOCK])"
    for k in range(len(v.each)):
        yield f"e{k} = tl.load(each + {k} * size + me, mask=inside, other=0.0)"
    for k in range(len(v.poisson) + len(v.program.random)):
        yield f"key{k} = tl.load(keys + {k}).to(tl.uint64)"
    for k, (_, width, own) in enumerate(v.poisson):
        if own:
            yield f"line{k} = table{k} + {width} * tl.load(rows{k} + me, mask=inside, other=0)"
        else:
            yield f"line{k} = table{k} + tl.zeros([BLOCK], tl.int64)"
    for k in range(len(v.traced)):
        yield f"place{k} = tl.load(column{k} + me, mask=inside, other=-1)"


def _step(v: Variant) -> Iterator[str]:
    p = v.program
    yield "step = first.to(tl.int64) + i"
    given = {f"state:{name}": f"s{k}" for k, name in enumerate(p.states)}
    given |= {name: f"a{k}" for k, name in enumerate(v.shared)}
    given |= {name: f"e{k}" for k, name in enumerate(v.each)}
    for k, name in enumerate(v.driven):
        yield f"d = tl.load(drive{k} + (offset + i) * size + me, mask=inside, other=0.0)"
        yield f"d{k} = {given[f'input:{name}']} + d"
        given[f"input:{name}"] = f"d{k}"
    for k, name in enumerate(v.channels):
        yield f"here = ring{k} + (step % slots) * size + me"
        yield f"r{k} = tl.load(here, mask=inside, other=0.0).to(tl.{v.dtype})"
        yield "tl.store(here, tl.zeros([BLOCK], tl.float64), mask=inside)"
        given[f"input:{name}"] = f"r{k}"
    for k, (channel, width, _) in enumerate(v.poisson):
        yield from _poisson(k, width)
        r = given[f"input:{channel}"]
        yield f"{r} = {r} + tl.load(weights{k}) * n.to(tl.{v.dtype})"
    for k, name in enumerate(p.random, len(v.poisson)):
        yield f"u{k} = {name.partition(':')[0]}(key{k}, step, me).to(tl.{v.dtype})"
        given[name] = f"u{k}"
    yield from write_block(p.forward, given, v.dtype)
    outputs = dict(p.forward.outputs)
    for k, name in enumerate(p.states):
        yield f"s{k} = x{outputs[f'state:{name}']}"
    for k, name in enumerate(v.traced):
        yield f"if step % every{k} == 0:"
        yield f"    at{k} = kept{k} + (step // every{k} - row{k}) * width{k} + place{k}"
        yield f"    tl.store(at{k}, s{p.states.index(name)}, mask=place{k} >= 0)"
    if p.spikes:
        yield f"fired = (inside & (x{outputs['out']} != 0.0)).to(tl.int32)"
        yield "many = tl.sum(fired, 0)"
        yield "if many > 0:"
        yield "    begin = tl.atomic_add(counts + block, many) + tl.cumsum(fired, 0) - 1"
        yield "    spot = log + block.to(tl.int64) * room + begin"
        yield "    tl.store(spot, i * size + me, mask=fired != 0)"


def _poisson(k: int, width: int) -> Iterator[str]:
    """n = how many entries of a table that rises are not above the draw, by halving."""
    yield f"draw = (word(key{k}, step, me) >> 11).to(tl.int64)"
    yield "n = tl.zeros([BLOCK], tl.int64)"
    jump = 1 << (width.bit_length() - 1)
    while jump:
        yield f"fits = n + {jump} <= {width}"
        yield f"bound = tl.load(line{k} + n + {jump - 1}, mask=fits, other=0)"
        yield f"n = tl.where(fits & (draw >= bound), n + {jump}, n)"
        jump >>= 1
