"""Steps of a network whose neurons are spread over processes: step, tell each other, deliver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.exchange import Exchange, Log

if TYPE_CHECKING:
    from spikeloom.engines.cpu.network.call import Call


def exchanged(call: Call, steps: int, exchange: Exchange) -> tuple[list[Array], Array]:
    """Run some steps, no more than pass before a spike of the first can arrive.

    Returns:
        The logs of all processes; where each ends after each step and population,
        (logs, steps * populations + 1).
    """
    net = call.net
    firsts = np.array([n.plan.first for n in net.neurons], np.int64)
    done, first = 0, net.step
    mine: list[list[Log]] = [[] for _ in net.logs]
    while done < steps:  # a full log ends a call early
        more, ends = call.advance(net.prepare(steps - done))
        for log, row, kept in zip(net.logs, ends, mine, strict=True):
            kept.append(_log(log, row[: more * len(firsts) + 1], firsts))
        done += more
        net.step += more
    net.step = first
    everyone = exchange([_joined(parts) for parts in mine])
    ends = np.ascontiguousarray([log.ends for log in everyone])
    logs = [np.ascontiguousarray(log.ids) for log in everyone]
    call.deliver(steps, logs, ends)
    return logs, ends


def _log(ids: Array, ends: Array, firsts: Array) -> Log:
    counts = np.diff(ends).reshape(-1, len(firsts))
    shift = np.repeat(np.broadcast_to(firsts, counts.shape).ravel(), counts.ravel())
    return Log(counts.astype(np.uint32), (ids[: ends[-1]] + shift).astype(np.uint32))


def _joined(parts: Sequence[Log]) -> Log:
    if len(parts) == 1:
        return parts[0]
    return Log(np.concatenate([p.counts for p in parts]), np.concatenate([p.ids for p in parts]))
