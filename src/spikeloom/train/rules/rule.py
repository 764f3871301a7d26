"""What a learning rule is: the part of training that says how weights get their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch import Tensor

from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective

Apply = Callable[[], None]
"""Clip the gradients, let the optimiser take a step, and set the gradients to zero."""


@runtime_checkable
class Rule(Protocol):
    """How a batch becomes gradients: a value, such as ``BPTT()`` or ``BPTT(chunk=20)``.

    A rule holds options, never weights or anything that training changes; what it draws is keyed
    by its own seed and by ``draw``, so a resumed run ends in the same bits.

    >>> from spikeloom.train import BPTT
    >>> isinstance(BPTT(), Rule)
    True
    """

    def gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """Add the gradients of one batch to ``.grad`` of the network's parameters.

        Arguments:
            objective: Network, encoder, loss and regularisers.
            x: Samples (batch, *features).
            targets: Labels or values, one for each sample.
            draw: Number of the batch since the beginning of training.

        Returns:
            Loss, a scalar, and the outputs of the network (time, batch, *features), both detached.
        """
        ...


@runtime_checkable
class Checked(Protocol):
    """A rule that looks at the network before training starts."""

    def check(self, objective: Objective) -> None:
        """Raise `ParameterError` if the rule cannot train this network."""
        ...


@runtime_checkable
class Online(Protocol):
    """A rule that can change weights while a sample is still being presented.

    `fit` calls `updates` instead of `gradients` where ``online`` is True.
    """

    @property
    def online(self) -> bool: ...

    def updates(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int, apply: Apply
    ) -> tuple[Tensor, Tensor]:
        """As `Rule.gradients`, with a call of ``apply`` whenever an update is due."""
        ...


@runtime_checkable
class OwnOutputs(Protocol):
    """A rule that trains another machine than the time steps of the network's own call.

    Validation during `fit` then judges what the rule trains.
    """

    def outputs(self, objective: Objective, x: Tensor, draw: int) -> Tensor:
        """Outputs (time, batch, *features) for samples (batch, *features), without a gradient."""
        ...


def check_rule(rule: Any, objective: Objective) -> None:
    """Raise `ParameterError` unless this is a rule, and one that can train this network."""
    if isinstance(rule, type) or not isinstance(rule, Rule):
        raise ParameterError(
            f"fit: rule cannot be {rule!r}.",
            hint="rule=BPTT(), or another rule of spikeloom.train",
        )
    if isinstance(rule, Checked):
        rule.check(objective)
