"""Layers one after another: time folded into batch for stateless ones, state carried for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any

from torch import Tensor, nn

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.container import Container, Trace, run_part
from spikeloom.nn.protocol import State, emits_spikes, is_stateful
from spikeloom.nn.saving.saves import Saves, keeping
from spikeloom.nn.saving.segments import may_cut, run_segments
from spikeloom.nn.weights import own_type


class Sequential(Container):
    """A chain of layers over (time, batch, *features): ``y, state = net(x, state=None)``.

    A stateful layer gets the whole block of time and its own slot of the state. Any other torch
    module sees time folded into the batch, as (time * batch, *features), without a copy. Nothing
    is remembered between calls: the state comes out and goes in again, ``None`` is a fresh start.
    With ``lengths=`` samples of different length share a batch: after its end a sample's state
    stays, its output is 0, and it counts in no batch statistics.

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
            if not isinstance(name, str) or not _is_name(name) or hasattr(self, name):
                raise ParameterError(
                    f"Sequential: {name!r} cannot be the name of a layer.",
                    hint="take a Python name that torch.nn.Module does not use itself",
                )
            self.add_module(name, layer)

    @property
    def parts(self) -> tuple[tuple[str, nn.Module], ...]:
        """Names and layers, first to last."""
        return self.layers

    @property
    def spikes(self) -> bool:
        """Whether the last layer gives spikes."""
        return bool(self.names) and emits_spikes(self.get_submodule(self.names[-1]))

    @property
    def layers(self) -> tuple[tuple[str, nn.Module], ...]:
        """Names and layers, first to last."""
        return tuple((name, self.get_submodule(name)) for name in self.names)

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State]:
        """Run the chain over a block of time; see `Container.forward`."""
        segment = self.saves.segment
        if segment is not None and may_cut(x, segment):
            ends = self._accept(x, lengths)
            return run_segments(self, x, state, segment, ends)
        return super().forward(x, state, lengths)

    def run(
        self,
        x: Tensor,
        state: Mapping[str, Any] | None,
        lengths: Tensor | None,
        kept: Trace | None,
        path: str,
    ) -> tuple[Tensor, State]:
        """One layer after the other; see `Container.run`."""
        before = self._before(state)
        after: State = {}
        with keeping(self.saves) as keeper:
            for name, layer in self.layers:
                if keeper is not None:
                    keeper.begin(name, layer, x)
                x, new = run_part(name, layer, x, before.get(name), lengths, kept, path)
                if is_stateful(layer):
                    after[name] = new
                if keeper is not None:
                    keeper.end(x)
        return x, after


def _is_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _default_names(layers: Sequence[nn.Module]) -> tuple[str, ...]:
    count: Counter[str] = Counter()
    names = []
    for layer in layers:
        word = own_type(layer).__name__.lower()
        count[word] += 1
        names.append(f"{word}{count[word]}")
    return tuple(names)
