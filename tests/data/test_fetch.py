"""Files from the net: checked, gone on with after a cut, and refused in words one can act on."""

from __future__ import annotations

import hashlib
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from spikeloom.data import (
    Home,
    Remote,
    load_fashion_mnist,
    load_fsdd,
    load_mitbih,
    load_mnist,
    load_nmnist,
)
from spikeloom.data.resume import Resume
from spikeloom.errors import DataError

BODY = np.random.default_rng(1).bytes(300_000)
SUM = f"sha256:{hashlib.sha256(BODY).hexdigest()}"


class Server(ThreadingHTTPServer):
    """A host on this machine that hangs up after so many bytes, as often as it is told to."""

    body = BODY
    cuts: list[int]
    ranges = True
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cuts, self.asked = [], []
        self.asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        host, wanted = self.server, self.headers.get("Range")
        host.asked.append(wanted)
        if host.status != 200:
            self.send_error(host.status)
            return
        start = int(re.findall(r"bytes=(\d+)-", wanted)[0]) if wanted and host.ranges else 0
        if wanted and host.ranges and start >= len(host.body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(host.body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        rest = host.body[start:]
        self.send_response(206 if start else 200)
        if start:
            last = len(host.body) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(host.body)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if host.cuts:
            rest = rest[: host.cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(rest)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SPIKELOOM_OFFLINE", raising=False)
    monkeypatch.setattr(Resume.__init__, "__defaults__", (3, 0.0, lambda seconds: None))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    host = Server()
    thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    host.shutdown()
    host.server_close()
    thread.join()


def home(url: str, checksum: str | None = SUM, check: Callable[[Path], None] | None = None) -> Home:
    return Home("Made up", "made", (Remote("file.gz", url, checksum, 300_000, ("file",), check),))


def left(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_file_is_fetched_once(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        place = home(server.url).find(None)
    assert (place / "file.gz").read_bytes() == BODY and left(place) == ["file.gz"]
    assert caplog.messages == [f"Made up: fetching {server.url} (0.3 MB) into {place}"]
    home(server.url).find(None)
    assert server.asked == [None]


def test_what_serves_instead_is_not_fetched(server: Server) -> None:
    place = home(server.url).folder()
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"unpacked")
    assert home(server.url).find(None) == place and server.asked == []
    assert home(server.url).find("elsewhere") == Path("elsewhere")


def test_a_cut_connection_goes_on_where_it_was(server: Server) -> None:
    server.cuts = [100_000, 50_000]
    place = home(server.url).find(None)
    assert (place / "file.gz").read_bytes() == BODY and left(place) == ["file.gz"]
    starts = [int((each or "bytes=0-")[6:-1]) for each in server.asked]
    assert starts[0] == 0 < starts[1] <= 100_000 and starts[1] < starts[2] <= 150_000


def test_it_goes_on_in_another_run(server: Server) -> None:
    server.cuts = [200_000, 0, 0, 0]
    with pytest.raises(DataError, match="what came is kept"):
        home(server.url).find(None)
    place = home(server.url).folder()
    assert left(place) == ["file.gz.part"]
    assert 0 < (place / "file.gz.part").stat().st_size <= 200_000
    server.asked.clear()
    assert (home(server.url).find(None) / "file.gz").read_bytes() == BODY
    assert server.asked[0] is not None and left(place) == ["file.gz"]


def test_a_host_without_ranges_starts_anew(server: Server) -> None:
    server.ranges, server.cuts = False, [100_000]
    place = home(server.url).find(None)
    assert (place / "file.gz").read_bytes() == BODY


@pytest.mark.parametrize("extra", [0, 10])
def test_a_part_that_is_whole_or_too_long(server: Server, extra: int) -> None:
    place = home(server.url).folder()
    place.mkdir(parents=True)
    (place / "file.gz.part").write_bytes(BODY + b"x" * extra)
    assert (home(server.url).find(None) / "file.gz").read_bytes() == BODY


def test_a_wrong_checksum_keeps_nothing(server: Server) -> None:
    server.body = BODY[:-1] + b"!"
    with pytest.raises(DataError, match="has not the checksum sha256:") as caught:
        home(server.url).find(None)
    assert left(home(server.url).folder()) == []
    assert "put by hand" in (caught.value.hint or "")
    server.body = BODY
    assert (home(server.url).find(None) / "file.gz").read_bytes() == BODY


def test_content_may_be_checked_where_sums_change(server: Server) -> None:
    def refuse(path: Path) -> None:
        raise DataError(f"{path.name} is another one")

    with pytest.raises(DataError, match="is another one"):
        home(server.url, None, refuse).find(None)
    assert left(home(server.url).folder()) == []
    place = home(server.url, None, lambda path: None).find(None)
    assert left(place) == ["file.gz"]


def test_a_missing_file_is_asked_for_once(server: Server) -> None:
    server.status = 404
    with pytest.raises(DataError, match="HTTP status 404"):
        home(server.url).find(None)
    assert len(server.asked) == 1


def test_a_tired_host_is_asked_again(server: Server) -> None:
    server.status = 503
    with pytest.raises(DataError, match="HTTP status 503"):
        home(server.url).find(None)
    assert len(server.asked) == 3


def test_without_a_network_the_message_says_how_to_do_it_by_hand(server: Server) -> None:
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match="no connection") as caught:
        home(url).find(None)
    told = str(caught.value)
    place = home(url).folder()
    for word in ("file.gz", SUM, url, str(place), "SPIKELOOM_DATA", "--data DIR"):
        assert word in told


@pytest.mark.parametrize(
    "load, names",
    [
        (load_mnist, ("train-images-idx3-ubyte.gz", "440fcabf73cc", "ossci-datasets")),
        (load_fashion_mnist, ("t10k-labels-idx1-ubyte.gz", "67da17c76eaf", "fashion-mnist")),
        (load_fsdd, ("recordings.tar.gz", "github.com/Jakobovski")),
        (load_nmnist, ("Train.zip", "Test.zip", "md5:69ca8762b2fe", "mendeley")),
        (load_mitbih, ("mit-bih-arrhythmia-database-1.0.0.zip", "physionet.org")),
    ],
)
def test_every_set_says_what_belongs_where(
    load, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path))
    monkeypatch.setenv("SPIKELOOM_OFFLINE", "1")
    with pytest.raises(DataError, match="SPIKELOOM_OFFLINE forbids") as caught:
        load()
    assert all(name in str(caught.value) for name in names) and left(tmp_path) == []


def test_only_what_lacks_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path))
    monkeypatch.setenv("SPIKELOOM_OFFLINE", "1")
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images.idx3-ubyte").touch()
    with pytest.raises(DataError) as caught:
        load_mnist()
    assert "train-images" not in str(caught.value) and "train-labels" in str(caught.value)


def test_without_pooch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path))
    monkeypatch.delenv("SPIKELOOM_OFFLINE", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install 'spikeloom\[data\]'"):
        load_mnist()


def test_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPIKELOOM_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert home("http://x").folder() == tmp_path / "spikeloom" / "data" / "made"
