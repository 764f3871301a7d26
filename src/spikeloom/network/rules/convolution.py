"""A kernel that is moved over a grid of neurons."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal

import numpy as np

from spikeloom.engines.wiring.arrays import Array
from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.network.rules.edge_list import EdgeList
from spikeloom.network.rules.rule import Request

Span = int | tuple[int, ...]


class Convolution(EdgeList):
    """Each target receives from a patch of the sources' grid, weighted by one kernel.

    With stride s and padding p the target at place y of channel o receives from the source at
    place y s + k - p of channel c with the weight ``kernel[o, c, k]``, the convention of
    `torch.nn.functional.conv2d`. Neurons are numbered in C order: (channels, *grid). An entry of
    the kernel that is exactly 0 makes no synapse.

    Arguments:
        grid: Neurons along each of the sources' 1 to 3 axes, for example ``(28, 28)``.
        kernel: Plain numbers: (*spans) for one channel on both sides, or (target channels, source
            channels, *spans).
        stride: Steps of the kernel, one number or one for each axis.
        padding: Places beyond each border that count as silent: numbers, ``"valid"`` (none) or
            ``"same"`` (targets on the grid of the sources; stride 1, odd spans).

    Raises:
        ShapeError: The kernel does not fit the grid.

    The weights belong to the rule; give them with their unit:

    >>> edge = Convolution((28, 28), [[1.0, 0.0, -1.0]], padding="same")
    >>> edge.sources_shape, edge.targets_shape, edge.weights.size
    ((1, 28, 28), (1, 28, 28), 1512)

    ``net.connect(retina, cortex, ExponentialCurrent(), edge, weight=edge.weights * pA)``
    """

    __slots__ = ("_said", "sources_shape", "targets_shape")

    _said: str
    weights: Array
    sources_shape: tuple[int, ...]
    targets_shape: tuple[int, ...]

    def __init__(
        self,
        grid: Sequence[int],
        kernel: Any,
        *,
        stride: Span = 1,
        padding: Span | Literal["valid", "same"] = "valid",
    ) -> None:
        size = tuple(_whole("grid", n, least=1) for n in grid)
        if not 1 <= len(size) <= 3:
            raise ShapeError(f"Convolution: the grid has 1 to 3 axes, got {size}.")
        full = _kernel(kernel, len(size))
        spans = full.shape[2:]
        strides = _each("stride", stride, size, least=1)
        pads = _pads(padding, spans, strides, size)
        reach = [
            (n + 2 * p - k) // s + 1 for n, p, k, s in zip(size, pads, spans, strides, strict=True)
        ]
        if min(reach) < 1:
            raise ShapeError(
                f"Convolution: a kernel of {spans} does not fit into a grid of {size}.",
                hint="a smaller kernel, or more padding",
            )
        sources, targets, weights = _edges(full, size, strides, pads, tuple(reach))
        super().__init__(sources, targets, weights)
        for name, value in (
            ("sources_shape", (full.shape[1], *size)),
            ("targets_shape", (full.shape[0], *reach)),
            ("_said", f"{size}, kernel {full.shape}, stride {strides}, padding {pads}"),
        ):
            object.__setattr__(self, name, value)

    def check(self, request: Request) -> None:
        for side, got, shape in (
            ("sources", request.sources, self.sources_shape),
            ("targets", request.targets, self.targets_shape),
        ):
            if got != prod(shape):
                raise ParameterError(
                    f"{self!r} needs {prod(shape)} {side} {shape}, got {got}.",
                    hint=f"a population of math.prod(rule.{side}_shape) neurons",
                )

    def __repr__(self) -> str:
        return f"Convolution({self._said})"


def _edges(
    kernel: Array,
    grid: tuple[int, ...],
    strides: tuple[int, ...],
    pads: tuple[int, ...],
    reach: tuple[int, ...],
) -> tuple[Array, Array, Array]:
    """Source, target and weight of each synapse, one entry of the kernel after the other."""
    there = np.indices(reach).reshape(len(reach), -1)
    target = np.arange(prod(reach))
    found: list[tuple[Array, Array, Array]] = [
        (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    ]
    for place in np.ndindex(kernel.shape[2:]):
        at = [y * s + k - p for y, s, k, p in zip(there, strides, place, pads, strict=True)]
        inside = np.all([(x >= 0) & (x < n) for x, n in zip(at, grid, strict=True)], axis=0)
        source = np.asarray(np.ravel_multi_index([x[inside] for x in at], grid))
        for out, into in np.argwhere(kernel[(..., *place)]):
            weight = kernel[(out, into, *place)]
            found.append(
                (
                    source + into * prod(grid),
                    target[inside] + out * prod(reach),
                    np.full(source.size, weight),
                )
            )
    parts = zip(*found, strict=True)
    sources, targets, weights = (np.concatenate(part) for part in parts)
    return sources, targets, weights


def _kernel(given: Any, axes: int) -> Array:
    kernel = np.asarray(getattr(given, "numpy", lambda: given)(), np.float64)
    if kernel.ndim not in (axes, axes + 2) or not kernel.size:
        raise ShapeError(
            f"Convolution: on a grid of {axes} axes the kernel has {axes}, or {axes + 2} with "
            f"channels; got shape {kernel.shape}."
        )
    if not np.all(np.isfinite(kernel)):
        raise NumericsError("Convolution: the kernel holds NaN or infinity.")
    return kernel if kernel.ndim == axes + 2 else kernel[None, None]


def _pads(
    given: Any, spans: tuple[int, ...], strides: tuple[int, ...], grid: tuple[int, ...]
) -> tuple[int, ...]:
    if given == "valid":
        return (0,) * len(grid)
    if given == "same":
        if any(s != 1 for s in strides) or any(k % 2 == 0 for k in spans):
            raise ParameterError(
                f"Convolution: padding 'same' needs stride 1 and odd spans, got {strides} and "
                f"{spans}.",
                hint="give the padding as numbers",
            )
        return tuple(k // 2 for k in spans)
    return _each("padding", given, grid, least=0)


def _each(name: str, given: Any, grid: tuple[int, ...], least: int) -> tuple[int, ...]:
    values = given if isinstance(given, tuple) else (given,) * len(grid)
    if len(values) != len(grid):
        raise ShapeError(f"Convolution: {name} {values} for a grid of {len(grid)} axes.")
    return tuple(_whole(name, x, least) for x in values)


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(
            f"Convolution: {name} must be whole numbers from {least} on, got {value!r}."
        )
    return int(value)
