"""Read values such as ``LIF(tau=10 * ms)`` from text, without executing anything.

The text is parsed, not run: it may name only what the caller lists, call only what the caller
lists, and use numbers, strings, tuples, and products, quotients and powers (for units).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from spikeloom.equations import Quantity, Unit
from spikeloom.errors import ConfigError, SpikeloomError, suggest

OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
LONGEST = 4000


def read_value(text: str, known: Mapping[str, Any], what: str = "value") -> Any:
    """The value that a text describes.

    Arguments:
        text: Such as ``"ConstantCurrent(steps=10)"`` or ``"20 * ms"``.
        known: Names that may stand in it: classes to build, units.
        what: Name of the setting, for messages.

    Raises:
        ConfigError: Anything else in the text, or a value that the class does not accept.

    >>> read_value("complex(real=1.5, imag=2)", {"complex": complex})
    (1.5+2j)
    """
    if len(text) > LONGEST:
        raise ConfigError(f"{what}: the text is longer than {LONGEST} characters.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _build(tree.body, known)
    except SpikeloomError as error:
        raise ConfigError(f"{what} = {text!r}: {error.message}", hint=error.hint) from error
    except (
        SyntaxError,
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ) as error:
        raise ConfigError(f"{what} = {text!r}: {error}") from error


def _build(node: ast.AST, known: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str | None):
        return node.value
    if isinstance(node, ast.Name):
        return _named(node.id, known)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_build(node.operand, known)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _build(node.left, known), _build(node.right, known)
        if not (_scales(left) and _scales(right)):
            raise ConfigError(f"{ast.unparse(node)!r}: only numbers and units are multiplied.")
        if isinstance(node.op, ast.Pow) and (isinstance(left, int) or not _small(right)):
            raise ConfigError("a power needs a unit below and a small number above.")
        return OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Tuple | ast.List):
        items = [_build(item, known) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            raise ConfigError("* and ** are not allowed here.")
        build = _named(node.func.id, known)
        if not callable(build):
            raise ConfigError(f"{node.func.id!r} cannot be called.")
        arguments = [_build(a, known) for a in node.args]
        named = {k.arg: _build(k.value, known) for k in node.keywords if k.arg is not None}
        return build(*arguments, **named)
    raise ConfigError(f"{ast.unparse(node)!r} is not a value.")


def _named(name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise ConfigError(f"{name!r} is not known here.", hint=suggest(name, known))
    return known[name]


def _scales(value: Any) -> bool:
    """Not so text and lists, which a product would repeat until the memory is full."""
    return isinstance(value, int | float | Unit | Quantity) and not isinstance(value, bool)


def _small(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= 12
