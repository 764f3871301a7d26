"""Residual blocks: what a body makes of its input, joined with the input itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.nn.chain.container import Container, Joint, Trace, join_parts, run_part
from spikeloom.nn.protocol import State, emits_spikes, is_stateful

Connect = Literal["add", "and", "iand"]

CONNECT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": lambda body, shortcut: body + shortcut,
    "and": lambda body, shortcut: body * shortcut,
    "iand": lambda body, shortcut: (1.0 - body) * shortcut,
}
"""How spikes of a body and of a shortcut become one."""


class Join(Joint):
    """Element-wise connection of two blocks of the same shape.

    >>> import torch
    >>> Join("iand")(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0])).tolist()
    [1.0, 0.0]
    """

    def __init__(self, connect: Connect) -> None:
        super().__init__()
        self.connect: Connect = connect

    def forward(self, body: Tensor, shortcut: Tensor) -> Tensor:
        """Body and shortcut, (time, batch, *features) each."""
        if body.shape != shortcut.shape:
            raise ShapeError(
                f"residual block: the body gives {tuple(body.shape)}, the shortcut "
                f"{tuple(shortcut.shape)}.",
                hint="give a shortcut that changes the shape in the same way: shortcut=Sequential("
                "Conv2d(..., 1, stride), ...)",
            )
        return CONNECT[self.connect](body, shortcut)

    def extra_repr(self) -> str:
        """The connection."""
        return repr(self.connect)


class Residual(Container):
    """``y = body(x) + shortcut(x)``, over (time, batch, *features).

    Its state is ``{"body": ..., "shortcut": ...}``, of those of the two that have one.

    Arguments:
        body: Any layer: a `Sequential`, a neuron layer or a torch module.
        shortcut: A layer that brings the input to the shape of the body's output; None is the
            input itself.

    Raises:
        ParameterError: A part is no torch module.
        ShapeError: Body and shortcut give different shapes.

    Source: He, Zhang, Ren & Sun 2016, CVPR, eq. 1.

    >>> import torch
    >>> block = Residual(nn.Linear(3, 3))
    >>> x = torch.rand(5, 2, 3)
    >>> bool((block(x)[0] == block.body(x) + x).all())
    True
    """

    connect: Connect = "add"

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        for what, part in (("body", body), ("shortcut", shortcut)):
            if part is not None and not isinstance(part, nn.Module):
                raise ParameterError(
                    f"{type(self).__name__}: {what} must be a torch module, "
                    f"got {type(part).__name__}.",
                    hint="several layers make one as Sequential(...)",
                )
        self.body = body
        self.shortcut = shortcut
        self.join = Join(self.connect)

    @property
    def parts(self) -> tuple[tuple[str, nn.Module], ...]:
        """Body, and shortcut if there is one."""
        named = (("body", self.body), ("shortcut", self.shortcut))
        return tuple((name, part) for name, part in named if part is not None)

    def run(
        self,
        x: Tensor,
        state: Mapping[str, Any] | None,
        lengths: Tensor | None,
        kept: Trace | None,
        path: str,
    ) -> tuple[Tensor, State]:
        """Both branches, joined; see `Container.run`."""
        before = self._before(state)
        after: State = {}
        found = {"shortcut": x}
        for name, part in self.parts:
            found[name], new = run_part(name, part, x, before.get(name), lengths, kept, path)
            if is_stateful(part):
                after[name] = new
        y = join_parts("join", self.join, (found["body"], found["shortcut"]), kept, path)
        return y, after

    def plain(self) -> nn.Module:
        """The block for a network without time: a sum, whatever connects the spikes."""
        from spikeloom.nn.twin import plain_part

        shortcut = nn.Identity() if self.shortcut is None else plain_part(self.shortcut)
        return PlainResidual(plain_part(self.body), shortcut)


class SEW(Residual):
    r"""Spike-element-wise residual block: spikes of a body joined with the spikes that came in.

    With A the body's spikes and S those of the shortcut: ``"add"`` gives A + S, whole numbers that
    let identity be learnt by a silent body; ``"and"`` gives A S; ``"iand"`` gives (1 - A) S, so a
    silent body is identity and all stays 0 or 1.

    Arguments:
        body: Layers that end in spikes.
        shortcut: Layers that end in spikes and change the shape as the body does; None is the
            input itself.
        connect: ``"add"``, ``"and"`` or ``"iand"``.

    Raises:
        ParameterError: No such connection.
        ShapeError: Body and shortcut give different shapes.

    Source: Fang, Yu, Chen, Huang, Masquelier & Tian 2021, NeurIPS 34, eq. 5 and table 1.

    >>> import torch
    >>> from spikeloom.nn import LIF, Sequential
    >>> net = Sequential(SEW(Sequential(nn.Linear(3, 3), LIF()), connect="iand"), names=["block"])
    >>> y, state = net(torch.ones(4, 1, 3))
    >>> list(state["block"]["body"])
    ['spiking1']
    """

    def __init__(
        self, body: nn.Module, shortcut: nn.Module | None = None, *, connect: Connect = "add"
    ) -> None:
        if connect not in CONNECT:
            raise ParameterError(
                f"SEW: no connection is called {connect!r}.", hint=suggest(str(connect), CONNECT)
            )
        self.__dict__["connect"] = connect
        super().__init__(body, shortcut)

    @property
    def spikes(self) -> bool:
        """Whether the output is 0 or 1, given that the input is."""
        ends = all(emits_spikes(part) for _, part in self.parts)
        return ends and self.connect != "add"


class PlainResidual(nn.Module):
    """``y = body(x) + shortcut(x)`` without time.

    >>> import torch
    >>> PlainResidual(nn.Identity(), nn.Identity())(torch.ones(2)).tolist()
    [2.0, 2.0]
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Input (batch, *features)."""
        return self.body(x) + self.shortcut(x)
