"""The prologue of a Program in torch, so that gradients of coefficients reach parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from spikeloom.compile.program import Block

DOUBLINGS, POINTS, FAINT = 12, 4, 1e-14
"""For noise on coupled states: exact for time constants down to dt / 4000."""


def _exprel(x: Tensor) -> Tensor:
    safe = torch.where(x == 0, torch.ones_like(x), x)
    # 1 + x/2 has the right value and the right first derivative where the quotient is 0/0.
    return torch.where(x == 0, 1 + x / 2, torch.expm1(safe) / safe)


def _expm1m(matrix: Tensor) -> Tensor:
    """exp(A) − 1 as the upper right block of exp([[A, A], [0, 0]])."""
    zero = torch.zeros_like(matrix)
    top, bottom = torch.cat([matrix, matrix], -1), torch.cat([zero, zero], -1)
    size = matrix.shape[-1]
    return torch.matrix_exp(torch.cat([top, bottom], -2))[..., :size, size:]


def _spread(flow: Tensor, source: Tensor) -> Tensor:
    """As `spikeloom.compile.spread.lower_factor`, with a fixed number of doublings."""
    flow, source = torch.broadcast_tensors(flow, source)
    part = 0.5**DOUBLINGS
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    wide = [
        (w / 2 * part) ** 0.5 * (torch.matrix_exp(flow * (part * (p + 1) / 2)) @ source)
        for p, w in zip(points.tolist(), weights.tolist(), strict=True)
    ]
    # A trace of noise in every direction keeps the factor differentiable where some have none.
    trace = FAINT * torch.eye(flow.shape[-1], dtype=flow.dtype, device=flow.device).expand_as(flow)
    lower = _triangular(torch.cat([*wide, trace], -1))
    ahead = torch.matrix_exp(flow * part)
    for _ in range(DOUBLINGS):
        lower = _triangular(torch.cat([lower, ahead @ lower], -1))
        ahead = ahead @ ahead
    return lower


def _triangular(wide: Tensor) -> Tensor:
    _, upper = torch.linalg.qr(wide.mT)
    signs = torch.where(torch.diagonal(upper, dim1=-2, dim2=-1) < 0, -1.0, 1.0)
    return (upper * signs[..., :, None]).mT


OPERATIONS: Mapping[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "pow": torch.pow,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "sin": torch.sin,
    "cos": torch.cos,
    "atan": torch.atan,
    "erf": torch.erf,
    "exprel": _exprel,
    "min": torch.minimum,
    "max": torch.maximum,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
    "and": torch.logical_and,
    "or": torch.logical_or,
    "not": torch.logical_not,
    "select": torch.where,
    "indicator": lambda c: c.double(),
    "expm1m": _expm1m,
    "spread": _spread,
}


def run_prologue(block: Block, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every output of a prologue for float64 leaves, differentiable."""
    values: list[Tensor] = []
    device = next((x.device for x in leaves.values()), None)
    for instr in block.instrs:
        args = [values[a] for a in instr.args]
        if instr.op == "const":
            # Filled where it is needed: a copy from main memory would wait for a GPU.
            value = torch.full((), instr.value or 0.0, dtype=torch.float64, device=device)
        elif instr.op == "leaf":
            value = leaves[instr.name or ""]
        elif instr.op == "matrix":
            size = int(instr.value or 0)
            flat = torch.stack(torch.broadcast_tensors(*args), dim=-1)
            value = flat.reshape(*flat.shape[:-1], size, size)
        elif instr.op == "item":
            place = int(instr.value or 0)
            value = args[0].flatten(-2)[..., place]
        else:
            value = OPERATIONS[instr.op](*args)
        values.append(value)
    return {name: values[place] for name, place in block.outputs}


def drawn(name: str, like: Tensor) -> Tensor:
    """Random numbers for every step and neuron: standard normal, or uniform from 0 to 1."""
    like = like.detach()
    return torch.randn_like(like) if name.startswith("normal.") else torch.rand_like(like)
