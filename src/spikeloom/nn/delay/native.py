"""Synapses with delays of one or two steps through the CPU engine, forward and backward.

The cost is two multiplications for each synapse, sample and step, whatever the largest delay is; a
convolution takes one for each step that a delay could have.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.engines.cpu import delayed
from spikeloom.nn.neurons.eager import End, traced

FEWEST = 2
"""Samples in a batch from which the kernel is faster than a convolution; a vector holds 8 or 16."""
FEW = 4
"""Samples in a batch up to which a call without gradients goes from spike to spike."""


def fits(full: Tensor, *others: Tensor) -> bool:
    """Whether the CPU engine takes the call, and is the faster way for it."""
    return (
        full.device.type == "cpu"
        and full.dtype in (torch.float32, torch.float64)
        and all(t.dtype == full.dtype for t in others)
        and (full.shape[1] >= FEWEST or not _learning((full, *others)))
        and not torch.is_autocast_enabled("cpu")
        and not traced((full, *others))
    )


def _learning(tensors: tuple[Tensor, ...]) -> bool:
    return torch.is_grad_enabled() and any(t.requires_grad for t in tensors)


def send(full: Tensor, before: Tensor, near: Tensor, far: Tensor, depth: int, past: bool) -> Tensor:
    """``y_i[t] = sum_j near_ij x_j[t - n_ij] + far_ij x_j[t - n_ij - 1]``.

    Arguments:
        full: Input with its past (depth + time, batch, in).
        before: Whole steps n (out, in), from 0 to depth - 1.
        near, far: Weights (out, in).
        depth: Steps of the past.
        past: Whether the past has a gradient.

    Returns:
        Output (time, batch, out).

    >>> x = torch.tensor([0.0, 0, 1, 0, 0, 0]).reshape(6, 1, 1)
    >>> n, one = torch.tensor([[1]]), torch.ones(1, 1)
    >>> send(x, n, 2 * one, 3 * one, 2, False).flatten().tolist()
    [0.0, 2.0, 3.0, 0.0]
    """
    if full.shape[1] <= FEW and not _learning((full, near, far)):
        return _send_spikes(full, before, near, far, depth)
    return Send.apply(full, before.to(torch.int32).contiguous(), near, far, depth, past)


def _send_spikes(full: Tensor, before: Tensor, near: Tensor, far: Tensor, depth: int) -> Tensor:
    """As `send`, at the cost of the spikes: which way is taken depends on sizes alone."""
    x, steps = full.detach().contiguous().numpy(), before.t().to(torch.int32).contiguous().numpy()
    now, later = (w.detach().t().contiguous().numpy() for w in (near, far))
    sums = delayed.delayed_events(x, steps, now, later if later.any() else None, _threads())
    return torch.from_numpy(sums[depth : len(full)])


class Send(torch.autograd.Function):
    """See `send`."""

    @staticmethod
    def forward(
        ctx: Any, full: Tensor, before: Tensor, near: Tensor, far: Tensor, depth: int, past: bool
    ) -> Tensor:
        """The sums."""
        steps, batch = full.shape[0] - depth, full.shape[1]
        wide = _packed(full, 0, delayed.rows(steps) + depth)
        first = depth - 1 - before
        out = wide.new_empty((wide.shape[0], len(near), delayed.rows(steps), wide.shape[3]))
        _sums(wide, first, far, near, out)
        ctx.save_for_backward(wide, before, near, far)
        ctx.sizes = depth, past, steps, batch
        return _unpacked(out, steps, batch)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        """The same sums from targets to sources, and products for the weights."""
        with torch.no_grad():
            found = Send.adjoint(ctx, *grads)
        if not torch.is_grad_enabled():
            return found
        return End.apply(torch.zeros((), requires_grad=True), *found)

    @staticmethod
    def adjoint(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        """Gradients in the order of the arguments."""
        wide, before, near, far = ctx.saved_tensors
        depth, past, steps, batch = ctx.sizes
        to_x = to_near = to_far = None
        if ctx.needs_input_grad[0]:
            lead = depth if past else 0
            count = steps + lead
            above = _packed(grad, lead, delayed.rows(count) + depth)
            made = wide.new_empty(
                (wide.shape[0], wide.shape[1], delayed.rows(count), wide.shape[3])
            )
            _sums(above, before.t(), near.t(), far.t(), made)
            to_x = _unpacked(made, count, batch)
            if not past:
                to_x = torch.cat([to_x.new_zeros((depth, *to_x.shape[1:])), to_x])
        if ctx.needs_input_grad[2] or ctx.needs_input_grad[3]:
            above = _packed(grad, 0, delayed.rows(steps))
            first = (depth - 1 - before).numpy()
            pair = delayed.pair_products(wide.numpy(), first, above.numpy(), _threads())
            to_far, to_near = (torch.from_numpy(a) for a in pair)
        return to_x, None, to_near, to_far, None, None


def _sums(given: Tensor, first: Tensor, near: Tensor, far: Tensor, out: Tensor) -> None:
    x, n, a, b = (t.detach().contiguous().numpy() for t in (given, first, near, far))
    delayed.delayed_sums(x, n, a, b, out.numpy(), _threads())


def _packed(x: Tensor, lead: int, steps: int) -> Tensor:
    """(time, batch, n) -> (groups, n, steps, lanes), zeros before `lead` and after the end."""
    lanes = delayed.lanes(str(x.dtype).removeprefix("torch."))
    groups = -(-x.shape[1] // lanes)
    made = x.new_zeros((groups, x.shape[2], steps, lanes))
    rows = made[:, :, lead : lead + x.shape[0]]
    full = x.shape[1] // lanes
    if full:
        block = x[:, : full * lanes].unflatten(1, (full, lanes))
        rows[:full].copy_(block.permute(1, 3, 0, 2))
    if full < groups:
        rest = x[:, full * lanes :]
        rows[full, :, :, : rest.shape[1]].copy_(rest.permute(2, 0, 1))
    return made


def _unpacked(x: Tensor, steps: int, batch: int) -> Tensor:
    """(groups, n, steps, lanes) -> (time, batch, n)."""
    return x[:, :, :steps].permute(2, 0, 3, 1).flatten(1, 2)[:, :batch].contiguous()


def _threads() -> int:
    return torch.get_num_threads()
