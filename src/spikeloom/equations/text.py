"""`from_text`: a model class from equations as text, in the notation that Brian's users know."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from spikeloom.equations.declare import impulse, inflow, noise, state
from spikeloom.equations.expr import Condition, Expr, lift, located, make
from spikeloom.equations.neuron import Neuron
from spikeloom.equations.quantity import Quantity, Unit, one
from spikeloom.equations.text_expr import Snippet, evaluate
from spikeloom.equations.text_whole import field as whole_field
from spikeloom.equations.text_whole import read_width, state_field
from spikeloom.equations.where import Where
from spikeloom.errors import ModelError

RATE = re.compile(r"\s*d(\w+)\s*/\s*dt\s*=")
NAMED_EXPRESSION = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
INPUT = re.compile(r"\s*([^\W\d]\w*)\s*$")
CHANGE = re.compile(r"\s*([^\W\d]\w*)\s*([-+*/]?)=(?!=)")
NOISE = re.compile(r"\s*((?:Stratonovich )?)noise\s*$")
XI = re.compile(r"xi(?:_\w+)?")
WORD = re.compile(r"[^\W\d]\w*")
FLAG = re.compile(r"\(\s*(\w[\w ]*)\s*\)\s*$")
MOST = 20_000
"""Operations of one equation, with its named parts written out."""
SIGNS = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
EVENTS = {"spike when": "fires", "after a spike": "reset", "on arrival": "receive",
          "without a spike": "otherwise", "start": "initial"}  # fmt: skip


def from_text(
    text: str,
    *,
    name: str = "TextNeuron",
    threshold: str | None = None,
    reset: str | None = None,
    receive: str | None = None,
    start: str | None = None,
    doc: str = "",
    **params: Quantity | Unit | float,
) -> type[Neuron]:
    """Make a neuron class from equations as text.

    Arguments:
        text: One statement a line; ``#`` begins a comment.

            =============================  ======================================================
            ``dv/dt = (E - v)/tau : volt``  the rate of a state, and the unit of the state
            ``I_s = g*(E - v) : amp``       a name for an expression
            ``I : amp``                     an input that acts all through a step
            ``x : amp (impulse)``           an input that arrives at once
            ``eta : noise``                 white noise; ``xi`` and ``xi_…`` are noise anyway
            ``spike when: v > theta``       the same as `threshold`
            ``after a spike: v = E``        the same as `reset`
            ``on arrival: i += x``          the same as `receive`
            ``start: v = E``                the same as `start`
            =============================  ======================================================

            A model of whole numbers says what a tick does, and states widths in place of units:

            ====================================  ===============================================
            ``each tick: v = v + a : int20``       a state, its width, and its value after a tick;
                                                  all values in it are those before the tick
            ``each tick: … : int20 (saturate)``    what is too large stays at the end of the width,
                                                  or goes round with ``(wrap)``
            ``each tick: s = v + a``               a name for an expression
            ``a : uint9 (impulse)``                an input, of 9 bits without a sign
            ``rho : uint8 (draw)``                 a random number of each tick
            ``k : int9 (parameter)``               the width of a parameter; also ``0…18``
            ``without a spike: v = 0``             what a tick without a spike changes
            ====================================  ===============================================

        name: Name of the class.
        threshold: When it spikes: ``"v >= theta"``.
        reset: What changes at a spike: ``"v = E; w += b"``.
        receive: What changes at an arrival: ``"i += x"``.
        start: Values at the beginning: ``"v = E"``; 0 for states that it leaves out.
        doc: Docstring of the class.
        params: Every parameter with its default: ``tau=20 * ms``.

    Returns:
        A class like any that is written in Python.

    Raises:
        ModelError: The text is wrong, or holds anything but equations; nothing of it is executed.
        UnitError: Two units in it do not fit.

    >>> from spikeloom.equations.units import mV, ms
    >>> Leaky = from_text("dv/dt = (E - v)/tau : volt", name="Leaky", tau=10 * ms, E=-65 * mV)
    >>> print(Leaky(tau=5 * ms).equations)
    dv/dt = (E - v)/tau : volt

    >>> counter = "each tick: v = v + k*a : int12 (saturate); a : uint4 (impulse)"
    >>> Counter = from_text(f"{counter}; k : int4 (parameter); spike when: v > 9", k=3)
    >>> print(Counter(k=-2).equations)
    each tick: v = saturate(v + k*a, int12) : int12 (saturate)
    a : uint4 (impulse)
    k : int4 (parameter)
    spike when: v > 9
    """
    _check_words(name, text, threshold, reset, receive, start, doc)
    given = {"threshold": threshold, "reset": reset, "receive": receive, "start": start}
    recipe = {"text": text, "name": name, "doc": doc, **given, **params}
    model = _Model(name, params)
    model.read(text)
    phases = {"threshold": "fires", "start": "initial"}
    for word, source in given.items():
        if source is not None:
            model.event(phases.get(word, word), _pieces(source, f"<{word} of {name}>"))
    cls = cast("type[Neuron]", type(name, (Neuron,), model.namespace(doc)))
    cls.recipe = recipe  # how a copy in another process makes the class again
    return cls


def _check_words(name: Any, *texts: Any) -> None:
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise ModelError(
            f"from_text: {name!r} cannot be the name of a class.", hint='for example name="Leaky"'
        )
    for place, text in enumerate(texts):  # the first are the equations, which must be there
        if not isinstance(text, str) and (text is not None or place == 0):
            raise ModelError(f"from_text: equations are text, got {type(text).__name__}.")


@dataclass
class _Model:
    """What has been read so far."""

    name: str
    params: Mapping[str, Any]
    rates: dict[str, Snippet] = field(default_factory=dict[str, Snippet])
    ticks: dict[str, Snippet] = field(default_factory=dict[str, Snippet])
    whole: dict[str, tuple[Any, str]] = field(default_factory=dict[str, "tuple[Any, str]"])
    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    noises: dict[str, Any] = field(default_factory=dict[str, Any])
    named: dict[str, Snippet] = field(default_factory=dict[str, Snippet])
    events: dict[str, list[tuple[str, str, Snippet]]] = field(
        default_factory=dict[str, "list[tuple[str, str, Snippet]]"]
    )
    fires: list[Snippet] = field(default_factory=list[Snippet])

    def read(self, text: str) -> None:
        for piece in _pieces(text, f"<equations of {self.name}>"):
            event, colon, _ = piece.text.partition(":")
            word = " ".join(event.split()) if colon else ""
            if word == "each tick":
                self._tick(_after(piece, len(event) + 1))
            elif word in EVENTS:
                self.event(EVENTS[word], iter([_after(piece, len(event) + 1)]))
            else:
                self._equation(piece)

    def event(self, phase: str, pieces: Iterator[Snippet]) -> None:
        for piece in pieces:
            if phase == "fires":
                self.fires.append(piece)
                continue
            found = CHANGE.match(piece.text)
            if found is None:
                raise piece.error("this is no assignment.", hint="for example: v = E")
            change = (found[1], found[2], _after(piece, found.end()))
            self.events.setdefault(phase, []).append(change)

    def _tick(self, piece: Snippet) -> None:
        """A state and what a tick makes of it, or a name for a part of that."""
        body, colon, width_text = piece.text.rpartition(":")
        head = replace(piece, text=body) if colon else piece
        found = NAMED_EXPRESSION.match(head.text)
        if found is None:
            raise head.error("this is no assignment.", hint="each tick: v = v + a : int20")
        self._new(found[1], head)
        value = _after(head, found.end())
        if not colon:
            self.named[found[1]] = value
            return
        tail = _after(replace(piece, text=width_text, column=piece.column + len(body) + 1), 0)
        width = read_width(tail)
        if width is None:
            raise tail.error("this is no width.", hint="for example int20, uint8 or int20 (wrap)")
        self.ticks[found[1]], self.whole[found[1]] = value, (state_field(width, tail), "State")

    def _equation(self, piece: Snippet) -> None:
        body, colon, unit_text = piece.text.rpartition(":")
        if not colon:
            raise piece.error(
                "the unit is missing.", hint="end the line with it: dv/dt = … : volt; a plain "
                "number has the unit 1",
            )  # fmt: skip
        tail = _after(replace(piece, text=unit_text, column=piece.column + len(body) + 1), 0)
        width = read_width(tail)
        if width is not None:
            name = INPUT.match(body)
            if name is None:
                raise tail.error("only a name has a width here.", hint="a : uint9 (impulse)")
            self._new(name[1], piece, {} if width.flag == "parameter" else None)
            self.whole[name[1]] = whole_field(name[1], width, self.params, tail)
            return
        white = NOISE.match(unit_text)
        if white:
            self._noise(replace(piece, text=body), stratonovich=bool(white[1]))
            return
        flag = FLAG.search(unit_text)
        word = flag[1] if flag else None
        if flag and word != "impulse":
            if "refractory" in flag[1]:
                raise piece.error(f"the flag ({flag[1]}) is not known.",
                                  hint="wrap the neuron: Refractory(neuron, 2 * ms)")  # fmt: skip
            word, flag = None, None
        clean = unit_text[: flag.start()] if flag else unit_text
        unit = _unit(replace(piece, text=clean, column=piece.column + len(body) + 1))
        head = replace(piece, text=body)
        rate, named, plain = RATE.match(body), NAMED_EXPRESSION.match(body), INPUT.match(body)
        if rate:
            self._new(rate[1], head)
            self.rates[rate[1]], self.units[rate[1]] = _after(head, rate.end()), unit
        elif named:
            self._new(named[1], head)
            self.named[named[1]], self.units[named[1]] = _after(head, named.end()), unit
        elif plain and plain[1] not in self.params:
            self._new(plain[1], head)
            self.inputs[plain[1]] = impulse(unit) if word else inflow(unit)
        elif not plain:
            raise _after(head, 0).error("this is neither a rate nor an expression nor an input.",
                             hint="for example dv/dt = (E - v)/tau : volt")  # fmt: skip

    def _noise(self, head: Snippet, *, stratonovich: bool) -> None:
        plain = INPUT.match(head.text)
        if not plain:
            raise head.error("this is no name of a noise.", hint="for example eta : noise")
        self._new(plain[1], head)
        self.noises[plain[1]] = noise(stratonovich=stratonovich)

    def _new(self, name: str, piece: Snippet, params: Mapping[str, Any] | None = None) -> None:
        known = self.params if params is None else params
        if name in known or any(name in given for given in self._given):
            raise piece.error(f"{name!r} is given twice.")

    @property
    def _given(self) -> tuple[Mapping[str, Any], ...]:
        """Every name that has a meaning already, beside parameters."""
        return (self.rates, self.named, self.inputs, self.noises, self.whole)

    def _white(self) -> dict[str, Any]:
        """The noise in order of use: what was declared, and each ``xi`` in the equations."""
        found: dict[str, Any] = {}
        for piece in (*self.rates.values(), *self.named.values()):
            for name in WORD.findall(piece.text):
                if name in self.noises:
                    found[name] = self.noises[name]
                elif XI.fullmatch(name) and not any(
                    name in given for given in (*self._given, self.params)
                ):
                    found[name] = noise()
        return found | self.noises

    def namespace(self, doc: str) -> dict[str, Any]:
        """The class body that says the same; from here on text and Python are one path."""
        fields: dict[str, Any] = {**self.params}
        words = dict.fromkeys(self.params, "Param")
        for name in self.rates:
            fields[name], words[name] = state(self.units[name]), "State"
        for name, value in self.inputs.items():
            fields[name], words[name] = value, "Input"
        for name, value in self._white().items():
            fields[name], words[name] = value, "Noise"
        for name, (value, word) in self.whole.items():
            fields[name], words[name] = value, word
        fields |= {"__annotations__": words, "__doc__": doc or None, "__module__": __name__}

        def flow(symbols: Any, d: Any) -> None:
            for name, piece in self.rates.items():
                setattr(d, name, self._value(piece, symbols))

        def fires(symbols: Any) -> Any:
            first, *rest = (self._value(p, symbols, condition=True) for p in self.fires)
            for other in rest:
                first = first & other
            return first

        if self.ticks and self.rates:
            raise next(iter(self.ticks.values())).error(
                "a model has rates or ticks, not both.", hint="whole numbers have no rates"
            )
        if self.ticks:
            fields["tick"] = self._ticks()
        else:
            fields["flow"] = flow
        if self.fires:
            fields["fires"] = fires
        for phase in self.events:
            fields[phase] = self._changes(phase)
        return fields

    def _changes(self, phase: str) -> Callable[[Any, Any], None]:
        def change(symbols: Any, target: Any) -> None:
            for name, sign, piece in self.events[phase]:
                value = self._value(piece, symbols)
                if sign:
                    args = (getattr(target, name), lift(value, piece.where()))
                    value = make(SIGNS[sign], args, piece.where())
                setattr(target, name, value)

        return change

    def _ticks(self) -> Callable[[Any, Any], None]:
        def tick(symbols: Any, after: Any) -> None:
            for name, piece in self.ticks.items():
                value = self._value(piece, symbols)
                if value.name != name:  # a state that stays what it is needs no rule
                    setattr(after, name, value)

        return tick

    def _value(self, piece: Snippet, symbols: Any, *, condition: bool = False) -> Any:
        value = self._evaluate(piece, symbols, (), {})
        if isinstance(value, (Expr, Condition)) and _unfolded(value, {}) > MOST:
            raise piece.error(f"this unfolds to more than {MOST:,} operations.")
        if condition != isinstance(value, Condition):
            what = "a condition such as v > theta" if condition else "a number"
            raise piece.error(f"{what} is expected here.")
        return value if condition else lift(value, piece.where())

    def _evaluate(
        self, piece: Snippet, symbols: Any, path: tuple[str, ...], done: dict[str, Expr]
    ) -> Any:
        leaves: Mapping[str, Expr] = symbols._leaves

        def look(name: str, where: Where) -> Any | None:
            if name in leaves:
                return replace(getattr(symbols, name), where=where)
            if name not in self.named:
                return None
            if name in path:
                raise located(ModelError, f"{name!r} is defined by itself.", where, None)
            if name in done:  # what is used twice is evaluated once
                return done[name]
            value = self._evaluate(self.named[name], symbols, (*path, name), done)
            done[name] = expr = lift(value, where)
            if name in self.units and not expr.unit.fits(self.units[name]):
                raise self.named[name].error(
                    f"{name!r} is declared in {self.units[name]!s} but is a {expr.unit.kind} "
                    f"({expr.unit!s})."
                )
            return expr

        return evaluate(piece, look, {**leaves, **self.named})


def _unfolded(node: Expr | Condition, done: dict[int, int]) -> int:
    """Operations of an expression with its named parts written out."""
    if id(node) not in done:
        done[id(node)] = 1 + sum(_unfolded(a, done) for a in node.args)
    return done[id(node)]


def _pieces(text: str, label: str) -> Iterator[Snippet]:
    """The statements of a text: lines, joined while a bracket is open, and split at semicolons."""
    if len(text) > 100_000:
        raise ModelError(f"{label}: longer than 100000 characters.")
    held, begun = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].rstrip()
        begun = begun if held else number
        held = f"{held} {line.strip()}" if held else line
        if held.count("(") > held.count(")") and number < len(text.splitlines()):
            continue
        column = 0
        for part in held.split(";"):
            if part.strip():
                yield Snippet(part, label, begun, column, held)
            column += len(part) + 1
        held = ""


def _after(piece: Snippet, offset: int) -> Snippet:
    """The rest of a piece, with its blanks cut away."""
    rest = piece.text[offset:]
    text = rest.lstrip()
    return replace(piece, text=text.rstrip(), column=piece.column + offset + len(rest) - len(text))


def _unit(piece: Snippet) -> Unit:
    piece = _after(piece, 0)
    value = evaluate(piece, lambda _name, _where: None, {})
    if isinstance(value, Unit):
        return value
    if value == 1:
        return one
    if isinstance(value, Quantity) and value.value == 1:
        return value.unit
    raise piece.error("this is no unit.", hint="for example volt, mV/ms, or 1 for a plain number")
