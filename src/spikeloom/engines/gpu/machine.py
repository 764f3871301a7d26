"""Where kernels run: a GPU, or Triton's interpreter on tensors of the CPU."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]
HINT = 'engine="auto" runs the same network on the CPU'


@dataclass(frozen=True, eq=False)
class Machine:
    """Torch, and the device that holds the tensors.

    Arguments:
        torch: The module.
        device: Of all tensors.
        programs: How many programs of a kernel keep the device busy.
        interpreted: Whether kernels are interpreted, step by step, by Triton.
    """

    torch: Any
    device: Any
    programs: int
    interpreted: bool

    def put(self, array: Array) -> Any:
        """A tensor of its own with the numbers of an array."""
        return self.torch.tensor(np.ascontiguousarray(array), device=self.device)

    def zeros(self, shape: tuple[int, ...], dtype: str) -> Any:
        """A tensor of zeros."""
        return self.torch.zeros(shape, dtype=getattr(self.torch, dtype), device=self.device)


def find_machine() -> Machine:
    """The GPU that Torch works on, or the interpreter where TRITON_INTERPRET=1 asks for it.

    Raises:
        EngineError: There is neither, or Torch or Triton is not installed.
    """
    torch, interpreted = _modules()
    if interpreted:
        return Machine(torch, torch.device("cpu"), 2, True)
    if not torch.cuda.is_available():
        raise EngineError(
            "GPU engine: there is no GPU that Torch can use.",
            hint=f"{HINT}; TRITON_INTERPRET=1 runs the kernels slowly without a GPU, for tests",
        )
    device = torch.device("cuda", torch.cuda.current_device())
    return _on(torch, device)


def machine_of(tensor: Any) -> Machine:
    """The device on which a tensor lies; for one in main memory, the interpreter.

    Raises:
        EngineError: There are no kernels for this device, or Triton is not installed.
    """
    torch, interpreted = _modules()
    if interpreted:
        return Machine(torch, tensor.device, 2, True)
    if tensor.device.type != "cuda":
        raise EngineError(
            f"GPU engine: its kernels need tensors on a GPU, got one on {tensor.device}.",
            hint="move layer and input: net.cuda(), x.cuda(); engine='auto' takes the engine of the"
            " device; TRITON_INTERPRET=1 runs the kernels slowly without a GPU, for tests",
        )
    return _on(torch, tensor.device)


def _on(torch: Any, device: Any) -> Machine:
    units = torch.cuda.get_device_properties(device).multi_processor_count
    return Machine(torch, device, 16 * units, False)


def _modules() -> tuple[Any, bool]:
    """Torch, and whether Triton interprets kernels."""
    interpreted = os.environ.get("TRITON_INTERPRET", "0").lower() in ("1", "true", "on", "yes")
    try:
        import torch
        import triton
    except ImportError as error:
        raise EngineError(
            f"GPU engine: {error.name} is not installed.",
            hint=f'pip install "spikeloom[gpu]"; {HINT}',
        ) from error
    if interpreted and type(triton.language.cumsum).__name__ == "JITFunction":
        raise EngineError(
            "GPU engine: TRITON_INTERPRET=1 was set after Triton had been imported.",
            hint="set it before Python starts",
        )
    return torch, interpreted
