"""A `Sequential` of weights and neurons, run from spike to spike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.engines.events.choose import event_engine
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.delay import Delay
from spikeloom.nn.events.matrices import Matrices, matrices_of, observer, with_integral
from spikeloom.nn.events.scan import EventCall, EventScan
from spikeloom.nn.events.trains import Trains
from spikeloom.nn.neurons.spiking import Spiking


@dataclass(frozen=True, eq=False)
class Stage:
    """One layer: delays on the way, weights, neurons."""

    name: str
    delays: tuple[Delay, ...]
    linear: nn.Linear
    neurons: Spiking


@dataclass(frozen=True, eq=False)
class Spikes:
    """What a layer gave: tensors that gradients flow through, and how many spikes there are.

    Arguments:
        times: (batch, neurons, room), ms; beyond the count they have no meaning.
        states: (batch, neurons, room, n), z just before each spike.
        begin: (groups, n), z at the start.
        end: (batch, neurons, n), z at the end of the run.
        count: int64 (batch, neurons).
        out: (1, n), the row whose product with z is the first state.
        call: How the layer was run.
    """

    times: Tensor
    states: Tensor
    begin: Tensor
    end: Tensor
    count: Tensor
    out: Tensor
    call: EventCall


class EventNetwork:
    """The layers of a network as machines on exact spike times; weights stay where they are.

    Spikes go through the weights at once, or after the delay of a `Delay` layer. An impulse input
    jumps by the weight; an inflow is a current of that size for one ``dt`` of the layer, as in
    time steps.

    Arguments:
        net: ``Sequential(Linear, Spiking, Linear, Spiking, ...)``, with `Flatten` and `Delay`
            before a Linear where wanted.
        engine: ``"cpu"``, or ``"reference"``, slow and obvious.
        slope: Smallest slope of a potential at threshold, as a share per ms of the way from the
            start to the threshold; the gradient of a flatter crossing is that of this slope.

    Raises:
        ParameterError: A layer that has no exact form.
        CompileError: A neuron that is not linear between its spikes.
    """

    def __init__(self, net: nn.Module, engine: str = "cpu", slope: float = 1e-3) -> None:
        event_engine(engine)
        self.engine, self.slope = engine, slope
        self.stages = _stages(net)
        self.dt = float(self.stages[0].neurons.dt.to(ms))

    def run(self, trains: Trains, duration: float, output: str = "spikes") -> list[Spikes]:
        """The spikes of every layer.

        Arguments:
            trains: What enters the first layer.
            duration: Length of the run, ms.
            output: Of a last layer without threshold: ``"peaks"`` notes its local maxima as if
                they were spikes, ``"mean"`` gives the integral of its output as one more state.
                ``"first"``: after its first spike an output neuron is not looked at any more.
        """
        made: list[Spikes] = []
        for k, stage in enumerate(self.stages):
            last = k == len(self.stages) - 1
            spikes = self._layer(stage, trains, duration, output if last else "spikes")
            made.append(spikes)
            trains = Trains.of_record(spikes.times, spikes.count)
        return made

    def _layer(self, stage: Stage, trains: Trains, duration: float, output: str) -> Spikes:
        linear, layer = stage.linear, stage.neurons
        if trains.width != linear.in_features:
            raise ShapeError(
                f"{stage.name}: Linear takes {linear.in_features} features, {trains.width} came."
            )
        for delay in stage.delays:
            late = (delay.delay.steps() * delay.delay.step).reshape(-1).expand(trains.width)
            trains = Trains(
                trains.times + late[trains.source], trains.sample, trains.source, trains.size,
                trains.batch, trains.width,
            )  # fmt: skip
        model, made, out = matrices_of(layer, linear.out_features)
        weights = linear.weight.double()
        pulses = layer.neuron.definition.inputs[0].kind == "inflow"
        trains = trains.until(duration)
        if pulses:
            trains = trains.pulses(float(layer.dt.to(ms)), duration)
        if linear.bias is not None:
            trains = trains.with_constant()
            weights = torch.cat([weights, linear.bias.double()[:, None]], 1)
        when, arrivals = trains.sorted()
        strict = spikes = model.spikes
        if not model.spikes and output == "peaks":
            made, spikes = observer(made, out), True
        if not model.spikes and output == "mean":
            made = with_integral(made, out)
        slope = self.slope * _way(made) if model.spikes else 0.0
        call = EventCall(model.name, arrivals, duration, spikes, strict, slope, self.engine)
        if output == "first":
            call.limit = 1
        found = EventScan.apply(call, when, weights, *(made[x] for x in ("A", "r", "R", "b", "z")))
        count = torch.from_numpy(call.record.count)
        times, states, end = found
        return Spikes(times, states, made["z"], end, count, out, call)


def _way(made: Matrices) -> float:
    """Distance from the start to the threshold."""
    return float((made["r"].detach() * made["z"].detach()).sum(-1).abs().mean())


def _stages(net: nn.Module) -> list[Stage]:
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"exact spike times: the network must be a spikeloom Sequential, got"
            f" {type(net).__name__}."
        )
    stages: list[Stage] = []
    delays: list[Delay] = []
    linear: nn.Linear | None = None
    for name, layer in net.layers:
        if isinstance(layer, nn.Flatten | nn.Identity):
            continue
        if isinstance(layer, Delay) and linear is None:
            delays.append(layer)
        elif isinstance(layer, nn.Linear) and linear is None:
            linear = layer
        elif type(layer) is Spiking and linear is not None:
            if stages and not stages[-1].neurons.spikes:
                raise _no_layer(name, layer, "the layer before it does not spike")
            _check_pair(name, linear, layer)
            stages.append(Stage(name, tuple(delays), linear, layer))
            linear, delays = None, []
        else:
            raise _no_layer(name, layer, "it has no form between single spikes")
    if linear is not None or delays or not stages:
        raise ParameterError(
            "exact spike times: the network must end with neurons.",
            hint="Sequential(Linear, Spiking, Linear, Spiking)",
        )
    return stages


def _check_pair(name: str, linear: nn.Linear, layer: Spiking) -> None:
    from spikeloom.compile.events import event_model

    model = event_model(layer.neuron)
    port = layer.neuron.definition.inputs[0]
    if port.kind == "impulse" and linear.bias is not None:
        raise ParameterError(
            f"{name}: {model.name} takes impulses, and a bias is none.",
            hint="Linear(..., bias=False); an input that always spikes does the work of a bias",
        )


def _no_layer(name: str, layer: nn.Module, why: str) -> ParameterError:
    return ParameterError(
        f"exact spike times: {name} ({type(layer).__name__}) cannot be used here: {why}.",
        hint="Sequential(Linear, Spiking, Linear, Spiking), with Flatten or Delay before a Linear",
    )
