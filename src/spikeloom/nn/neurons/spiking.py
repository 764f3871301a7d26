"""`Spiking`: any neuron model as a torch layer."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.compile.choice import stable_program
from spikeloom.compile.compiler import WIDTH, compile_neuron
from spikeloom.compile.lengths import END
from spikeloom.compile.lower import SURROGATE
from spikeloom.compile.methods import Method
from spikeloom.compile.parts import check_parts
from spikeloom.compile.values import numbers, threshold_unit
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ShapeError
from spikeloom.models import ATan
from spikeloom.nn.lengths import check_lengths
from spikeloom.nn.neurons.accept import (
    HALVES,
    EngineName,
    check_duration,
    check_engine,
    check_inputs,
    check_state,
)
from spikeloom.nn.neurons.chunks import scan_in_blocks
from spikeloom.nn.neurons.eager import Call, Scan, tensors_of, traced
from spikeloom.nn.neurons.held import one_step
from spikeloom.nn.neurons.kernel import Array, arrays, at_every
from spikeloom.nn.neurons.layout import Order, flatten_features, memory_order, restore_features
from spikeloom.nn.neurons.on_device import check_home, engine_of
from spikeloom.nn.neurons.op import scan
from spikeloom.nn.neurons.parameters import Parameter, key_of
from spikeloom.nn.neurons.pieces import SEGMENT, Parallel, block_steps, check_parallel, forgets
from spikeloom.nn.neurons.prologue import drawn, run_prologue
from spikeloom.nn.protocol import State

if TYPE_CHECKING:
    from spikeloom.compile.program import Program
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate


class Spiking(nn.Module):
    r"""A layer of neurons without weights: currents in, spikes out.

    Each feature of the input drives one neuron for all its time steps in one call of a native
    kernel; the gradient is the exact adjoint of the same equations. Noise and chance in a model are
    drawn from torch's generator in each call; a gradient takes the noise as it was and flows
    through the probability of a random spike.

    Arguments:
        neuron: What each neuron is, for example ``LIF(tau=10 * ms)``. A parameter may be a number,
            an array that broadcasts to the features, ``learn(...)`` or a distribution.
        surrogate: Smooth stand-in for the derivative of a spike; `ATan` if None.
        dt: Duration of one time step.
        method: How to integrate; None chooses, an implicit step where the equations are stiff at
            dt, and says why in ``layer.program.reason`` and ``layer.explain()``.
        width: Distance (in units of the threshold, e.g. ``1 * mV``) by which the surrogate's
            argument is divided; None takes the distance from the starting state to threshold.
        through_reset: Whether gradients flow through the reset.
        size: Shape of the features; needed only where a parameter is a distribution.
        seed: Seed of the distributions.
        engine: ``"auto"`` is the engine of the input's device; ``"reference"`` is slow and obvious.
        parallel: Whether long runs of few neurons are computed in blocks of time side by side, with
            the same bits as step by step; ``"auto"`` does so where it is faster.

    Raises:
        ParameterError: A value is outside what the model accepts.
        NumericsError: dt is too large for the method to be stable.

    Example:
        >>> import torch
        >>> from spikeloom import ms
        >>> from spikeloom.models import LIF
        >>> layer = Spiking(LIF(tau=10 * ms), dt=1 * ms)
        >>> y, state = layer(torch.full((50, 2, 3), 0.3))  # (time, batch, features) in nA
        >>> y.shape, state["v"].shape, int(y[:, 0, 0].sum())
        (torch.Size([50, 2, 3]), torch.Size([2, 3]), 7)
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True

    def __init__(
        self,
        neuron: Cell | Neuron | Refractory,
        surrogate: Surrogate | None = None,
        *,
        dt: Quantity = 1 * ms,
        method: Method | None = None,
        width: Quantity | None = None,
        through_reset: bool = True,
        size: int | tuple[int, ...] | None = None,
        seed: int = 0,
        engine: EngineName = "auto",
        parallel: Parallel = "auto",
    ) -> None:
        check_parts("Spiking", neuron, method, surrogate)
        super().__init__()
        self.neuron = neuron
        self.surrogate = ATan() if surrogate is None else surrogate
        self.width, self.through_reset = width, through_reset
        self.engine: EngineName = check_engine(engine)
        self.parallel: Parallel = check_parallel(parallel)
        definition = neuron.definition
        self.dt = check_duration(dt)
        self._step = float(self.dt.to(definition.time_unit))
        values = numbers(neuron, self.surrogate, width=width, size=size, seed=seed)
        self.program, self.method = stable_program(self._compiled, method, values, self._step)
        self._text = self.program.to_json()
        self._memo: tuple[object, dict[str, Tensor], dict[str, Array]] | None = None
        self._ending: tuple[Program, str] | None = None
        self.params = nn.ModuleDict(
            {
                key_of(p.name): Parameter(
                    neuron.values[p.name], p.unit, f"{definition.name}.{p.name}", size, seed
                )
                for p in definition.params
            }
        )
        if definition.fires is not None:
            for p in self.surrogate.definition.params:
                value = self.surrogate.values[p.name]
                self.params[key_of(SURROGATE + p.name)] = Parameter(
                    value, p.unit, p.name, size, seed
                )
            if width is not None:
                unit = threshold_unit(neuron)
                self.params[key_of(WIDTH)] = Parameter(width, unit, "width", size, seed)

    @property
    def spikes(self) -> bool:
        """Whether the output is spikes; a model that never fires gives its first state."""
        return self.program.spikes

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return self.program.states

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
            Spikes 0 or 1 (time, batch, *features), in the memory format of the input, and the
            state: name → (batch, *features).

        Raises:
            ShapeError: Axes not (time, batch, *features), or a state or lengths that do not fit.
        """
        if isinstance(x, Tensor) and x.dtype in HALVES and not self._takes_halves(x, lengths):
            return self._in_full(x, state, lengths, inputs)
        given = self._inputs(x, inputs, gpu=True)
        check_home(self._name, x, self.params, tensors_of(state))
        features, order = tuple(x.shape[2:]), memory_order(x)
        flat = {n: flatten_features(one_step(g), order) for n, g in given.items()}
        program, text = self.program, self._text
        if lengths is not None:
            program, text = self._with_ends()
            ends = check_lengths(self._name, lengths, *x.shape[:2]).to(x.device, x.dtype)
            flat[END] = ends.unsqueeze(1).repeat(1, prod(features)).expand(len(x), -1, -1)
        if traced((*flat.values(), *tensors_of(state))):
            values, fixed = self._values(features, order, program), None
        elif engine_of(self._name, self.engine, x.device) == "gpu":
            values = self._values(features, order, program)
            chosen = [n for n in program.coefs if not values[f"coef:{n}"].requires_grad]
            fixed = arrays(chosen, [values[f"coef:{n}"] for n in chosen], "gpu")
        else:
            values, fixed = self._known(features, order, program)
        before = self._state(state, x, values, order)
        if lengths is not None:
            before = torch.cat([before, torch.zeros_like(before[:1])])
        out, after = self._scan(len(x), flat, before, values, fixed, program, text)
        rows = restore_features(after, features, order).unbind(0)
        return restore_features(out, features, order), dict(zip(self.states, rows, strict=False))

    def _compiled(self, method: Method | None, *, ends: bool = False) -> Program:
        return compile_neuron(
            self.neuron,
            method,
            surrogate=self.surrogate,
            own_width=self.width is not None,
            through_reset=self.through_reset,
            given_noise=True,
            ends=ends,
        )

    def _with_ends(self) -> tuple[Program, str]:
        """The Program for samples of different length, and its text; made when first needed."""
        if self._ending is None:
            program = self._compiled(self.method, ends=True)
            self._ending = program, program.to_json()
        return self._ending

    def _takes_halves(self, x: Tensor, lengths: Tensor | None) -> bool:
        """Whether 16-bit currents are read as they are: on a GPU, where nothing needs more."""
        plain = lengths is None and len(self.program.inputs) == len(self.neuron.definition.inputs)
        return plain and self.spikes and engine_of(self._name, self.engine, x.device) == "gpu"

    def _in_full(
        self,
        x: Tensor,
        state: Mapping[str, Tensor] | None,
        lengths: Tensor | None,
        inputs: Mapping[str, Tensor],
    ) -> tuple[Tensor, State]:
        """Run 16-bit currents in float32: states need its digits, a spike does not."""
        others = {n: v.float() if isinstance(v, Tensor) else v for n, v in inputs.items()}
        y, after = self(x.float(), state, lengths=lengths, **others)
        return y.to(x.dtype) if self.spikes else y, after

    def _scan(
        self,
        steps: int,
        inputs: dict[str, Tensor],
        before: Tensor,
        values: Mapping[str, Tensor],
        fixed: dict[str, Array] | None,
        program: Program | None = None,
        text: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Outputs (T, B, F) and last states (S, B, F); without `fixed` by the registered op.

        An input of one step is the same at every step.
        """
        program = self.program if program is None else program
        text = self._text if text is None else text
        coefs = {n: values[f"coef:{n}"] for n in program.coefs}
        tensors = (*inputs.values(), before, *coefs.values())
        learning = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        every = min(SEGMENT, max(steps, 1)) if learning else 0
        engine = engine_of(self._name, self.engine, before.device)
        if fixed is None:
            given, numbers = [at_every(x, steps) for x in inputs.values()], list(coefs.values())
            names = ",".join(inputs)
            out, after, _ = scan(given, before, numbers, text, names, engine, every)
            return out, after
        learnt = tuple(n for n in coefs if n not in fixed)
        call = Call(program, engine, tuple(inputs), learnt, fixed, every, steps)
        numbers = [coefs[n] for n in learnt]
        block = block_steps(self.parallel, steps, before[0].numel(), before.device.type)
        if program is not self.program or engine == "gpu":
            block = 0  # with ends of their own, samples have no steps in common to start from
        if engine == "reference" and before.dtype != torch.float64:
            block = 0  # it counts in float64 from step to step, which a block's ends would round
        if block and (self.parallel is True or self._forgets(values, block, before)):
            given = (at_every(x, steps) for x in inputs.values())
            return scan_in_blocks(call, block, before, *given, *numbers)
        return Scan.apply(call, before, *inputs.values(), *numbers)

    def _forgets(self, values: Mapping[str, Tensor], steps: int, before: Tensor) -> bool:
        """Whether a block of steps is longer than the memory of the neurons."""
        numbers = {n: v.detach().numpy() for n, v in values.items()}
        coefs = {n: numbers[f"coef:{n}"] for n in self.program.coefs}
        rest = {n: numbers[f"start:{n}"] for n in self.states}
        dtype = "float32" if before.dtype == torch.float32 else "float64"
        return forgets(self.program, coefs, rest, steps, dtype)

    def _known(
        self,
        features: tuple[int, ...],
        order: Order | None = None,
        program: Program | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Array]]:
        """All values, and the coefficients among them that no parameter of torch stands behind.

        They are worked out again only when a parameter was changed, moved or loaded.
        """
        program = self.program if program is None else program
        key = None
        if not any(p.learnt for p in self.params.values()):
            # The numbers themselves: torch does not count every way in which they can change.
            buffers = (p.get_buffer("fixed") for p in self.params.values())
            numbers = ((b.shape, b.numpy().tobytes()) for b in buffers)
            key = (program is self.program, features, order, *numbers)
            if self._memo is not None and self._memo[0] == key:
                return self._memo[1:]
        values = self._values(features, order, program)
        coefs = {n: values[f"coef:{n}"] for n in program.coefs}
        fixed = {n: c.numpy() for n, c in coefs.items() if not c.requires_grad}
        if key is not None:
            self._memo = (key, values, fixed)
        return values, fixed

    def _values(
        self,
        features: tuple[int, ...],
        order: Order | None = None,
        program: Program | None = None,
    ) -> dict[str, Tensor]:
        """Coefficients and starting states, each () or one for each flattened feature."""
        order = tuple(range(len(features))) if order is None else order
        program = self.program if program is None else program
        values = self.parameter_values(features, order, program)
        device = next((x.device for x in values.values()), None)
        leaves = {"dt": torch.full((), self._step, dtype=torch.float64, device=device)}
        leaves |= {f"param:{n}": x for n, x in values.items()}
        return run_prologue(program.prologue, leaves)

    def parameter_values(
        self,
        features: tuple[int, ...],
        order: Order | None = None,
        program: Program | None = None,
    ) -> dict[str, Tensor]:
        """Parameter name -> value in its declared unit, () or one for each flattened feature."""
        order = tuple(range(len(features))) if order is None else order
        made: dict[str, Tensor] = {}
        for name in (self.program if program is None else program).params:
            value = self.params[key_of(name)]()
            if value.dim():
                try:
                    value = flatten_features(value.broadcast_to(features), order)
                except RuntimeError:
                    raise ShapeError(
                        f"{self._name}: parameter {name!r} has shape {tuple(value.shape)}, the"
                        f" input has features {features}.",
                        hint="one value for each neuron must broadcast to the features",
                    ) from None
            made[name] = value
        return made

    def _inputs(
        self, x: Tensor, others: Mapping[str, Tensor], *, gpu: bool = False
    ) -> dict[str, Tensor]:
        names = tuple(i.name for i in self.neuron.definition.inputs)
        check_inputs(self._name, names, x, others, gpu=gpu)
        given = {names[0]: x, **{n: others[n].to(x.dtype) for n in names[1:] if n in others}}
        return given | {n: drawn(n, x) for n in self.program.inputs[len(names) :]}

    def _state(
        self,
        state: Mapping[str, Tensor] | None,
        x: Tensor,
        values: Mapping[str, Tensor],
        order: Order | None = None,
    ) -> Tensor:
        batch, features = x.shape[1], tuple(x.shape[2:])
        order = tuple(range(len(features))) if order is None else order
        kind = torch.float32 if x.dtype in HALVES else x.dtype
        if state is None:
            flat = (batch, prod(features))
            rows = [values[f"start:{name}"].broadcast_to(flat) for name in self.states]
            return torch.stack(rows).to(kind)
        check_state(self._name, self.states, state, (batch, *features))
        return torch.stack([flatten_features(state[n], order).to(kind) for n in self.states])

    @property
    def _name(self) -> str:
        return f"Spiking({self.program.model})"

    def explain(self) -> str:
        """Equations, the discretised step and its adjoint, as text."""
        from spikeloom.compile.explain import explain

        return f"{self.neuron.definition.equations}\n\n{explain(self.program)}"

    def __getstate__(self) -> dict[str, object]:
        """What a copy needs: nothing that can be worked out again."""
        return {**self.__dict__, "_memo": None, "_ending": None}

    def __repr__(self) -> str:
        words = [repr(self.neuron)]
        if self.spikes:
            words.append(repr(self.surrogate))
        words += [f"dt={self.dt!r}", f"method={self.program.method}"]
        if self.width is not None:
            words.append(f"width={self.width!r}")
        if not self.through_reset:
            words.append("through_reset=False")
        if self.engine != "auto":
            words.append(f"engine={self.engine!r}")
        if self.parallel != "auto":
            words.append(f"parallel={self.parallel!r}")
        return f"Spiking({', '.join(words)})"
