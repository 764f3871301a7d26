"""What pairs of spikes do to one synapse, from the definition of each scheme: no traces, no engine.

All times are whole steps at the synapse. `partners` says which spikes of the other side a spike
makes pairs with; a spike of the same step is never one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

Train = Sequence[int]


def all_to_all(now: int, others: Train, own: Train, post: bool) -> list[int]:
    """Every earlier spike of the other side."""
    del own, post
    return [s for s in others if s < now]


def nearest(now: int, others: Train, own: Train, post: bool) -> list[int]:
    """The last spike of the other side."""
    return all_to_all(now, others, own, post)[-1:]


def pre_centred(now: int, others: Train, own: Train, post: bool) -> list[int]:
    """A spike of the source has the target's last before it and its first after it."""
    if not post:
        return nearest(now, others, own, post)
    return [s for s in others if s < now and not any(s < p < now for p in own)]


def reduced(now: int, others: Train, own: Train, post: bool) -> list[int]:
    """The last of the other side, if no spike of this side has come since."""
    last = nearest(now, others, own, post)
    if post:
        return [s for s in last if not any(s < p < now for p in own)]
    return [s for s in last if not any(s <= p < now for p in own)]


SCHEMES = {
    "PairSTDP": all_to_all,
    "NearestSTDP": nearest,
    "PreCentredSTDP": pre_centred,
    "ReducedSTDP": reduced,
}


def weight(
    pre: Train,
    post: Train,
    scheme: Callable[[int, Train, Train, bool], list[int]],
    *,
    up: Callable[[float], float],
    down: Callable[[float], float],
    w: float,
    tau_plus: float,
    tau_minus: float,
    low: float = 0.0,
    high: float = 1.0,
) -> tuple[float, list[float]]:
    """The weight after all spikes, and what each spike of the source found to send.

    Arguments:
        pre, post: When spikes reach the synapse.
        scheme: Which pairs count.
        up, down: Amount of one pair at distance 0, depending on the weight.
        w: The first weight.
        tau_plus, tau_minus: In steps.
        low, high: Bounds.
    """
    sent: list[float] = []
    for now in sorted({*pre, *post}):
        if now in post:
            pairs = scheme(now, pre, post, True)
            w = min(max(w + up(w) * sum(exp((s - now) / tau_plus) for s in pairs), low), high)
        if now in pre:
            pairs = scheme(now, post, pre, False)
            w = min(max(w - down(w) * sum(exp((s - now) / tau_minus) for s in pairs), low), high)
            sent.append(w)
    return w, sent
