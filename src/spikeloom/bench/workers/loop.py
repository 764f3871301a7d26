"""The loop every worker runs: read a request from standard input, answer on standard output.

Run by the peers' interpreters too, so it imports only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any


def config() -> dict[str, Any]:
    """What the parent said at the start."""
    return json.loads(sys.argv[1])


def serve(answers: Mapping[str, Callable[..., Any]]) -> None:
    """Answer until the parent closes the pipe. What libraries print goes to the log instead."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"value": answers[request.pop("do")](**request)}
        except Exception as problem:
            traceback.print_exc()
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def serve_one(make: Callable[[], Any]) -> None:
    """Answer for one thing: made when asked to prepare, which tells how long that took (its
    `build_s`), then proved by `prove(to=...)` and timed by `run()`.
    """
    built: list[Any] = []

    def prepare() -> float:
        built.append(make())
        return built[-1].build_s

    serve(
        {
            "prepare": prepare,
            "prove": lambda **how: built[-1].prove(**how),
            "time": lambda **how: built[-1].run(**how),
        }
    )


def serve_steps(run: Callable[[int], Any], prove: Callable[[str], Any], steps: int) -> None:
    """Answer for a function that takes so many steps."""
    serve(
        {
            "prepare": lambda: run(2) and None,
            "prove": prove,
            "time": lambda: seconds(lambda: run(steps)),
        }
    )


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call; what it gives is dropped only after the clock has stopped."""
    start = time.perf_counter()
    result = work()
    passed = time.perf_counter() - start
    del result
    return passed


def steady(work: Callable[[], Any], times: int = 3) -> float:
    """Median wall time of a few calls after one that is not counted.

    The other sides have just had their turn: the first call finds cold caches and, for a while,
    the idling threads of the others.
    """
    seconds(work)
    return sorted(seconds(work) for _ in range(times))[times // 2]


def steady_both(work: Callable[[], Any], times: int = 3) -> tuple[float, float]:
    """As `steady`, and the median processor time, which other users of the machine disturb less."""
    seconds(work)
    walls: list[float] = []
    used: list[float] = []
    for _ in range(times):
        start = time.process_time()
        walls.append(seconds(work))
        used.append(time.process_time() - start)
    return sorted(walls)[times // 2], sorted(used)[times // 2]


def peak_mb(work: Callable[[], Any]) -> tuple[Any, float]:
    """Run once; the result, and how far resident memory rose above its level before, in MB.

    Freed memory is given back first, so that nothing left over from earlier hides the rise. What
    the call gives counts, what it was given does not.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    exact = _reset_peak()
    before = _status("VmRSS") if exact else _highest()
    result = work()
    after = _status("VmHWM") if exact else _highest()
    return result, max(after - before, 0.0)


def _reset_peak() -> bool:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _status(name: str) -> float:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def _highest() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
