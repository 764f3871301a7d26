"""The words that the kernels of a plastic projection are given."""

from __future__ import annotations

NUMBERS = (
    *("step", "padded", "slots", "dendrite", "bits", "longest", "synapses", "rows", "chunk"),
    *("birth", "first", "low", "high", "width", "depth", "base_depth", "least"),
    *("ticked", "shared_at", "until", "stale", "every", "axonal"),
    *("plane_rows", "late_words", "fresh_words"),
)
"""``step``: the one whose events are handled. ``padded``, ``slots``: of the ring. ``dendrite``:
steps behind all synapses, where they are the same, and ``bits`` of a target beside them, where they
differ; ``longest``: the longest. ``chunk``: synapses that are handled together. ``birth``:
see `STORED`. ``first``: number
of the first target in its whole population; ``low``, ``high``: targets of this thread. ``width``,
``depth``: of the history; ``base_depth``: of that of the traces. ``least``: step up to which every
row is up to date. ``ticked``: step of the last event of all synapses together; ``shared_at``: of
the last one of the shared traces. ``until``, ``stale``: what `sweep` is asked for. ``plane_rows``:
steps whose states are kept. ``late_words``, ``fresh_words``: 64-bit words of a row of ``late`` and
of ``fresh``."""
ADDRESSES = (
    *("starts", "ends", "places", "weights", "own", "ring", "scalars", "reward"),
    *("seen", "row", "when", "pre", "shared"),
    *("steps", "values", "counts", "base_steps", "base_values", "base_counts"),
    *("planes", "lags", "late", "fresh", "known_steps", "known_values"),
    *("bases", "prior", "sends", "walk_place", "walk_target"),
    *("firsts", "list_place", "list_arrival", "ids"),
)
"""``starts``, ``ends``: rows of this thread. ``places``: targets, or targets and dendrites.
``own``: synaptic traces. ``seen``: step up to which a row is up to date; ``row``: its last spike;
``when``: step at which its source's traces ``pre`` were as they are kept. ``steps``, ``values``,
``counts``: events of each target, the latest first; ``base_…``: its traces after what changed them.
``planes``: states of the targets in the last steps; ``lags``: how late each is seen. ``late``:
spikes on their way to the synapse. Where all dendrites are alike, ``known_…`` holds what synapses
see of the targets' traces in this step, and ``fresh`` a bit for each change on its way there.
What follows is scratch memory."""
WORDS = NUMBERS + ADDRESSES
STORED = 2
"""An entry of a history is stored as its step + 2. What is stored no higher than ``birth``, as all
memory is that was never written, stands for the start: it counts as of step ``birth`` - 1."""
