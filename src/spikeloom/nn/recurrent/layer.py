"""`Recurrent`: any neuron model as a layer whose neurons drive each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.compile.lengths import END
from spikeloom.compile.methods import Method
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.lengths import check_lengths
from spikeloom.nn.neurons.accept import check_state
from spikeloom.nn.neurons.eager import traced
from spikeloom.nn.neurons.kernel import Array
from spikeloom.nn.neurons.on_device import refuse_gpu
from spikeloom.nn.neurons.spiking import EngineName, Spiking
from spikeloom.nn.protocol import State
from spikeloom.nn.recurrent.eager import RecurrentCall, RecurrentScan
from spikeloom.nn.recurrent.op import recur
from spikeloom.nn.recurrent.options import allowed, chosen_input, steps_of, whole_shape

if TYPE_CHECKING:
    from spikeloom.compile.program import Program
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate

SEGMENT = 16
"""Steps between the states kept for the backward pass, which runs the steps between again."""
SPIKES = "spikes"
"""Name of the state that holds the spikes on their way."""


class Recurrent(nn.Module):
    r"""A layer of neurons that drive each other: currents in, spikes out.

    $$I_i[n] = x_i[n] + b_i + \sum_j W_{ji}\, s_j[n - d_j]$$

    The recurrence runs inside one native kernel. Its forward pass costs one addition for each spike
    and synapse, and so does the gradient of the weights; the gradient at the spikes is a dense
    product with the weights, because a neuron that did not fire has a gradient too.

    Arguments:
        neuron: What each neuron is; it must fire. As for `Spiking`.
        surrogate: As for `Spiking`.
        features: Number of neurons, or the shape of the features.
        into: Input of the model that recurrent currents are added to; the first if None.
        bias: Whether each neuron gets a learnt constant current.
        init: Called with the fresh weights to fill them, for example ``nn.init.orthogonal_``. None
            draws them uniformly between -1/sqrt(F) and 1/sqrt(F), as `nn.Linear` does, in the unit
            of the input they are added to.
        mask: Which weights exist, (F, F) of truth values, sources first; None for all.
        delay: Steps from a spike to its effect, or a time: one, or one for each source.
        dt, method, width, through_reset, seed, engine: As for `Spiking`.

    Attributes:
        weight: W (F, F), one row for each source: ``weight[j, i]`` leads from j to i. It is the
            transpose of what ``nn.Linear(F, F)`` holds.

    Raises:
        ParameterError: An option makes no sense, or the model never fires.
        ShapeError: The mask or the delays do not fit the features.

    Example:
        >>> import torch
        >>> from spikeloom.models import LIF
        >>> _ = torch.manual_seed(0)
        >>> layer = Recurrent(LIF(), features=3)
        >>> y, state = layer(torch.full((50, 2, 3), 0.3))  # (time, batch, features) in nA
        >>> y.shape, state["spikes"].shape
        (torch.Size([50, 2, 3]), torch.Size([2, 3]))
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    spikes: ClassVar[Literal[True]] = True
    mask: Tensor | None
    delays: Tensor
    depth: int
    """Steps of past spikes that the state carries: the longest delay."""

    def __init__(
        self,
        neuron: Cell | Neuron | Refractory,
        surrogate: Surrogate | None = None,
        *,
        features: int | tuple[int, ...],
        into: str | None = None,
        bias: bool = False,
        init: Callable[[Tensor], object] | None = None,
        mask: Any = None,
        delay: Any = 1,
        dt: Quantity = 1 * ms,
        method: Method | None = None,
        width: Quantity | None = None,
        through_reset: bool = True,
        seed: int = 0,
        engine: EngineName = "auto",
    ) -> None:
        super().__init__()
        self.features = whole_shape(features)
        self.neurons = Spiking(
            neuron, surrogate, dt=dt, method=method, width=width, through_reset=through_reset,
            size=self.features, seed=seed, engine=engine,
        )  # fmt: skip
        program = self.neurons.program
        if not program.spikes:
            raise ParameterError(
                f"Recurrent({program.model}): the model never fires, so it cannot drive itself.",
                hint="take a model that spikes, or a plain layer of torch",
            )
        self.into = chosen_input(
            into, tuple(i.name for i in self.neurons.neuron.definition.inputs), program.model
        )
        count = prod(self.features)
        if not isinstance(bias, bool) or not (init is None or callable(init)):
            what, value = ("init", init) if isinstance(bias, bool) else ("bias", bias)
            raise ParameterError(
                f"{self._name}: {what} cannot be {value!r}.",
                hint="bias is True or False; init is called with the weights, for example "
                "torch.nn.init.orthogonal_",
            )
        self.init = init
        self.weight = nn.Parameter(torch.empty(count, count))
        self.bias = nn.Parameter(torch.empty(self.features)) if bias else None
        self.register_buffer("mask", allowed(mask, count))
        self.register_buffer("delays", steps_of(delay, self.neurons.dt, self.features))
        _count_depth(self)
        self.register_load_state_dict_post_hook(_count_depth)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw fresh weights from torch's generator; the bias starts at 0."""
        if self.init is None:
            bound = 1.0 / max(len(self.weight), 1) ** 0.5
            self.weight.uniform_(-bound, bound)
        else:
            self.init(self.weight)
        if self.mask is not None:
            self.weight.mul_(self.mask)
        if self.bias is not None:
            self.bias.zero_()

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states: those of the model, and the spikes on their way."""
        return (*self.neurons.states, SPIKES)

    def plain(self) -> nn.Module:
        """What it becomes in a network without time."""
        from spikeloom.nn.recurrent.settling import Settling

        return Settling.like(self)

    def fan_out(self) -> Tensor:
        """Number of recurrent synapses that leave each neuron, (*features)."""
        count = len(self.weight)
        if self.mask is None:
            return self.weight.new_full(self.features, count)
        return self.mask.sum(1).to(self.weight.dtype).reshape(self.features)

    def forward(
        self,
        x: Tensor,
        state: Mapping[str, Tensor] | None = None,
        *,
        lengths: Tensor | None = None,
        **inputs: Tensor,
    ) -> tuple[Tensor, State]:
        """Run the neurons over the time axis of the input.

        Arguments:
            x: The model's first input (time, batch, *features), in the unit it declares.
            state: What an earlier call gave, to go on from there; None is a fresh start.
            lengths: Valid steps of each sample, whole numbers (batch,); None where all are. After
                its end a sample's state stays, its output is 0 and its input has no gradient.
            inputs: Further inputs of the model by name, of the same shape.

        Returns:
            Spikes 0 or 1 (time, batch, *features), and the state: name → (batch, *features). The
            spikes on their way are ``spikes``; with a longest delay of D > 1 steps they are
            (batch, D, *features), oldest first.

        Raises:
            ShapeError: The axes are not (time, batch, *features), or a state does not fit.
        """
        neurons = self.neurons
        given = neurons._inputs(x, inputs)
        self._check_features(x)
        batch, count = x.shape[1], prod(self.features)
        if self.bias is not None:
            zero = x.new_zeros(()).expand(x.shape)
            given[self.into] = given.get(self.into, zero) + self.bias
        flat = {n: g.reshape(g.shape[0], batch, count) for n, g in given.items()}
        program, text = neurons.program, neurons._text
        if lengths is not None:
            program, text = neurons._with_ends()
            lengths = check_lengths(self._name, lengths, len(x), batch)
            ends = lengths.to(x.dtype)
            flat[END] = ends.unsqueeze(1).repeat(1, count).expand(len(x), -1, -1)
        own, past = self._split(state, x)
        if traced((*flat.values(), *own.values(), past, self.weight)):
            values, fixed = neurons._values(self.features, None, program), None
        else:
            values, fixed = neurons._known(self.features, None, program)
        before = neurons._state(own or None, x, values)
        if lengths is not None:
            before = torch.cat([before, torch.zeros_like(before[:1])])
        out, after = self._scan(flat, before, past, values, fixed, program, text)
        shaped = after.reshape(len(after), batch, *self.features).unbind(0)
        return out.reshape(x.shape), {
            **dict(zip(neurons.states, shaped, strict=False)),
            SPIKES: self._underway(past, out, lengths),
        }

    def _scan(
        self,
        inputs: dict[str, Tensor],
        before: Tensor,
        past: Tensor,
        values: Mapping[str, Tensor],
        fixed: dict[str, Array] | None,
        program: Program,
        text: str,
    ) -> tuple[Tensor, Tensor]:
        """Spikes (T, B, F) and last states (S, B, F); without `fixed` by the registered op."""
        weight = self.weight if self.mask is None else self.weight * self.mask
        coefs = {n: values[f"coef:{n}"] for n in program.coefs}
        tensors = (*inputs.values(), before, past, weight, *coefs.values())
        learning = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        steps = next(iter(inputs.values())).shape[0]
        every = min(SEGMENT, max(steps, 1)) if learning else 0
        engine = (
            "reference" if refuse_gpu(self._name, self.neurons.engine) == "reference" else "cpu"
        )
        if fixed is None:
            out, after, _, _ = recur(
                list(inputs.values()), before, past, weight, list(coefs.values()), self.delays,
                text, ",".join(inputs), self.into, engine, every,
            )  # fmt: skip
            return out, after
        learnt = tuple(n for n in coefs if n not in fixed)
        call = RecurrentCall(
            program, engine, tuple(inputs), learnt, fixed, every, steps,
            self.into, self.delays.numpy(),
        )  # fmt: skip
        numbers = (coefs[n] for n in learnt)
        return RecurrentScan.apply(call, before, past, weight, *inputs.values(), *numbers)

    def _check_features(self, x: Tensor) -> None:
        if tuple(x.shape[2:]) != self.features:
            raise ShapeError(
                f"{self._name}: input must be (time, batch, *{self.features}), "
                f"got {tuple(x.shape)}.",
                hint="features= must be the shape of what drives the layer",
            )
        if x.dtype != self.weight.dtype:
            raise ShapeError(
                f"{self._name}: the input is {x.dtype}, the weights are {self.weight.dtype}.",
                hint="bring both to one precision: x.float(), or net.double()",
            )

    def _split(
        self, state: Mapping[str, Tensor] | None, x: Tensor
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The states of the model, and the spikes on their way (D, B, F)."""
        batch, depth, count = x.shape[1], self.depth, prod(self.features)
        if state is None:
            return {}, x.new_zeros((depth, batch, count))
        rest = {n: s for n, s in state.items() if n != SPIKES} if isinstance(state, Mapping) else {}
        if not isinstance(state, Mapping) or not isinstance(state.get(SPIKES), Tensor):
            check_state(self._name, self.states, state, (batch, *self.features))
        check_state(self._name, self.neurons.states, rest, (batch, *self.features))
        spikes = state[SPIKES]
        want = (batch, *((depth,) if depth > 1 else ()), *self.features)
        if tuple(spikes.shape) != want:
            raise ShapeError(
                f"{self._name}: state {SPIKES!r} must be {want}, got {tuple(spikes.shape)}.",
                hint="a state belongs to one batch and one layer: start with state=None",
            )
        if not traced((spikes,)) and not bool(((spikes == 0) | (spikes == 1)).all()):
            raise ParameterError(
                f"{self._name}: state {SPIKES!r} must hold 0 and 1 only.",
                hint="give what the layer gave, y, state = layer(x); None is a fresh start",
            )
        return rest, spikes.reshape(batch, depth, count).transpose(0, 1).to(x.dtype)

    def _underway(self, past: Tensor, out: Tensor, lengths: Tensor | None) -> Tensor:
        """The last D steps of spikes before each sample's end, in the form of the state."""
        depth, (steps, batch, _) = self.depth, out.shape
        if lengths is not None:
            places = lengths + torch.arange(depth, device=out.device)[:, None]
            last = torch.cat([past, out])[places, torch.arange(batch, device=out.device)]
        else:
            last = out[steps - depth :] if steps >= depth else torch.cat([past[steps:], out])
        shape = (batch, *((depth,) if depth > 1 else ()), *self.features)
        # A copy: a view would keep the spikes of every step alive, and let them be changed.
        return last.transpose(0, 1).reshape(shape).clone()

    @property
    def _name(self) -> str:
        return f"Recurrent({self.neurons.program.model})"

    def explain(self) -> str:
        """Equations, the discretised step and its adjoint, as text."""
        wiring = f"{self.into}[n] = x[n] + sum over j of weight[j, :] spikes[n - delay_j][j]"
        return f"{wiring}\n\n{self.neurons.explain()}"

    def __repr__(self) -> str:
        inner = repr(self.neurons).removeprefix("Spiking(").removesuffix(")")
        shape = self.features[0] if len(self.features) == 1 else self.features
        synapses = int(self.fan_out().sum())
        words = [inner, f"features={shape}", f"into={self.into!r}", f"synapses={synapses}"]
        if self.bias is not None:
            words.append("bias=True")
        if len(self.delays):
            low, high = int(self.delays.min()), int(self.delays.max())
            if high > 1:
                words.append(f"delay={high if low == high else f'{low}…{high}'}")
        return f"Recurrent({', '.join(words)})"


def _count_depth(layer: Recurrent, keys: object = None) -> None:
    """A number beside the delays, which a compiler can read; also after loading."""
    del keys
    layer.depth = int(layer.delays.max()) if len(layer.delays) else 1
