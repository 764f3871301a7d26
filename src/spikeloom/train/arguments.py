"""What training and evaluation are given, looked at before anything starts."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from spikeloom.errors import ParameterError, suggest
from spikeloom.train.loop.settings import MOST_THREADS


def check_counts(who: str, **counts: int | None) -> None:
    """Raise `ParameterError` unless all of these are whole numbers of at least 1, or None.

    >>> check_counts("fit", epochs=0)
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: fit: epochs must be a whole number >= 1, got 0.
    """
    for name, value in counts.items():
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ParameterError(f"{who}: {name} must be a whole number >= 1, got {value!r}.")
    if (counts.get("threads") or 1) > MOST_THREADS:
        raise ParameterError(
            f"{who}: threads can be at most {MOST_THREADS}, got {counts['threads']}."
        )


def check_clip(who: str, clip: float | None) -> None:
    """Raise `ParameterError` unless the limit of the gradient is above 0, or None.

    A negative limit would turn every gradient round, without a word.

    >>> check_clip("fit", 1.0)
    """
    if clip is not None and not (isinstance(clip, int | float) and clip > 0):
        raise ParameterError(f"{who}: clip must be a number above 0 or None, got {clip!r}.")


def check_choice(who: str, name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise `ParameterError` unless a value is one of some words.

    >>> check_choice("fit", "precision", "half", ("full", "float16"))
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: fit: precision must be 'full' or 'float16', got 'half'.
      hint: known names: float16, full
    """
    if value not in choices:
        words = " or ".join(filter(None, (", ".join(map(repr, choices[:-1])), repr(choices[-1]))))
        raise ParameterError(
            f"{who}: {name} must be {words}, got {value!r}.", hint=suggest(str(value), choices)
        )


def check_share(who: str, **shares: float | None) -> None:
    """Raise `ParameterError` unless these lie between 0 and 1, both left out, or are None.

    >>> check_share("fit", average=0.99)
    """
    for name, value in shares.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 < value < 1):
            raise ParameterError(f"{who}: {name} must be between 0 and 1, got {value!r}.")


def check_schedule(scheduler: Any, every: str) -> Any:
    """The scheduler if it steps with every update, else None.

    Raises:
        ParameterError: No scheduler, or one that needs what only an epoch has.

    >>> check_schedule(None, "epoch")
    """
    check_choice("fit", "scheduler_every", every, ("epoch", "step"))
    if scheduler is not None and not hasattr(scheduler, "step"):
        raise ParameterError(f"fit: scheduler cannot be {scheduler!r}.")
    if every == "epoch":
        return None
    if isinstance(scheduler, ReduceLROnPlateau):
        raise ParameterError(
            'fit: ReduceLROnPlateau looks at the validation, scheduler_every="step" has none.',
            hint='scheduler_every="epoch"',
        )
    return scheduler


def whole(who: str, name: str, value: Any) -> int:
    """A whole number of any kind, NumPy's too, as a plain int.

    >>> whole("fit", "seed", 3)
    3
    """
    try:
        return operator.index(value)
    except TypeError:
        raise ParameterError(f"{who}: {name} must be a whole number, got {value!r}.") from None


def check_callable(who: str, **parts: Any) -> None:
    """Raise `ParameterError` unless these can be called, or are None.

    >>> check_callable("fit", augment=abs)
    """
    for name, part in parts.items():
        if part is not None and (not callable(part) or isinstance(part, type)):
            raise ParameterError(
                f"{who}: {name} cannot be {part!r}.", hint=f"see the argument {name} of {who}()"
            )


def check_loss(loss: Any) -> None:
    """Raise `ParameterError` for a loss that does not know how to read outputs over time.

    >>> check_loss(nn.CrossEntropyLoss())
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: fit: loss cannot be CrossEntropyLoss().
      hint: loss=CrossEntropy(MembraneMean()), of spikeloom.nn.loss and spikeloom.nn.readout
    """
    if not callable(loss) or isinstance(loss, type) or not hasattr(loss, "readout"):
        raise ParameterError(
            f"fit: loss cannot be {loss!r}.",
            hint="loss=CrossEntropy(MembraneMean()), of spikeloom.nn.loss and spikeloom.nn.readout",
        )


def describe(value: Any) -> str:
    """A setting as text that is the same in another process: a function has its name, no address.

    >>> describe(describe)
    '<function describe>'
    """
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))


def describe_optimizer(optimizer: Optimizer) -> str:
    """Kind and settings of an optimiser as text, with the learning rate that it starts from.

    >>> import torch
    >>> describe_optimizer(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1))[:12]
    'SGD(dampenin'
    """
    groups: list[str] = []
    for group in optimizer.param_groups:
        settings = {k: v for k, v in sorted(group.items()) if k not in ("params", "initial_lr")}
        settings["lr"] = group.get("initial_lr", group["lr"])
        groups.append(", ".join(f"{k}={v!r}" for k, v in settings.items()))
    return f"{type(optimizer).__name__}({'; '.join(groups)})"


def check_optimizer(optimizer: Any, net: nn.Module) -> None:
    """Raise `ParameterError` unless an optimiser moves weights of this network.

    >>> import torch
    >>> net, other = nn.Linear(1, 1), nn.Linear(1, 1)
    >>> check_optimizer(torch.optim.SGD(other.parameters()), net)
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: fit: the optimizer moves no weight of this network.
      hint: make it of this network: torch.optim.AdamW(net.parameters())
    """
    if not isinstance(optimizer, Optimizer):
        raise ParameterError(
            f"fit: optimizer cannot be {optimizer!r}.",
            hint="for example torch.optim.AdamW(net.parameters(), lr=1e-3)",
        )
    ours = {id(p) for p in net.parameters() if p.requires_grad}
    if not any(id(p) in ours for group in optimizer.param_groups for p in group["params"]):
        raise ParameterError(
            "fit: the optimizer moves no weight of this network.",
            hint="make it of this network: torch.optim.AdamW(net.parameters())",
        )
