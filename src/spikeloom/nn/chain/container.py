"""Layers made of layers: one way to run a part, to name it, and to keep what it gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.nn.chain.fold import apply_folded
from spikeloom.nn.lengths import check_lengths, silence
from spikeloom.nn.protocol import State, is_stateful, takes_lengths


@dataclass(frozen=True, eq=False)
class Passed:
    """One layer's part in a run.

    Arguments:
        name: Its name, with those of the containers around it: ``block1.hidden``.
        layer: The layer, or a container where it joins what its parts gave.
        inputs: What went in, (time, batch, *features) each.
        output: What came out.
    """

    name: str
    layer: nn.Module
    inputs: tuple[Tensor, ...]
    output: Tensor


class Trace(dict[str, Tensor]):
    """Output of every layer of a run by name, zero after the end of each sample.

    Layers within containers have names such as ``block1.hidden``; a container's own name holds
    what it gave in the end.

    Arguments:
        lengths: Valid steps of each sample, or None.

    >>> import torch
    >>> from spikeloom.nn import Sequential
    >>> net = Sequential(Sequential(nn.ReLU(), names=["relu"]), names=["block"])
    >>> list(net.trace(torch.zeros(1, 1, 1))[2])
    ['block.relu', 'block']
    """

    def __init__(self, lengths: Tensor | None = None) -> None:
        super().__init__()
        self.lengths = lengths
        self.passed: list[Passed] = []

    def add(self, name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep what one layer gave."""
        self.passed.append(Passed(name, layer, inputs, output))
        self[name] = silence(output, self.lengths)


class Joint(nn.Module):
    """The place where branches of a container meet: a function of several blocks of time.

    It has no state and no weights. A container runs it by `join_parts`.

    >>> class Product(Joint):
    ...     def forward(self, a, b):
    ...         return a * b
    >>> import torch
    >>> float(Product()(torch.tensor(2.0), torch.tensor(3.0)))
    6.0
    """

    def work(
        self, inputs: tuple[Tensor, ...], spikes: bool, lengths: Tensor | None
    ) -> tuple[float, float]:
        """Additions and multiply-accumulates of one run; none for a sum of spikes.

        Arguments:
            inputs: What is joined, (time, batch, *features) each.
            spikes: Whether all of them are spikes.
            lengths: Valid steps of each sample, or None.
        """
        del inputs, spikes, lengths
        return 0.0, 0.0


