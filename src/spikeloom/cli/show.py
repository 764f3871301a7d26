"""`spikeloom show`: one figure of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.errors import ConfigError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Quantity, Refractory
    from spikeloom.models.patterns import Pattern

STILL = (".png", ".svg", ".pdf")
FILES = (*STILL, ".gif")


def show(
    model: Annotated[str, typer.Argument(help="Name of a model; `spikeloom models` lists them.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter, as `tau=10ms`; may be given several times."),
    ] = None,
    input: Annotated[
        str | None,
        typer.Option(help="Height of the step of input; found by trying if left out."),
    ] = None,
    into: Annotated[
        str | None, typer.Option(help="Which input, where a model has several.")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(help="A named pattern with its parameters and input, as 'tonic bursting'."),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            help="Of the input: step, ramp, pulses, noise, or a file of times in ms and values."
        ),
    ] = None,
    duration: Annotated[str | None, typer.Option(help="How long to watch, with its unit.")] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="File to write: .png, .svg, .pdf, or .gif, which moves; by default a new PNG "
            "under the model's name."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Draw one figure of a model: equations, a response, the f-I curve, the phase plane.

    Without --input, the model is tried at many levels, and shown somewhat above the least one that
    keeps it firing. A GIF shows one spike in slow motion.

    Example: `spikeloom show adex`

    Example: `spikeloom show lif --set tau=10ms --set theta=-45mV --input 0.3nA --save lif.svg`

    Example: `spikeloom show lif --shape step --input 0.3nA`

    Example: `spikeloom show lif --shape ramp --input 0.4nA --duration 300ms`

    Example: `spikeloom show lif --shape pulses --input 0.5nA`

    Example: `spikeloom show lif --shape noise --input 0.15nA --duration 500ms`

    Example: `spikeloom show lif --shape recorded.csv`

    Example: `spikeloom show izhikevich --pattern "tonic bursting" --save bursts.gif`
    """
    from spikeloom.cli.drawing import Stages, place, write
    from spikeloom.cli.quantities import read_quantity, read_time
    from spikeloom.cli.shelf import find_model

    chosen = find_model(model)
    target = place(save, chosen.__name__.lower(), FILES)
    one = _pattern(chosen, pattern)
    if one is not None and input is not None:
        raise ConfigError("--pattern brings its own input.", hint="leave out --input")
    if one is not None and duration is not None:
        raise ConfigError("--pattern brings its own duration.", hint="leave out --duration")
    if one is not None and shape is not None:
        raise ConfigError("--pattern brings its own input.", hint="leave out --shape")
    neuron = _with(chosen, set_ or [], {} if one is None else one.params)
    level = None if input is None else read_quantity(input, "--input")
    length = None if duration is None else read_time(duration)
    form, length = _shape(neuron, shape, into, length)
    with Stages(not quiet) as stages:
        if target.suffix.lower() == ".gif":
            content = _moving(neuron, level, into, length, one, form, stages)
        else:
            from spikeloom.show import model as draw

            figure = draw(
                neuron, input=level, into=into, duration=length, pattern=one, shape=form,
                name=f"{chosen.__name__}: {pattern}" if pattern else None, progress=stages.next,
            )  # fmt: skip
            stages.next("writing")
            content = figure
    write(target, content, quiet)


def _moving(
    neuron: Cell | Neuron | Refractory,
    level: Any,
    into: str | None,
    length: Any,
    one: Pattern | None,
    form: Any,
    stages: Any,
) -> bytes:
    from spikeloom.equations.units import ms
    from spikeloom.show import animation
    from spikeloom.show.model import watch, watch_pattern
    from spikeloom.show.setting import telling
    from spikeloom.show.trial import trial

    if one is not None:
        return animation(watch_pattern(neuron, one), progress=stages.part)
    stages.next("looking for an input that makes it fire")
    if level is None:
        neuron, _ = telling(neuron, into)
    tried = trial(
        neuron,
        level,
        into=into,
        duration=None if length is None else float(length.to(ms)),
        shape=form,
    )
    if length is None:
        tried = tried.around_first(watch(neuron, tried).spikes)
    stages.next("watching it")
    return animation(watch(neuron, tried), progress=stages.part)


def _shape(neuron: Neuron, shape: str | None, into: str | None, length: Any) -> tuple[Any, Any]:
    """(the shape of the input, how long to watch); a name with a dot is a file."""
    from spikeloom.equations.units import ms
    from spikeloom.show.shapes import recorded
    from spikeloom.show.trial import first_port

    if shape is None or "." not in shape:
        return shape or "step", length
    wave, long = recorded(Path(shape), first_port(neuron, into))
    return wave, long * ms if length is None else length


def _pattern(model: type[Neuron], name: str | None) -> Pattern | None:
    if name is None:
        return None
    from spikeloom.show.pattern_sheet import sheets

    known = sheets(model).get("patterns", {})
    if not known:
        raise ConfigError(
            f"{model.__name__} has no named patterns.", hint="`spikeloom patterns adex` has"
        )
    if name not in known:
        raise ConfigError(f"{model.__name__} has no pattern {name!r}.", hint=suggest(name, known))
    return known[name]


def _with(model: type[Neuron], settings: list[str], params: Mapping[str, Any]) -> Neuron:
    """The neuron with the parameters that were typed.

    Raises:
        ConfigError: No such parameter, or a value in another unit.
    """
    from spikeloom.cli.quantities import read_quantity
    from spikeloom.errors import ParameterError, UnitError

    known = {p.name: p for p in model.definition.params}
    given: dict[str, Quantity | float] = dict(params)
    for setting, name, text in (each for x in settings for each in _each(x, list(known))):
        if name not in known:
            raise ConfigError(
                f"{model.__name__} has no parameter {name!r}.", hint=suggest(name, known)
            )
        unit = known[name].unit
        value = read_quantity(text, f"--set {name}")
        if not value.unit.fits(unit):
            raise ConfigError(
                f"--set {setting}: {name} is a {unit.kind} in {str(unit) or 'no unit'}, "
                f"got {value.unit.described}.",
                hint=f"its default is {known[name].default!s}",
            )
        given[name] = value
    try:
        return model(**given)
    except (ParameterError, UnitError) as error:
        raise ConfigError(error.message, hint=error.hint) from error


def _each(setting: str, known: list[str]) -> list[tuple[str, str, str]]:
    """A setting, its name and its value; ``s=4,-1,0,0`` is four of them, ``s=4`` the same for all.

    Raises:
        ConfigError: There is no value, or another number of them.
    """
    name, sign, text = (part.strip() for part in setting.partition("="))
    if not sign or not text:
        raise ConfigError(
            f"--set {setting}: a name and a value are expected.", hint="--set tau=10ms"
        )
    several = [n for n in known if n.startswith(name) and n.removeprefix(name).isdigit()]
    if name in known or not several:
        return [(setting, name, text)]
    values = [value.strip() for value in text.split(",")]
    values = values * len(several) if len(values) == 1 else values
    if len(values) != len(several):
        raise ConfigError(
            f"--set {setting}: {name} stands for {len(several)} values, got {len(values)}.",
            hint=f"{', '.join(several)}; one value is for all of them",
        )
    return [(setting, n, value) for n, value in zip(several, values, strict=True)]
