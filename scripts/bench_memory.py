"""Peak memory and processor time of one training step: ours in every form, and the peers'.

    python scripts/bench_memory.py                       # ours
    python scripts/bench_memory.py --peers PEERS/bin/python

The network is 16C3-AP2-32C3-AP2-128-10 on 28 x 28 pixels held for T steps, LIF neurons, batch 32.
Each case runs in a process of its own that returns freed memory to the system at once, so that what
is resident is alive. Prints megabytes above the level before the step, and milliseconds of
processor time of the fastest of five steps, measured with freed memory kept on all sides
(`train.keep_freed_memory`). Weights differ between the libraries; the figures do not depend on
them.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH = 32
LOOP = Path(__file__).resolve().parents[1] / "src/spikeloom/bench/workers/loop.py"
OURS = {"ours": {}, "ours, no bits": {"bits": False}, "ours, segments of 8": {"segment": 8}}
PEERS = ("spikingjelly", "snntorch")


def layers(neurons: Callable[[], Any]) -> list[Any]:
    from torch import nn

    return [
        nn.Conv2d(1, 16, 3, padding=1), neurons(), nn.AvgPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), neurons(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(32 * 49, 128), neurons(), nn.Linear(128, 10), neurons(),
    ]  # fmt: skip


def ours(steps: int, options: dict[str, Any]) -> tuple[Any, Callable[[Any], Any]]:
    from spikeloom import ms
    from spikeloom.nn import LIF, Saves, Sequential

    net = Sequential(*layers(lambda: LIF(tau=2 * ms, dt=1 * ms)))
    net.saves = Saves(**options)
    return net, lambda x: net(x.unsqueeze(0).expand(steps, *x.shape))[0].mean(0)


def spikingjelly(steps: int) -> tuple[Any, Callable[[Any], Any]]:
    from spikingjelly.activation_based import functional, neuron, surrogate
    from torch import nn

    net = nn.Sequential(
        *layers(lambda: neuron.LIFNode(tau=2.0, surrogate_function=surrogate.ATan()))
    )
    functional.set_step_mode(net, "m")
    parts = [p if isinstance(p, neuron.LIFNode) else Folded(p) for p in net]

    def run(x: Any) -> Any:
        functional.reset_net(net)
        y = x.unsqueeze(0).repeat(steps, 1, 1, 1, 1)
        for part in parts:
            y = part(y)
        return y.mean(0)

    return net, run


class Folded:
    """A stateless layer over time folded into the batch, as SpikingJelly's own wrappers do it."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(self, x: Any) -> Any:
        return self.layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def snntorch(steps: int) -> tuple[Any, Callable[[Any], Any]]:
    import snntorch as snn
    import torch
    from snntorch import surrogate, utils
    from torch import nn

    leaky = lambda: snn.Leaky(beta=0.5, spike_grad=surrogate.atan(), init_hidden=True)  # noqa: E731
    net = nn.Sequential(*layers(leaky))

    def run(x: Any) -> Any:
        utils.reset(net)
        return torch.stack([net(x) for _ in range(steps)]).mean(0)

    return net, run


def measure(what: str, steps: int, look: str) -> float:
    """One figure, in this process."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = {"spikingjelly": spikingjelly, "snntorch": snntorch}.get(what)
    net, run = ours(steps, OURS[what]) if made is None else made(steps)
    x, targets = torch.rand(BATCH, 1, 28, 28), torch.arange(BATCH) % 10

    def step(count: int = BATCH) -> None:
        net.zero_grad(set_to_none=False)
        torch.nn.functional.cross_entropy(run(x[:count]), targets[:count]).backward()

    step(2)
    if look == "memory":
        found = importlib.util.spec_from_file_location("loop", LOOP)
        if found is None or found.loader is None:
            raise SystemExit(f"no {LOOP}")
        loop = importlib.util.module_from_spec(found)
        found.loader.exec_module(loop)
        return loop.peak_mb(step)[1]
    keep = ctypes.CDLL(None).mallopt
    keep(-3, 1 << 30)  # as spikeloom.train.keep_freed_memory, which the peers' Python does not have
    keep(-1, 1 << 30)
    for _ in range(3):
        step()
    times = []
    for _ in range(5):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="Python that has the peers installed")
    parser.add_argument("--steps", type=int, nargs="+", default=[8, 32, 100])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        what, steps, look = given.one
        print(measure(what, int(steps), look))
        return
    cases = [(sys.executable, name) for name in OURS]
    cases += [(given.peers, name) for name in PEERS if given.peers]
    print(f"{'':<22}" + "".join(f"{f'T = {t}':>22}" for t in given.steps))
    for python, name in cases:
        cells = []
        for steps in given.steps:
            pair = []
            for look in ("memory", "time"):
                exact = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
                run = subprocess.run(
                    [python, __file__, "--one", name, str(steps), look],
                    env={**os.environ, **(exact if look == "memory" else {})},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                pair.append(float(run.stdout.split()[-1]))
            cells.append(f"{pair[0]:8.0f} MB{pair[1]:8.0f} ms")
        print(f"{name:<22}" + "".join(f"{cell:>22}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
