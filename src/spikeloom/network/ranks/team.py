"""What processes say to each other: who spiked, how far they are, and that one of them has failed.

Everything goes through one call, in which all of them say something. So a process that fails can
say so in the place of whatever the others are waiting for, and none of them waits for ever.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from spikeloom.engines.exchange import Log
from spikeloom.errors import EngineError, RankError
from spikeloom.network.ranks.ranks import Ranks, Share

if TYPE_CHECKING:
    from spikeloom.network.network import Network

Array = np.ndarray[Any, np.dtype[Any]]
HEAD = struct.Struct("<B47s")
"""Whether the process has failed, and what it is doing."""
P = ParamSpec("P")
T = TypeVar("T")


class Team:
    """This process among those that hold one network.

    Arguments:
        ranks: All of them.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self.share = Share(ranks.rank, ranks.size)

    def gather(self, what: str, part: bytes) -> list[bytes]:
        """What every process says, by rank.

        Arguments:
            what: What this is about; must be the same in all processes.
            part: What this process has to say.

        Raises:
            RankError: One of them has failed, or they do different things.
        """
        everyone = self._ranks.gather(HEAD.pack(0, what.encode()[:47]) + part)
        heads = [HEAD.unpack_from(said) for said in everyone]
        for rank, (failed, _) in enumerate(heads):
            if failed:
                text = everyone[rank][HEAD.size :].decode(errors="replace")
                raise RankError(f"rank {rank} of {self.share.size} has failed: {text}")
        doing = [about.rstrip(b"\0").decode(errors="replace") for _, about in heads]
        if len(set(doing)) > 1:
            other = next(rank for rank, about in enumerate(doing) if about != doing[0])
            raise RankError(
                f"the processes do different things: rank 0 is at {doing[0]!r}, rank {other} at "
                f"{doing[other]!r}.",
                hint="all ranks must make and run the same network; only what is printed or "
                "written may depend on the rank",
            )
        return [said[HEAD.size :] for said in everyone]

    @contextmanager
    def together(self, what: str) -> Iterator[None]:
        """Something that all processes do; if it fails in one, the others hear of it."""
        try:
            yield
        except RankError:
            raise
        except BaseException as error:
            text = f"{what}: {type(error).__name__}: {error}".encode()
            # The others may have failed too, or be gone; this error is the one that counts.
            with suppress(EngineError):
                self._ranks.gather(HEAD.pack(1, what.encode()[:47]) + text)
            raise

    def arrays(self, what: str, array: Array) -> list[Array]:
        """An array of every process; of one dtype and number of axes, each of its own shape."""
        solid = np.ascontiguousarray(array)
        shape = np.array(solid.shape, np.int64)
        found: list[Array] = []
        for said in self.gather(what, shape.tobytes() + solid.tobytes()):
            sizes = np.frombuffer(said, np.int64, shape.size)
            found.append(np.frombuffer(said, solid.dtype, offset=sizes.nbytes).reshape(sizes))
        return found

    def joined(self, what: str, array: Array) -> Array:
        """The arrays of all processes one after the other, along the last axis."""
        return np.concatenate(self.arrays(what, array), axis=-1)

    def added(self, what: str, numbers: Sequence[Sequence[int]]) -> list[list[int]]:
        """Sums over all processes, modulo 2⁶⁴."""
        own = np.array(numbers, np.uint64).reshape(len(numbers), -1)
        with np.errstate(over="ignore"):
            total = np.asarray(np.sum(np.stack(self.arrays(what, own)), axis=0, dtype=np.uint64))
        return total.tolist()

    def exchange(self, logs: Sequence[Log]) -> list[Log]:
        """Who spiked in this process in, who spiked anywhere out."""
        steps, populations = logs[0].counts.shape
        size = np.array([len(logs), steps, populations], np.uint32)
        parts = [size, *(log.counts.ravel() for log in logs), *(log.ids for log in logs)]
        words = np.concatenate(parts).astype(np.uint32, copy=False)
        found: list[Log] = []
        for said in self.gather(f"{steps} steps", words.tobytes()):
            numbers = np.frombuffer(said, np.uint32)
            many, steps, populations = (int(x) for x in numbers[:3])
            counts = numbers[3 : 3 + many * steps * populations].reshape(many, steps, populations)
            low = 3 + counts.size
            for each in counts:
                high = low + int(each.sum())
                found.append(Log(each, numbers[low:high]))
                low = high
        return found

    def agree(self, took: float, asked: bool) -> tuple[float, bool]:
        """The longest time that one of them took, and whether any was asked to stop."""
        said = self.gather("a piece of a run", struct.pack("<d?", took, asked))
        times, stops = zip(*(struct.unpack("<d?", each) for each in said), strict=True)
        return max(times), any(stops)


def together(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[Any, P], T]:
    """A method of a network that all processes must call alike."""

    @wraps(method)
    def alike(self: Network, /, *args: P.args, **kwargs: P.kwargs) -> T:
        team = self._team
        if team is None:
            return method(self, *args, **kwargs)
        with team.together(method.__name__):
            return method(self, *args, **kwargs)

    return alike
