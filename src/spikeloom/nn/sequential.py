"""Layers one after another: time folded into batch for stateless ones, state carried for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.nn.fold import apply_folded
from spikeloom.nn.protocol import State, is_stateful
from spikeloom.nn.saves import Saves, keeping
from spikeloom.nn.segments import may_cut, run_segments


class Sequential(nn.Module):
    """A chain of layers over (time, batch, *features): ``y, state = net(x, state=None)``.

    A stateful layer gets the whole block of time and its own slot of the state. Any other torch
    module sees time folded into the batch, as (time * batch, *features), without a copy. Nothing
    is remembered between calls: the state comes out and goes in again, ``None`` is a fresh start.

    Arguments:
        layers: Torch modules, stateful or not.
        names: One name for each layer; ``None`` names them by class and place, such as
            ``linear1, spiking1, linear2``.

    Raises:
        ParameterError: A name is taken twice or cannot be used, or an object is not a module.

    >>> import torch
    >>> net = Sequential(nn.Linear(4, 3), nn.ReLU(), names=("weights", "relu"))
    >>> y, state = net(torch.zeros(5, 2, 4))
    >>> tuple(y.shape), state
    ((5, 2, 3), {})
    """

    is_stateful: ClassVar[Literal[True]] = True

    def __init__(self, *layers: nn.Module, names: Sequence[str] | None = None) -> None:
        super().__init__()
        self.saves = Saves()
        """What is kept for the backward pass; see `Saves`."""
        for place, layer in enumerate(layers):
            if not isinstance(layer, nn.Module):
                raise ParameterError(
                    f"Sequential: layer {place} must be a torch module, "
                    f"got {type(layer).__name__}.",
                    hint="an encoder is no layer: pass it as encode=... to fit() and evaluate()",
                )
        self.names = _default_names(layers) if names is None else tuple(names)
        if len(self.names) != len(layers) or len(set(self.names)) != len(layers):
            raise ParameterError(
                f"Sequential: {len(layers)} layers need as many different names, got {self.names}."
            )
        for name, layer in zip(self.names, layers, strict=True):
            if not isinstance(name, str) or not name.isidentifier() or hasattr(self, name):
                raise ParameterError(
                    f"Sequential: {name!r} cannot be the name of a layer.",
                    hint="take a Python name that torch.nn.Module does not use itself",
                )
            self.add_module(name, layer)

    @property
    def layers(self) -> tuple[tuple[str, nn.Module], ...]:
        """Names and layers, first to last."""
        return tuple((name, self.get_submodule(name)) for name in self.names)

    def forward(self, x: Tensor, state: Mapping[str, Any] | None = None) -> tuple[Tensor, State]:
        """Run the chain over a block of time.

        Arguments:
            x: Input (time, batch, *features).
            state: What an earlier call gave, to go on from there; ``None`` is a fresh start.

        Returns:
            Output of the last layer (time, batch, *features) and the new state, a dict
            layer name -> state of that layer.

        Raises:
            ShapeError: Wrong rank, axis order or number of features.
            ParameterError: The state belongs to another network.
        """
        segment = self.saves.segment
        if segment is not None and may_cut(x, segment):
            return run_segments(self, x, state, segment)
        return self._run(x, state, None)

    def trace(
        self, x: Tensor, state: Mapping[str, Any] | None = None
    ) -> tuple[Tensor, State, dict[str, Tensor]]:
        """Run the chain and keep what every layer gave, for regularisers and reports.

        Arguments:
            x: Input (time, batch, *features).
            state: As for a plain call.

        Returns:
            Output, new state, and a dict layer name -> output (time, batch, *features).
        """
        kept: dict[str, Tensor] = {}
        y, new = self._run(x, state, kept)
        return y, new, kept

    def _run(
        self, x: Tensor, state: Mapping[str, Any] | None, kept: dict[str, Tensor] | None
    ) -> tuple[Tensor, State]:
        if not isinstance(x, Tensor):
            raise ParameterError(
                f"Sequential: input must be a torch tensor, got {type(x).__name__}.",
                hint="convert it: torch.as_tensor(x)",
            )
        if x.dim() < 3:
            raise ShapeError(
                f"Sequential: input must be (time, batch, *features), got {tuple(x.shape)}.",
                hint="give plain samples a time axis with an encoder, "
                "for example ConstantCurrent(steps=10)(x)",
            )
        before = {} if state is None else state
        self._check_state(before)
        after: State = {}
        with keeping(self.saves) as keeper:
            for name, layer in self.layers:
                if keeper is not None:
                    keeper.begin(name, layer, x)
                if is_stateful(layer):
                    x, after[name] = layer(x, before.get(name))
                else:
                    x = apply_folded(name, layer, x)
                if keeper is not None:
                    keeper.end(x)
                if kept is not None:
                    kept[name] = x
        return x, after

    def _check_state(self, state: Any) -> None:
        known = [name for name, layer in self.layers if is_stateful(layer)]
        if not isinstance(state, Mapping):
            raise ParameterError(
                f"Sequential: a state is a dict, got {type(state).__name__}.",
                hint="give what the network gave: y, state = net(x)",
            )
        for name in state:
            if name not in known:
                raise ParameterError(
                    f"Sequential: the state names {name!r}, which is no stateful layer here.",
                    hint=suggest(name, known),
                )


def _default_names(layers: Sequence[nn.Module]) -> tuple[str, ...]:
    count: Counter[str] = Counter()
    names = []
    for layer in layers:
        word = type(layer).__name__.lower()
        count[word] += 1
        names.append(f"{word}{count[word]}")
    return tuple(names)
