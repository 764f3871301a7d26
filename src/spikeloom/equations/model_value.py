"""What neurons, surrogates and wrappers share: frozen values made of named parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from spikeloom.equations.definition import ParamDecl
from spikeloom.equations.facade import public
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import Value, check, word
from spikeloom.errors import ParameterError, suggest

if TYPE_CHECKING:
    from typing import Self

    from spikeloom.lab import DtCheck


class ModelValue:
    """A value of a traced class: keyword arguments only, frozen, equal by value, hashable."""

    _params: ClassVar[tuple[ParamDecl, ...]] = ()
    _groups: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Names that stand for several parameters."""
    recipe: ClassVar[dict[str, Any] | None] = None
    """How to make the class again, where it is not found under its name in a module."""

    if not TYPE_CHECKING:  # the checkers see the keywords of each class instead

        def __init__(self, *args: object, **values: object) -> None:
            cls = type(self)
            if args:
                raise ParameterError(
                    f"{cls.__name__} takes its parameters by name only.",
                    hint=f"for example {cls.__name__}({_example(self._params)})",
                )
            known = {p.name: p for p in self._params}
            values = self._spread(values)
            for name in values:
                if name not in known:
                    raise ParameterError(
                        f"{cls.__name__} has no parameter {name!r}.", hint=suggest(name, known)
                    )
            given = {
                p.name: check(cls.__name__, p.name, p.unit, values.get(p.name, p.default), p.span)
                for p in self._params
            }
            object.__setattr__(self, "_values", MappingProxyType(given))

        def __getattr__(self, name: str) -> Any:
            values = self.__dict__.get("_values", {})
            if name in values:
                return values[name]
            if name in self._groups:
                return tuple(values[each] for each in self._groups[name])
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name!r}; {suggest(name, values)}"
            )

    def _spread(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """``s=(1, 2)`` as ``s0=1, s1=2``; one value that is given for a group is that of each."""
        made: dict[str, Any] = {}
        for name, value in values.items():
            names = self._groups.get(name)
            if names is None or not set(names) <= {p.name for p in self._params}:
                made[name] = value
                continue
            twice = [n for n in names if n in values]
            if twice:
                raise ParameterError(
                    f"{type(self).__name__}: {twice[0]} is given twice, in {name} and by itself.",
                    hint=f"give {name}=(…), or each by itself",
                )
            several = isinstance(value, (tuple, list))
            each = cast("list[Any]", value if several else [value] * len(names))
            if len(each) != len(names):
                raise ParameterError(
                    f"{type(self).__name__}.{name} stands for {len(names)} values, got "
                    f"{len(each)}.",
                    hint=f"{name}=({', '.join('…' for _ in names)}), or one value for all",
                )
            made |= dict(zip(names, each, strict=True))
        return made

    @property
    def values(self) -> Mapping[str, Value]:
        """Every parameter by name, also those left at their defaults."""
        return self.__dict__["_values"]

    def replace(self, **changes: Any) -> Self:
        """The same model with some parameters changed."""
        return type(self)(**{**self.values, **self._spread(changes)})

    def explain(self, **options: Any) -> str:
        """Equations, discretised step, method and the reason for it: see `spikeloom.explain`."""
        return public("explain")(self, **options)

    def check_dt(self, dt: Quantity, duration: Quantity, **options: Any) -> DtCheck:
        """How much the time step matters: see `spikeloom.lab.check_dt`."""
        return public("lab.check_dt")(self, dt, duration, **options)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise ParameterError(
            f"{type(self).__name__} is frozen: {name} cannot be assigned.",
            hint=f"make a changed copy: x.replace({name}=…)",
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise ParameterError(f"{type(self).__name__} is frozen: {name} cannot be deleted.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelValue):
            return NotImplemented
        return self._same_model(other) and dict(self.values) == dict(other.values)

    def __hash__(self) -> int:
        return hash((type(self).__name__, tuple(self.values.items())))

    def _same_model(self, other: ModelValue) -> bool:
        """Two classes are one model when they say the same, as after a trip through a pickle."""
        mine, theirs = type(self), type(other)
        if mine is theirs:
            return True
        said = getattr(mine, "definition", None)
        return said is not None and said == getattr(theirs, "definition", None)

    def __repr__(self) -> str:
        changed = [
            f"{p.name}={_argument(self.values[p.name])}"
            for p in self._params
            if self.values[p.name] != p.default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (rebuild, (self.recipe or type(self), dict(self.values)))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def rebuild(made: type[ModelValue] | dict[str, Any], values: dict[str, Value]) -> ModelValue:
    if isinstance(made, dict):
        from spikeloom.equations.text import from_text

        return from_text(**made)(**values)
    return made(**values)


def _argument(value: Value) -> str:
    return word(value) if isinstance(value, Quantity) else repr(value)


def _example(params: tuple[ParamDecl, ...]) -> str:
    return f"{params[0].name}={_argument(params[0].default)}" if params else ""
