"""Write flat settings as TOML; Python reads it back with ``tomllib``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from spikeloom.errors import ConfigError


def to_toml(record: Mapping[str, Any], comment: str = "") -> str:
    """TOML text of a mapping whose values are plain, lists of plain values, or such mappings.

    Arguments:
        record: Values; None is left out, as TOML has no word for it.
        comment: First line.

    Raises:
        ConfigError: A value that TOML cannot hold.

    >>> print(to_toml({"seed": 1, "run": {"lr": 0.001, "on": True, "hidden": [3, 4]}}), end="")
    seed = 1
    <BLANKLINE>
    [run]
    lr = 0.001
    on = true
    hidden = [3, 4]
    """
    lines = [f"# {comment}", ""] if comment else []
    tables = {key: value for key, value in record.items() if isinstance(value, Mapping)}
    lines += _pairs({k: v for k, v in record.items() if k not in tables})
    for name, table in tables.items():
        lines += ["", f"[{_key(name)}]", *_pairs(table)]
    return "\n".join(lines) + "\n"


def _pairs(record: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(v)}" for key, v in record.items() if v is not None]


def _key(key: str) -> str:
    bare = key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
    return key if bare else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return "nan" if math.isnan(value) else repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(v) for v in value)}]"
    raise ConfigError(f"cannot write {type(value).__name__} {value!r} to a configuration file.")


def _text(value: str) -> str:
    """A JSON string is a TOML string but for DEL, which TOML wants escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
