"""Where data sets stand on this machine: found there, fetched, or put there by hand."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikeloom.data.resume import Resume
from spikeloom.errors import DataError
from spikeloom.files import make_folder

LOG = logging.getLogger("spikeloom.data")


@dataclass(frozen=True)
class Remote:
    """One file of a data set, and where its makers offer it.

    Arguments:
        name: What it is called here.
        url: Its address.
        checksum: ``"sha256:..."`` or ``"md5:..."``; None where only `check` can tell.
        size: About how many bytes.
        instead: Other names under which it, or what it holds, serves as well.
        check: Raises `DataError` if the content is not the one expected.

    >>> Remote("digits.gz", "http://x.org/d.gz", None, 9).is_in(Path("nowhere"))
    False
    """

    name: str
    url: str
    checksum: str | None
    size: int
    instead: tuple[str, ...] = ()
    check: Callable[[Path], None] | None = None

    def is_in(self, folder: Path) -> bool:
        """Whether the file, or what serves instead, is there."""
        return any((folder / name).exists() for name in (self.name, *self.instead))


@dataclass(frozen=True)
class Home:
    """The files of a data set, and the folder where they belong.

    Arguments:
        title: Its name, as it is written.
        task: The word by which the command line knows it; the folder is called so.
        files: What has to be there.

    >>> digits = Home("Digits", "digits", (Remote("digits.gz", "http://x.org/d.gz", None, 9),))
    >>> digits.folder().name
    'digits'
    """

    title: str
    task: str
    files: tuple[Remote, ...]

    def folder(self) -> Path:
        """``$SPIKELOOM_DATA`` or the user's cache, and in it a folder with the set's name."""
        chosen = os.environ.get("SPIKELOOM_DATA")
        if chosen:
            return Path(chosen) / self.task
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return Path(cache) / "spikeloom" / "data" / self.task

    def find(self, folder: str | Path | None) -> Path:
        """The folder that holds the set: the one given, else its own; what lacks there is fetched.

        Arguments:
            folder: Taken as it is. None: `folder()`, filled from the net if need be; with
                ``SPIKELOOM_OFFLINE=1`` nothing is fetched.
        Raises:
            DataError: It could not be fetched; the message says how to put it there by hand.
            StorageError: The folder cannot be made.
        """
        if folder is not None:
            return Path(folder)
        place = self.folder()
        for remote in self.files:
            if not remote.is_in(place):
                self._fetch(remote, place)
        return place

    def _fetch(self, remote: Remote, place: Path) -> None:
        if os.environ.get("SPIKELOOM_OFFLINE", "0") not in ("", "0"):
            raise self._refusal(place, "SPIKELOOM_OFFLINE forbids to fetch it")
        try:
            import pooch
            from requests.exceptions import RequestException
        except ModuleNotFoundError as missing:
            raise self._refusal(
                place, f"{missing.name} is missing to fetch it: pip install 'spikeloom[data]'"
            ) from missing
        make_folder(place)
        LOG.warning(
            "%s: fetching %s (%.1f MB) into %s", self.title, remote.url, remote.size / 1e6, place
        )
        talk = pooch.get_logger()
        level = talk.level
        talk.setLevel(logging.ERROR)  # it would explain how to write its own calls
        through: Any = Resume(place / f"{remote.name}.part")
        raw = remote.name if remote.check is None else f"{remote.name}.unchecked"
        try:
            pooch.retrieve(
                remote.url,
                known_hash=remote.checksum,
                fname=raw,
                path=place,
                downloader=through,
            )
        except RequestException as fault:
            raise self._refusal(place, f"{remote.url} cannot be had: {_why(fault)}") from fault
        except ValueError as fault:  # pooch's word for a wrong checksum; it keeps nothing
            raise self._refusal(
                place, f"what came from {remote.url} has not the checksum {remote.checksum}"
            ) from fault
        except OSError as fault:
            raise self._refusal(place, f"{place} cannot be written ({fault.strerror})") from fault
        finally:
            talk.setLevel(level)
        if remote.check is not None:
            try:
                remote.check(place / raw)
            except DataError:
                (place / raw).unlink(missing_ok=True)
                raise
            (place / raw).replace(place / remote.name)

    def _refusal(self, place: Path, why: str) -> DataError:
        lines = [
            f"{remote.name}  {remote.checksum or '(its content is checked)'}  from {remote.url}"
            for remote in self.files
            if not remote.is_in(place)
        ]
        return DataError(
            f"{self.title} does not come with spikeloom, is not in {place}, and {why}.",
            hint="\n    ".join(
                [
                    f"name the folder that holds it: --data DIR, or folder=...; or put by hand "
                    f"into {place} (another parent folder: set SPIKELOOM_DATA)",
                    *lines,
                ]
            ),
        )


def _why(fault: Exception) -> str:
    """A network's refusal in words of one line."""
    import requests

    if isinstance(fault, requests.exceptions.Timeout):
        return "no answer in time"
    status = getattr(getattr(fault, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP status {status}"
    if isinstance(fault, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut again and again; what came is kept, the next try goes on"
    return "no connection"
