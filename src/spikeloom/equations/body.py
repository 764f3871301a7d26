"""Reading a class body: which names are parameters, states and inputs, and what is wrong there."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite
from typing import Any, NoReturn

from spikeloom.equations.declare import (
    KINDS,
    DrawField,
    InputField,
    NoiseField,
    ParamField,
    StateField,
    TraceField,
)
from spikeloom.equations.definition import DrawDecl, NoiseDecl, ParamDecl
from spikeloom.equations.expr import Expr, located
from spikeloom.equations.quantity import Quantity, Unit, one
from spikeloom.equations.scales import time_of
from spikeloom.equations.source import FieldSource, field_sources, source_line
from spikeloom.equations.span import Span
from spikeloom.equations.values import Distribution, Learn
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError, UnitError

NEURON = {
    "State": "state(mV)", "Input": "inflow(nA) or impulse(mV)", "Noise": "noise()",
    "Draw": "draw(bits=8)", "Inputs": "impulse(bits=9, of=4)", "Draws": "draw(bits=8, of=5)",
}  # fmt: skip
"""What may stand beside Param in a neuron or a synapse, and how it is declared."""
RESERVED = ("recipe", "definition", "equations", "values", "replace", "self", "dt", "t")


@dataclass(frozen=True)
class Body:
    """The declarations of one class body."""

    name: str
    where: Where | None
    source: str
    params: tuple[ParamDecl, ...]
    states: dict[str, StateField]
    inputs: dict[str, InputField]
    helpers: tuple[str, ...]
    lines: dict[str, FieldSource]
    noises: dict[str, NoiseField] = field(default_factory=dict[str, NoiseField])
    draws: dict[str, DrawField] = field(default_factory=dict[str, DrawField])
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Fields that stand for several, and what they stand for."""

    @property
    def time_unit(self) -> Unit:
        """The unit of time of the model."""
        fields = [*self.params, *self.states.values(), *self.inputs.values()]
        return time_of(f.unit for f in fields)

    @property
    def others(self) -> dict[str, str]:
        """What every name that is not a state is, for messages."""
        kinds = {p.name: "a Param" for p in self.params} | dict.fromkeys(self.inputs, "an Input")
        return kinds | dict.fromkeys(self.noises, "Noise") | dict.fromkeys(self.draws, "a Draw")

    def doc(self, name: str) -> str:
        """The docstring under a field."""
        return self.lines[name].doc if name in self.lines else ""

    def noise(self) -> tuple[NoiseDecl, ...]:
        """The white noise, with its unit: one over the root of the unit of time."""
        unit = self.time_unit ** Fraction(-1, 2)
        named = self.noises.items()
        return tuple(NoiseDecl(n, unit, f.stratonovich, self.doc(n)) for n, f in named)

    def draw(self) -> tuple[DrawDecl, ...]:
        """The random numbers of a tick."""
        return tuple(DrawDecl(n, f.bits, self.doc(n)) for n, f in self.draws.items())

    def leaves(self) -> dict[str, Expr]:
        """Every declared name as a leaf of the tree."""
        found = {
            p.name: Expr("leaf", unit=p.unit, kind="param", name=p.name, span=p.span)
            for p in self.params
        }
        for name, s in self.states.items():
            found[name] = Expr("leaf", unit=s.unit, kind="state", name=name, span=s.span)
        for name, i in self.inputs.items():
            kind = "post" if i.kind == "target" else "input"
            found[name] = Expr("leaf", unit=i.unit, kind=kind, name=name, span=i.span)
        for name, r in self.draws.items():
            span = Span.of(r.bits, signed=False)
            found[name] = Expr("leaf", kind="draw", name=name, span=span)
        for xi in self.noise():
            found[xi.name] = Expr("leaf", unit=xi.unit, kind="noise", name=xi.name)
        return found

    def error(
        self, name: str, message: str, hint: str | None, kind: type[Any] = ModelError
    ) -> ModelError | UnitError:
        """An error about one field, pointing at its line."""
        where = self.lines[name].where if name in self.lines else self.where
        return located(kind, f"{self.name}: {message}", where, hint)


