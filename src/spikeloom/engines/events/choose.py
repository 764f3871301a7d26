"""An event engine by its name."""

from __future__ import annotations

from types import ModuleType

from spikeloom.errors import ParameterError, suggest


def event_engine(name: str) -> ModuleType:
    """``"cpu"``, or ``"reference"``, with `forward` and `backward` each.

    Raises:
        ParameterError: There is no such engine.
    """
    if name == "cpu":
        from spikeloom.engines.cpu import events

        return events
    if name == "reference":
        from spikeloom.engines.events import reference

        return reference
    raise ParameterError(
        f"exact spike times: no engine is called {name!r}.",
        hint=suggest(str(name), ["cpu", "reference"]),
    )
