# pyright: reportMissingImports=false, reportUnknownMemberType=false
"""What all sides of the training benchmark share: torch layers, weights, the step, the answers.

Run by the peers' interpreters too, so it imports nothing of spikeloom.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import loop
import numpy as np
import torch
from torch import nn
from torch.nn import functional

SPEC = loop.config()
DECAY: float = SPEC["decay"]
LAST = SPEC["variant"] != "eager"
"""Channels innermost: often the faster layout for convolutions, so both are tried."""
torch.set_num_threads(SPEC["threads"])

Net = Callable[[torch.Tensor], torch.Tensor]
"""(steps, batch, *features) to output spikes (steps, batch, classes)."""


def torch_layer(kind: str, *sizes: int) -> nn.Module:
    """A layer without state."""
    if kind == "linear":
        return nn.Linear(*sizes)
    if kind == "conv":
        return nn.Conv2d(sizes[0], sizes[1], sizes[2], padding=sizes[2] // 2, bias=False)
    if kind == "norm":
        return nn.BatchNorm2d(sizes[0])
    return nn.MaxPool2d(sizes[0]) if kind == "pool" else nn.Flatten()


class Side:
    """One side in one precision.

    Arguments:
        make: The list of layers for (kind, sizes), and the network of them.
        dtype: Precision.
        scale: Factor on what enters the neurons, where a library weighs its input by 1 / scale.
        transposed: Whether recurrent weights lie as (targets, sources), as those of ``nn.Linear``.
    """

    def __init__(
        self,
        make: Callable[[torch.dtype], tuple[list[nn.Module], Net]],
        dtype: torch.dtype,
        scale: float,
        transposed: bool,
    ) -> None:
        layers, self.net = make(dtype)
        with np.load(SPEC["data"]) as file:
            data = dict(file)
        self.labels = torch.from_numpy(data.pop("labels"))
        self.x = torch.from_numpy(data.pop("x")).to(dtype)
        self.weights: dict[str, tuple[nn.Parameter, float, bool]] = {}
        kinds = [layer[0] for layer in SPEC["layers"]]
        for name, value in data.items():
            place = int(name.split(".")[0])
            factor = scale if _enters(kinds, place) else 1.0
            turned = transposed and kinds[place] == "recurrent"
            weight = getattr(layers[place], name.split(".")[1])
            told = torch.from_numpy(value).to(dtype) * factor
            with torch.no_grad():
                weight.copy_(told.T if turned else told)
            self.weights[name] = weight, factor, turned
        parameters = [w for w, _, _ in self.weights.values()]
        self.optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def forward(self, samples: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Output spikes and loss of the first samples, or of all."""
        if SPEC["constant"]:
            x = self.x[:samples]
            x = x.unsqueeze(0).expand(SPEC["steps"], *x.shape)
        else:
            x = self.x[:, :samples]
        spikes = self.net(x)
        return spikes, functional.cross_entropy(10 * spikes.mean(0), self.labels[:samples])

    def step(self, samples: int | None = None) -> float:
        """One training step; the loss before it."""
        self.optimizer.zero_grad(set_to_none=False)
        _, loss = self.forward(samples)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def gradients(self) -> dict[str, np.ndarray]:
        """Output spikes, loss and the gradient of every weight."""
        spikes, loss = self.forward()
        loss.backward()
        found = {"spikes": spikes.detach().numpy(), "loss": loss.detach().numpy()}
        for name, (weight, factor, turned) in self.weights.items():
            if weight.grad is None:
                raise RuntimeError(f"no gradient of {name} came back")
            grad = weight.grad * factor
            found[name] = (grad.T if turned else grad).contiguous().numpy()
        return found


def _enters(kinds: list[str], place: int) -> bool:
    """Whether the layer's output is the current of neurons, with nothing to scale between."""
    if kinds[place] == "recurrent":
        return True
    after = next(kind for kind in kinds[place + 1 :] if kind not in ("pool", "flat"))
    return after in ("lif", "recurrent")


def serve(
    make: Callable[[torch.dtype], tuple[list[nn.Module], Net]],
    *,
    scale: float = 1.0,
    transposed: bool = True,
    **others: Callable[..., Any],
) -> None:
    """Answer the parent about this side.

    Arguments:
        make: The list of layers and the network, in one precision.
        scale, transposed: As for `Side`.
        others: What else can be timed, by name.
    """
    held: list[Side] = []
    used = [0.0]

    def side() -> Side:
        if not held:
            held.append(Side(make, torch.float32, scale, transposed))
        return held[0]

    def prepare() -> None:
        """Twice on the whole batch: kernels are compiled, chosen and warm."""
        side().step()
        side().step()

    def prove(to: str) -> None:
        """In float64: a spike that rounding adds or removes in float32 is no difference."""
        np.savez(to, **Side(make, torch.float64, scale, transposed).gradients())

    def peak() -> float:
        """Rise of resident memory over one step, after one: workspaces of libraries are there."""
        side().step()
        _, megabytes = loop.peak_mb(side().step)
        return megabytes

    def timed(work: Callable[[], Any]) -> float:
        wall, used[0] = loop.steady_both(work)
        return wall

    answers = {
        "prepare": prepare,
        "prove": prove,
        "peak": peak,
        "time": lambda: timed(side().step),
        "used": lambda: used[0],
    }
    more = {name: partial(timed, work) for name, work in others.items()}
    loop.serve({**answers, **more})
