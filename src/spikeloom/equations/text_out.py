"""A model as text for people: its equations, its values, and LaTeX for notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from spikeloom.equations.definition import Definition
from spikeloom.equations.latex import latex
from spikeloom.equations.printing import infix
from spikeloom.equations.quantity import Unit
from spikeloom.equations.sharing import shared
from spikeloom.equations.values import Value


@dataclass(frozen=True, repr=False)
class Equations:
    """The equations of a model: text when printed, LaTeX in a notebook.

    They are written so that `from_text` reads them back.
    """

    definition: Definition

    def __str__(self) -> str:
        return "\n".join(_lines(self.definition))

    __repr__ = __str__

    def latex(self) -> str:
        """The equations as an ``aligned`` block."""
        return latex(self.definition)

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


def summary(definition: Definition, values: Mapping[str, Value]) -> str:
    """Name, counts, equations and values: what `print(neuron)` shows."""
    counts = [
        f"{len(definition.states)} state{'s' if len(definition.states) != 1 else ''} "
        f"({', '.join(f'{s.name} in {s.span or str(s.unit) or 1}' for s in definition.states)})",
        *(f"{i.kind} {i.name} in {i.span or str(i.unit) or 1}" for i in definition.inputs),
    ]
    body = "\n".join(f"  {line}" for line in _lines(definition))
    return (
        f"{definition.name}  {' · '.join(counts)}\n{body}\n  {'   '.join(_settings(values))}"
    ).rstrip()


def summary_html(definition: Definition, values: Mapping[str, Value]) -> str:
    """The same for a notebook."""
    rows = "".join(
        f"<tr><td><code>{escape(p.name)}</code></td><td>{escape(str(values[p.name]))}</td>"
        f"<td>{escape(p.doc)}</td></tr>"
        for p in definition.params
    )
    first = definition.doc.partition("\n")[0]
    return (
        f"<b>{escape(definition.name)}</b> {escape(first)}"
        f"$${latex(definition)}$$<table>{rows}</table>"
    )


def _lines(d: Definition) -> Iterator[str]:
    if d.ticks:
        yield from _ticks(d)
    for state in d.states:
        if d.flow:
            yield f"d{state.name}/dt = {infix(d.flow[state.name])} : {_unit(state.unit)}"
    for i in d.inputs:
        kind = _unit(i.unit) if i.span is None else str(i.span)
        yield f"{i.name} : {kind}{' (impulse)' if i.kind == 'impulse' else ''}"
    for draw in d.draws:
        yield f"{draw.name} : uint{draw.bits} (draw)"
    for p in d.params:
        if p.span is not None:
            yield f"{p.name} : {p.span} (parameter)"
    for xi in d.noises:
        if xi.name.partition("_")[0] != "xi" or xi.stratonovich:
            yield f"{xi.name} : {'Stratonovich noise' if xi.stratonovich else 'noise'}"
    for name, value in d.receive.items():
        yield f"on arrival: {name} = {infix(value)}"
    if d.fires is not None:
        yield f"spike when: {infix(d.fires)}"
    for name, value in d.reset.items():
        yield f"after a spike: {name} = {infix(value)}"
    for name, value in d.otherwise.items():
        yield f"without a spike: {name} = {infix(value)}"
    if d.hold:
        yield f"refractory: {', '.join(d.hold)} held for {d.period}"
    for state in d.states:
        if state.start.value != 0:
            yield f"start: {state.name} = {infix(state.written)}"


def _ticks(d: Definition) -> Iterator[str]:
    """What a tick does; a state that it leaves alone says so, and how wide it is."""
    taken = {x.name for group in (d.params, d.states, d.inputs, d.draws) for x in group}
    parts, tick = shared([*d.tick.values()], taken)
    after = dict(zip(d.tick, tick, strict=True))
    yield from (f"each tick: {name} = {infix(expr)}" for name, expr in parts)
    for state in d.states:
        value = infix(after[state.name]) if state.name in after else state.name
        flag = f" ({state.overflow})" if state.overflow else ""
        yield f"each tick: {state.name} = {value} : {state.span}{flag}"


def _unit(unit: Unit) -> str:
    text = unit.symbol.replace(" ", "")
    return f"1{text[3:]}" if text.startswith("one") else text


def _settings(values: Mapping[str, Value]) -> Iterator[str]:
    return (f"{name} {value}" for name, value in values.items())
