"""Connections that are drawn anew at each spike, from what was said to their plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spikeloom.engines.drawn_plan import Drawn, DrawnProjection, Recipe, RowKind
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError
from spikeloom.network.description import Connection, Description
from spikeloom.network.overlap import own_shift, partners
from spikeloom.network.rules.synapse_values import delays, drawn_delay, drawn_weight, weights
from spikeloom.network.view import View

if TYPE_CHECKING:
    from collections.abc import Callable


def check_drawing(connection: Connection) -> None:
    """Raise unless a connection can be drawn row by row.

    Raises:
        ParameterError: Its rule, its weights or its neurons do not allow it.
    """
    name = connection.name
    if connection.rule.rows() is None:
        raise ParameterError(
            f"{name}: stored=False needs a rule by which each source chooses by itself; "
            f"{connection.rule!r} is none.",
            hint="FixedProbability, FixedOutDegree, AllToAll and OneToOne are such rules",
        )
    for what, value in (("weight", connection.weight), ("delay", connection.delay)):
        number = isinstance(value, Quantity) and not value.shape
        if not number and not isinstance(value, Distribution):
            raise ParameterError(
                f"{name}: stored=False takes one number or a distribution as {what}.",
                hint="arrays and expressions are looked up, so their synapses must be stored",
            )
    for part in (*connection.source.parts, *connection.target.parts):
        if len(part) != part.ids[-1] - part.ids[0] + 1:
            raise ParameterError(
                f"{name}: stored=False takes whole populations or ranges of one, got {part!r}."
            )
    if connection.learning is not None:
        raise ParameterError(f"{name}: synapses that learn must be stored.", hint="stored=True")
    overlap = bool(np.any(partners(connection.source, connection.target) >= 0))
    alone = own_shift(connection.source, connection.target) is None
    if overlap and alone and not getattr(connection.rule, "autapses", True):
        raise ParameterError(
            f"{name}: stored=False cannot tell the neurons of these two groups apart.",
            hint="allow autapses=True, or connect whole populations or ranges of one",
        )


def drawn_projections(
    said: Description, connection: Connection, dtype: str, unit_of: Callable[[View, str], Unit]
) -> Iterator[DrawnProjection]:
    """The projections of a connection that is drawn anew.

    Arguments:
        said: The network.
        connection: The connection.
        dtype: Of weights.
        unit_of: Unit of a channel of a part.
    """
    source, target, name = connection.source, connection.target, connection.name
    autapses = getattr(connection.rule, "autapses", True)
    own = None if autapses else own_shift(source, target)
    request = connection.rule.request(len(source), len(target), said.seed, name, own)
    connection.rule.check(request)
    recipes: dict[Unit, Recipe] = {}
    first_row = 0
    for sender in source.parts:
        first_column = 0
        for receiver, channel in zip(target.parts, connection.channels, strict=True):
            unit = unit_of(receiver, channel)
            if unit not in recipes:
                recipes[unit] = Recipe(
                    kind=cast(RowKind, connection.rule.rows()),
                    key=request.key,
                    sources=len(source),
                    targets=len(target),
                    shift=own,
                    weight=_weight(said, connection, unit, dtype),
                    delay=_delay(said, connection),
                    dtype=dtype,
                )
            yield DrawnProjection(
                source=sender.population.index,
                target=receiver.population.index,
                channel=channel,
                recipe=recipes[unit],
                first_row=first_row,
                sources=(int(sender.ids[0]), int(sender.ids[-1]) + 1),
                first_column=first_column,
                neurons=(int(receiver.ids[0]), int(receiver.ids[-1]) + 1),
                senders=sender.population.size,
                name=name,
            )
            first_column += len(receiver)
        first_row += len(sender)


def _weight(said: Description, connection: Connection, unit: Unit, dtype: Any) -> float | Drawn:
    value, name = connection.weight, connection.name
    label = f"{name}: weight"
    if isinstance(value, Distribution):
        return drawn_weight(value, unit, said.seed, name, label, dtype)
    return float(weights(value, unit, NO_GRAPH, n_target=0, name=label, dtype=dtype))


def _delay(said: Description, connection: Connection) -> int | Drawn:
    value, name = connection.delay, connection.name
    label = f"{name}: delay"
    if isinstance(value, Distribution):
        return drawn_delay(value, said.dt, said.seed, name, label)
    return int(delays(value, said.dt, NO_GRAPH, n_target=0, name=label))


NO_GRAPH = (np.zeros(1, np.int64), np.empty(0, np.uint32))
"""Of one number nothing has to be arranged."""
