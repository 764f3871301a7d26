# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The peers' LIF layers with our dynamics, forward and backward. Runs in the peers' environment.

All compute h = decay * v + x, a spike where h passes 1, v = h without and 0 after a spike, with
the slope 1 / (1 + |h - 1|)^2 for the spike and no gradient through the reset. Each peer gives its
own layer over the whole sequence and its own single step; three ways of running it are tried:

eager   the peer's layer as it stands
step    its single step under torch.compile, looped over in Python
loop    a loop of at most 32 of its steps under torch.compile, so that steps are fused
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import loop
import numpy as np
import torch

SPEC = loop.config()
DECAY: float = SPEC["decay"]
torch.set_num_threads(SPEC["threads"])

Layer = Callable[[torch.Tensor], torch.Tensor]
Step = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def snntorch() -> tuple[Layer, Step, float]:
    # It resets at the start of the next step, by the spike of this one: the same sequence.
    from snntorch import Leaky, surrogate

    cell = Leaky(beta=DECAY, reset_mechanism="zero", spike_grad=surrogate.fast_sigmoid(1.0))
    return lambda x: unrolled(cell, x), cell, 1.0


def spikingjelly() -> tuple[Layer, Step, float]:
    # Its multi-step mode has a backward pass of its own.
    from spikingjelly.activation_based import functional, neuron, surrogate

    tau = 1 / (1 - DECAY)
    slope = surrogate.SuperSpike(1.0)
    node = neuron.LIFNode(
        tau, decay_input=False, surrogate_function=slope, detach_reset=True, step_mode="m"
    )

    def layer(x: torch.Tensor) -> torch.Tensor:
        functional.reset_net(node)
        return node(x)

    def step(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return functional.lif_step(x, v, tau, False, 1.0, 0.0, slope, True)

    return layer, step, 1.0


def norse() -> tuple[Layer, Step, float]:
    # Its Euler step weighs the input with 1 - decay, so it is given the input divided by that;
    # its reset passes gradients unless the reset method it is given detaches the spikes.
    from norse.torch.functional import lif_box
    from norse.torch.module.snn import SNN

    def detached(z: Any, v: Any, reset: Any, threshold: Any) -> torch.Tensor:
        z = z.detach()
        return (1 - z) * v + z * reset

    values = lif_box.LIFBoxParameters(
        tau_mem_inv=torch.tensor(1 - DECAY), reset_method=detached, alpha=torch.tensor(1.0)
    )

    def start(x: torch.Tensor) -> Any:
        return lif_box.LIFBoxFeedForwardState(v=torch.zeros_like(x[0]))

    whole = SNN(lif_box.lif_box_feed_forward_step, start, values, dt=1.0)

    def step(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z, state = lif_box.lif_box_feed_forward_step(
            x, lif_box.LIFBoxFeedForwardState(v=v), values, 1.0
        )
        return z, state.v

    return lambda x: whole(x)[0], step, 1 / (1 - DECAY)


def sinabs() -> tuple[Layer, Step, float]:
    # Batch comes first there: it is given data that already lie so, seen here time first.
    from sinabs.activation import MembraneReset, SingleSpike
    from sinabs.layers import LIF
    from sinabs.layers.functional.lif import lif_forward_single

    def slope(v: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + (v - threshold).abs()) ** 2

    cell = LIF(
        tau_mem=SPEC["tau_ms"],
        spike_fn=SingleSpike,
        reset_fn=MembraneReset(),
        surrogate_grad_fn=slope,
        norm_input=False,
    ).requires_grad_(False)
    alpha, threshold = torch.tensor(DECAY), torch.tensor(1.0)

    def layer(x: torch.Tensor) -> torch.Tensor:
        cell.reset_states()
        return cell(x.transpose(0, 1)).transpose(0, 1)

    def step(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spikes, state = lif_forward_single(
            x,
            alpha,
            None,
            {"v_mem": v},
            threshold,
            SingleSpike,
            MembraneReset(),
            slope,
            None,
            False,
        )
        return spikes, state["v_mem"]

    return layer, step, 1.0


def unrolled(step: Step, x: torch.Tensor) -> torch.Tensor:
    v = torch.zeros_like(x[0])
    spikes: list[torch.Tensor] = []
    for now in x:
        z, v = step(now, v)
        spikes.append(z)
    return torch.stack(spikes)


def chunked(step: Step, x: torch.Tensor) -> torch.Tensor:
    size = chunk(len(x))
    v = torch.zeros_like(x[0])
    spikes: list[torch.Tensor] = []
    for first in range(0, len(x), size):
        z, v = step(x[first : first + size], v)
        spikes.append(z)
    return torch.cat(spikes)


def chunk(steps: int) -> int:
    """The largest divisor of `steps` up to 32."""
    return max(size for size in range(1, min(steps, 32) + 1) if steps % size == 0)


def some_steps(step: Step) -> Step:
    def many(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spikes: list[torch.Tensor] = []
        for k in range(x.shape[0]):
            z, v = step(x[k], v)
            spikes.append(z)
        return torch.stack(spikes), v

    return many


PEERS = {"snntorch": snntorch, "spikingjelly": spikingjelly, "norse": norse, "sinabs": sinabs}
WHOLE, STEP, SCALE = PEERS[SPEC["side"]]()


def laid_out(path: str, scale: float) -> torch.Tensor:
    data = torch.from_numpy(np.load(path)) * scale
    if SPEC["side"] == "sinabs" and SPEC["variant"] == "eager":
        return data.transpose(0, 1).contiguous().transpose(0, 1)
    return data


DRIVE, UPSTREAM = laid_out(SPEC["drive"], SCALE), laid_out(SPEC["upstream"], 1.0)


def choose(variant: str) -> Layer:
    if variant == "eager":
        return WHOLE
    if variant == "step":
        compiled = torch.compile(STEP)
        return lambda x: unrolled(compiled, x)
    compiled = torch.compile(some_steps(STEP))
    return lambda x: chunked(compiled, x)


LAYER = choose(SPEC["variant"])


def run(drive: torch.Tensor, upstream: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    drive = drive.detach().requires_grad_()
    spikes = LAYER(drive)
    spikes.backward(upstream)
    if drive.grad is None:
        raise RuntimeError("no gradient came back")
    return spikes.detach(), drive.grad


def prepare() -> None:
    """Twice over two chunks: compiled code settles only when state has come back once."""
    steps = 2 if SPEC["variant"] == "eager" else min(2 * chunk(len(DRIVE)), len(DRIVE))
    for _ in range(3):
        run(DRIVE[:steps], UPSTREAM[:steps])


def prove(to: str) -> float:
    (spikes, gradient), peak = loop.peak_mb(lambda: run(DRIVE, UPSTREAM))
    np.savez(to, output=spikes.numpy(), input_gradient=(gradient * SCALE).numpy())
    return peak


ANSWERS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "prove": prove,
    "time": lambda: loop.steady(lambda: run(DRIVE, UPSTREAM)),
}

if __name__ == "__main__":
    loop.serve(ANSWERS)