class Container(nn.Module):
    """A stateful layer made of named parts; its state is a dict part name -> state of the part.

    A container says what its parts are (`parts`) and how a block of time goes through them (`run`).

    >>> from spikeloom.nn import Sequential
    >>> isinstance(Sequential(), Container)
    True
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    is_container: ClassVar[Literal[True]] = True

    @property
    def parts(self) -> tuple[tuple[str, nn.Module], ...]:
        """Names and layers directly inside, in the order of a run."""
        return tuple(self.named_children())

    @property
    def leaves(self) -> tuple[tuple[str, nn.Module], ...]:
        """Every layer that is no container, with its full name such as ``block1.hidden``."""
        return tuple(_leaves(self.parts))

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State]:
        """Run the layers over a block of time.

        Arguments:
            x: Input (time, batch, *features).
            state: What an earlier call gave, to go on from there; ``None`` is a fresh start.
            lengths: Valid steps of each sample of this block, whole numbers (batch,); ``None``
                where all are valid. After its end a sample's state stays, and its output is 0.

        Returns:
            Output (time, batch, *features), and the new state: part name -> state of that part.

        Raises:
            ShapeError: Wrong rank, axis order, number of features, or lengths.
            ParameterError: The state belongs to another network.
        """
        ends = self._accept(x, lengths)
        y, after = self.run(x, state, ends, None, "")
        return silence(y, ends), after

    def trace(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State, Trace]:
        """Run the layers and keep what every one gave, for regularisers and reports.

        Arguments:
            x, state, lengths: As for a plain call.

        Returns:
            Output, new state, and a `Trace`: layer name -> output (time, batch, *features).
        """
        ends = self._accept(x, lengths)
        kept = Trace(ends)
        y, after = self.run(x, state, ends, kept, "")
        return silence(y, ends), after, kept

    def run(
        self,
        x: Tensor,
        state: Mapping[str, Any] | None,
        lengths: Tensor | None,
        kept: Trace | None,
        path: str,
    ) -> tuple[Tensor, State]:
        """One pass: what the kind of container is about.

        Arguments:
            x: Input (time, batch, *features).
            state: State before, or None.
            lengths: Checked lengths, or None.
            kept: Where to note what every part gave, or None.
            path: Beginning of the full names of the parts, such as ``"block1."``.

        Returns:
            Output, which may hold anything after the end of a sample, and the new state.
        """
        raise NotImplementedError

    def _accept(self, x: Tensor, lengths: Any) -> Tensor | None:
        who = type(self).__name__
        if not isinstance(x, Tensor):
            raise ParameterError(
                f"{who}: input must be a torch tensor, got {type(x).__name__}.",
                hint="convert it: torch.as_tensor(x)",
            )
        if x.dim() < 3:
            raise ShapeError(
                f"{who}: input must be (time, batch, *features), got {tuple(x.shape)}.",
                hint="give plain samples a time axis with an encoder, "
                "for example ConstantCurrent(steps=10)(x)",
            )
        return None if lengths is None else check_lengths(who, lengths, *x.shape[:2])

    def _before(self, state: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """The state as a mapping, checked against the names of the stateful parts."""
        before: Any = {} if state is None else state
        known = [name for name, layer in self.parts if is_stateful(layer)]
        who = type(self).__name__
        if not isinstance(before, Mapping):
            raise ParameterError(
                f"{who}: a state is a dict, got {type(before).__name__}.",
                hint="give what the network gave: y, state = net(x)",
            )
        for name in before:
            if name not in known:
                raise ParameterError(
                    f"{who}: the state names {name!r}, which is no stateful layer here.",
                    hint=suggest(name, known),
                )
        return before


def run_part(
    name: str,
    layer: nn.Module,
    x: Tensor,
    state: Any,
    lengths: Tensor | None,
    kept: Trace | None,
    path: str,
) -> tuple[Tensor, Any]:
    """Run one part of a container: a container, a stateful layer, or any torch module.

    Arguments:
        name: Its name in the container.
        layer: The part.
        x: Input (time, batch, *features).
        state: The part's own state, or None.
        lengths, kept, path: As for `Container.run`.

    Returns:
        Output, and the state after; None for a stateless part.

    Raises:
        ParameterError: Lengths for a stateful layer that knows nothing of them.
    """
    after = None
    if isinstance(layer, Container):
        y, after = layer.run(x, state, lengths, kept, f"{path}{name}.")
        if kept is not None:
            kept[path + name] = silence(y, lengths)
        return y, after
    if not is_stateful(layer):
        y = apply_folded(name, layer, x, lengths)
    elif lengths is None:
        y, after = layer(x, state)
    elif takes_lengths(layer):
        y, after = layer(x, state, lengths=lengths)
    else:
        raise ParameterError(
            f"{path}{name}: {type(layer).__name__} cannot run samples of different length.",
            hint="run samples of one length at a time, without lengths=",
        )
    if kept is not None:
        kept.add(path + name, layer, (x,), y)
    return y, after


def join_parts(
    name: str, joint: Joint, inputs: tuple[Tensor, ...], kept: Trace | None, path: str
) -> Tensor:
    """Bring branches together, and note it like any other layer."""
    y = joint(*inputs)
    if kept is not None:
        kept.passed.append(Passed(path + name, joint, inputs, y))
    return y


def _leaves(parts: Iterable[tuple[str, nn.Module]]) -> Iterator[tuple[str, nn.Module]]:
    for name, layer in parts:
        if isinstance(layer, Container):
            yield from ((f"{name}.{inner}", leaf) for inner, leaf in layer.leaves)
        else:
            yield name, layer
