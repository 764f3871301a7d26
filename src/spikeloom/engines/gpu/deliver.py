"""The kernel that sends spikes on their way: one launch for a projection and a block of steps."""

from __future__ import annotations

TEXT = '''\
import triton
import triton.language as tl


@triton.jit(do_not_specialize=["block", "room", "first", "senders", "size", "slots"])
def deliver(
    log,
    counts,
    indptr,
    targets,
    weights,
    delays,
    ring,
    block,
    room,
    first,
    senders,
    size,
    slots,
    OWN_WEIGHTS: tl.constexpr,
    OWN_DELAYS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """A program takes every so manieth spike, and of its row every so manieth part."""
    lane = tl.arange(0, BLOCK)
    for k in range(tl.program_id(0), tl.load(counts + block), tl.num_programs(0)):
        code = tl.load(log + block.to(tl.int64) * room + k)
        source = code % senders
        arrival = first.to(tl.int64) + code // senders + 1
        end = tl.load(indptr + source + 1)
        start = tl.load(indptr + source) + tl.program_id(1) * BLOCK
        for j in range(start, end, tl.num_programs(1) * BLOCK):
            here = j + lane
            mine = here < end
            target = tl.load(targets + here, mask=mine, other=0).to(tl.int64)
            if OWN_WEIGHTS:
                weight = tl.load(weights + here, mask=mine, other=0.0).to(tl.float64)
            else:
                weight = tl.load(weights + tl.zeros([BLOCK], tl.int64)).to(tl.float64)
            if OWN_DELAYS:
                delay = tl.load(delays + here, mask=mine, other=0).to(tl.int64)
            else:
                delay = tl.load(delays + tl.zeros([BLOCK], tl.int64)).to(tl.int64)
            spot = ring + ((arrival + delay) % slots) * size + target
            tl.atomic_add(spot, weight, mask=mine, sem="relaxed")
'''
"""The source of ``deliver``."""