def read_body(
    cls: type, base: type, methods: tuple[str, ...], words: Mapping[str, str] = NEURON
) -> Body:
    """Read and check the declarations of `cls`, a direct subclass of `base`.

    Arguments:
        cls, base: The class that is being made, and what it must be a subclass of.
        methods: Methods that mean something.
        words: Annotations that may stand beside Param, and how such a field is declared.
    """
    place = here()
    lines = field_sources(cls.__name__, place)
    parent = cls.__mro__[1]
    if parent is not base:
        raise located(
            ModelError, f"{cls.__name__}: {parent.__name__} is a finished model and cannot be "
            "subclassed.", place, f"change a parameter with {parent.__name__}().replace(…), "
            f"compose (Refractory({parent.__name__}(), 2 * ms)), or write a {base.__name__} of "
            "its own",
        )  # fmt: skip
    body = Body(cls.__name__, place, source_line(cls.__doc__), (), {}, {}, (), lines)
    params: list[ParamDecl] = []
    annotations = inspect.get_annotations(cls)
    for name, annotation in annotations.items():
        word = _word(annotation)
        if word == "ClassVar":
            continue
        _check_name(body, name)
        value = vars(cls).get(name)
        if word == "Param" and isinstance(value, ParamField):
            params += _integers(body, name, value)
        elif word == "Param":
            params.append(_param(body, name, value))
        elif word in words and isinstance(value, StateField) and word == _declared(value):
            body.states[name] = value
        elif word in words and isinstance(value, InputField) and word == _declared(value):
            names = _group(body, name, value.of) if value.of else (name,)
            body.inputs.update(dict.fromkeys(names, value))
        elif word in words and isinstance(value, NoiseField) and word == _declared(value):
            body.noises[name] = value
        elif word in words and isinstance(value, DrawField) and word == _declared(value):
            names = _group(body, name, value.of) if value.of else (name,)
            body.draws.update(dict.fromkeys(names, value))
        elif word in words:
            raise body.error(name, f"{name!r} is annotated {word} but declared otherwise.",
                             f"write {name}: {word} = {words[word]}")  # fmt: skip
        else:
            kinds = ("Param", *(w for w in words if w not in ("Inputs", "Draws")))
            *most, last = [f"{'an' if w[0] in 'AEIOU' else 'a'} {w}" for w in kinds]
            raise body.error(name, f"{name!r} is annotated {word!r}.",
                             f"every field is {', '.join(most)} or {last}")  # fmt: skip
    helpers = _helpers(cls, body, set(annotations), methods)
    for name in annotations:
        if name in vars(cls):
            delattr(cls, name)  # instances answer with their own values
    return replace(body, params=tuple(params), helpers=helpers)


def _integers(body: Body, name: str, field: ParamField) -> list[ParamDecl]:
    """The parameters of whole numbers that one field stands for."""
    names = (name,) if field.single else _group(body, name, len(field.values))
    values = zip(names, field.values, strict=True)
    return [ParamDecl(n, one, Quantity(v, one), body.doc(n), field.span) for n, v in values]


def _group(body: Body, name: str, size: int) -> tuple[str, ...]:
    """Names of the fields of a group, which share its line and its docstring."""
    names = tuple(f"{name}{k}" for k in range(size))
    body.groups[name] = names
    if name in body.lines:
        body.lines.update(dict.fromkeys(names, body.lines[name]))
    return names


def _param(body: Body, name: str, value: Any) -> ParamDecl:
    if isinstance(value, Unit):
        value = Quantity(1.0, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = Quantity(value, one)
    if isinstance(value, (Learn, Distribution)) or (isinstance(value, Quantity) and value.shape):
        raise body.error(name, f"the default of {name!r} must be one number with its unit.",
                         "what is learnt or differs between neurons is said where the model is "
                         f"used: {body.name}({name}=…)")  # fmt: skip
    if not isinstance(value, Quantity):
        raise body.error(name, f"the Param {name!r} needs a default with its unit; got {value!r}.",
                         f"for example {name}: Param = 20 * ms")  # fmt: skip
    if not isfinite(float(value.value)):
        raise body.error(name, f"the default of {name!r} must be finite; got {value}.", None)
    if value.unit.kind == "time" and float(value.value) <= 0:
        raise body.error(name, f"{name!r} is a time constant and must be above 0; got {value}.",
                         None)  # fmt: skip
    return ParamDecl(name, value.unit, value, body.doc(name))


def _helpers(cls: type, body: Body, fields: set[str], methods: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for name, value in vars(cls).items():
        if name in fields or name in methods or name.startswith("__"):
            continue
        if inspect.isfunction(value) or isinstance(value, (staticmethod, classmethod)):
            found.append(name)
            continue
        is_field = isinstance(value, (StateField, InputField, NoiseField, DrawField))
        _no_annotation(body, name, _declared(value) if is_field else "Param")
    return tuple(found)


def _declared(value: StateField | InputField | NoiseField | DrawField) -> str:
    """The annotation that belongs to a declaration."""
    if isinstance(value, DrawField):
        return "Draws" if value.of else "Draw"
    if isinstance(value, TraceField):
        return value.word
    if isinstance(value, NoiseField):
        return "Noise"
    if isinstance(value, InputField):
        if value.of:
            return "Inputs"
        return "Target" if value.kind == "target" else "Input"
    return "State"


def _no_annotation(body: Body, name: str, kind: str) -> NoReturn:
    raise body.error(name, f"{name!r} has no annotation, so it is not part of the model.",
                     f"write {name}: {kind} = …")  # fmt: skip


def _check_name(body: Body, name: str) -> None:
    if name in RESERVED or name.startswith("_"):
        raise body.error(name, f"{name!r} cannot be the name of a field.",
                         "it has a meaning of its own; choose another name")  # fmt: skip


def _word(annotation: object) -> str:
    """The last word of an annotation, be it an object or the text that Python keeps of it."""
    if isinstance(annotation, str):
        return annotation.partition("[")[0].rpartition(".")[2].strip()
    known = {id(kind): word for word, kind in KINDS.items()}
    return known.get(id(annotation), getattr(annotation, "__name__", str(annotation)))
