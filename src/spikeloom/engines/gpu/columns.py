"""The kernels of training: all steps of a layer in one launch, forward and in reverse.

A column is one neuron of one sample. Each program of a kernel keeps some columns in registers from
the first step to the last. The number of steps, columns and neurons are arguments like any other,
so that a kernel is compiled once for a model and the types of its tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from spikeloom.compile.program import Block, Program
from spikeloom.engines.gpu.emit import write_block
from spikeloom.engines.gpu.functions import HEADER

NUMBERS = ("steps", "every", "size", "features")


@dataclass(frozen=True)
class Columns:
    """Everything that shapes the two kernels.

    Arguments:
        program: What is run.
        key: Its content hash, which stands for it in comparisons.
        dtype: Of states and all arithmetic; what flows in and out has its own type.
        shared: Coefficients that are one number for all.
        each: Those that are one for each neuron; in the kernel both go by their place here.
        inputs: Inputs that are given; all others are zero.
        kept: Whether the forward kernel keeps states for the way back.
        grads: Whether there is a gradient at the outputs, and one at the last states.
        want_inputs: Inputs whose gradient is wanted.
        want_coefs: Coefficients whose gradient is wanted.
    """

    program: Program = field(compare=False, repr=False)
    key: str
    dtype: str
    shared: tuple[str, ...]
    each: tuple[str, ...]
    inputs: tuple[str, ...]
    kept: bool = False
    grads: tuple[bool, bool] = (False, False)
    want_inputs: tuple[str, ...] = ()
    want_coefs: tuple[str, ...] = ()


def forward_arguments(v: Columns) -> list[str]:
    """Names of the arguments of ``forward``, in order; after these comes BLOCK."""
    names = ["before", "after", "out", *(["kept"] if v.kept else [])]
    return [*names, *_common(v), *NUMBERS]


def backward_arguments(v: Columns) -> list[str]:
    """Names of the arguments of ``backward``, in order; after these comes BLOCK."""
    names = ["kept", "scratch", "to_state"]
    names += [
        name for name, given in zip(("grad_out", "grad_state"), v.grads, strict=True) if given
    ]
    names += [f"to_input{k}" for k in range(len(v.want_inputs))]
    names += [f"to_coef{k}" for k in range(len(v.want_coefs))]
    return [*names, *_common(v), *NUMBERS]


def write_forward(v: Columns) -> str:
    """The source of ``forward``."""
    return _function(v, "forward", forward_arguments(v), _forward(v))


def write_backward(v: Columns) -> str:
    """The source of ``backward``."""
    return _function(v, "backward", backward_arguments(v), _backward(v))


def _common(v: Columns) -> list[str]:
    names = [*(["shared"] if v.shared else []), *(["each"] if v.each else [])]
    for k in range(len(v.inputs)):
        names += [f"input{k}", f"stride{k}"]
    return names


def _function(v: Columns, name: str, arguments: list[str], lines: Iterator[str]) -> str:
    changing = [a for a in arguments if a in NUMBERS or a.startswith("stride")]
    title = f"{HEADER}\n\n# {v.program.model} by {v.program.method}, {v.dtype}\n"
    return (
        title.encode("ascii", "backslashreplace").decode()
        + f"@triton.jit(do_not_specialize={changing!r})\ndef {name}(\n    "
        + ",\n    ".join([*arguments, "BLOCK: tl.constexpr"])
        + ",\n):\n"
        + "".join(f"    {line}\n" for line in lines)
    )


def _begin(v: Columns) -> Iterator[str]:
    """Who I am, and the coefficients."""
    yield "size = size.to(tl.int64)"
    yield "none = size * 0"  # what is added to it is 64 bits wide: T B F may pass 2^31
    yield "me = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)"
    yield "inside = me < size"
    yield f"zero = tl.zeros([BLOCK], tl.{v.dtype})"
    for k in range(len(v.shared)):
        yield f"a{k} = tl.broadcast_to(tl.load(shared + {k}), [BLOCK])"
    if v.each:
        yield "neuron = me % features"
    for k in range(len(v.each)):
        yield f"e{k} = tl.load(each + {k} * features + neuron, mask=inside, other=0.0)"


def _given(v: Columns) -> dict[str, str]:
    given = {f"state:{name}": f"s{k}" for k, name in enumerate(v.program.states)}
    given |= {f"coef:{name}": f"a{k}" for k, name in enumerate(v.shared)}
    given |= {f"coef:{name}": f"e{k}" for k, name in enumerate(v.each)}
    given |= {f"input:{name}": "zero" for name in v.program.inputs}
    return given | {f"input:{name}": f"i{k}" for k, name in enumerate(v.inputs)}


def _listen(v: Columns, block: Block) -> Iterator[str]:
    """Load the inputs of step t that a block reads."""
    for k, name in enumerate(v.inputs):
        if f"input:{name}" in block.leaves:
            yield f"from{k} = input{k} + (none + t) * stride{k} + me"
            yield f"i{k} = tl.load(from{k}, mask=inside, other=0.0).to(tl.{v.dtype})"


def _advance(v: Columns) -> Iterator[str]:
    """Step t: new states, and all else that the step works out."""
    yield from _listen(v, v.program.forward)
    yield from write_block(v.program.forward, _given(v), v.dtype)
    outputs = dict(v.program.forward.outputs)
    for k, name in enumerate(v.program.states):
        yield f"s{k} = x{outputs[f'state:{name}']}"


def _rows(v: Columns, table: str, row: str, *, load: str = "", store: str = "") -> Iterator[str]:
    """Load or store the states of a row of a table (rows, S, columns)."""
    count = len(v.program.states)
    for k in range(count):
        place = f"{table} + (({row}) * {count} + {k}) * size + me"
        if load:
            yield f"{load}{k} = tl.load({place}, mask=inside, other=0.0)"
        else:
            yield f"tl.store({place}, {store}{k}, mask=inside)"


def _indent(lines: Iterator[str], depth: int = 1) -> Iterator[str]:
    return ("    " * depth + line for line in lines)


def _forward(v: Columns) -> Iterator[str]:
    yield from _begin(v)
    yield from _rows(v, "before", "none", load="s")
    yield "for t in range(steps):"
    if v.kept:
        yield "    if t % every == 0:"
        yield from _indent(_rows(v, "kept", "none + t // every", store="s"), 2)
    yield from _indent(_advance(v))
    result = dict(v.program.forward.outputs)["out"]
    yield "    to = out + (none + t) * size + me"
    yield f"    tl.store(to, x{result}.to(out.dtype.element_ty), mask=inside)"
    yield from _rows(v, "after", "none", store="s")


def _backward(v: Columns) -> Iterator[str]:
    p, at_out, at_state = v.program, *v.grads
    yield from _begin(v)
    if at_state:
        yield from _rows(v, "grad_state", "none", load="g")
    else:
        yield from (f"g{k} = zero" for k in range(len(p.states)))
    for k in range(len(v.want_coefs)):
        yield f"c{k} = tl.zeros([BLOCK], tl.float64)"
    yield "segments = (steps + every - 1) // every"
    yield "for back in range(segments):"
    yield "    segment = segments - 1 - back"
    yield "    first = segment * every"
    yield "    count = tl.minimum(every, steps - first)"
    yield from _indent(_rows(v, "kept", "none + segment", load="s"))
    yield "    for i in range(count - 1):"
    yield "        t = first + i"
    yield from _indent(_rows(v, "scratch", "none + i", store="s"), 2)
    yield from _indent(_advance(v), 2)
    yield from _indent(_rows(v, "scratch", "none + count - 1", store="s"))
    # A thread may read what another of its program has written.
    yield "    tl.debug_barrier()"
    yield "    for j in range(count):"
    yield "        i = count - 1 - j"
    yield "        t = first + i"
    yield from _indent(_rows(v, "scratch", "none + i", load="s"), 2)
    yield from _indent(_adjoint(v, at_out), 2)
    yield "    tl.debug_barrier()"
    yield from _rows(v, "to_state", "none", store="g")
    for k, name in enumerate(v.want_coefs):
        if name in v.shared:
            yield f"sum{k} = tl.sum(tl.where(inside, c{k}, 0.0), 0)"
            yield f"tl.store(to_coef{k} + tl.program_id(0), sum{k})"
        else:
            yield f"tl.store(to_coef{k} + me, c{k}, mask=inside)"


def _adjoint(v: Columns, at_out: bool) -> Iterator[str]:
    """The adjoint of step t: gradients before it from those after it."""
    p = v.program
    given = _given(v) | {f"grad:state:{name}": f"g{k}" for k, name in enumerate(p.states)}
    given["grad:out"] = "zero"
    if at_out:
        yield "wish = grad_out + (none + t) * size + me"
        yield f"go = tl.load(wish, mask=inside, other=0.0).to(tl.{v.dtype})"
        given["grad:out"] = "go"
    yield from _listen(v, p.backward)
    yield from write_block(p.backward, given, v.dtype)
    outputs = dict(p.backward.outputs)
    for k, name in enumerate(p.states):
        yield f"g{k} = x{outputs[f'grad:state:{name}']}"
    for k, name in enumerate(v.want_inputs):
        found = f"x{outputs[f'grad:input:{name}']}"
        yield f"to{k} = to_input{k} + (none + t) * size + me"
        yield f"tl.store(to{k}, {found}.to(to_input{k}.dtype.element_ty), mask=inside)"
    for k, name in enumerate(v.want_coefs):
        yield f"c{k} = c{k} + x{outputs[f'grad:coef:{name}']}.to(tl.float64)"
