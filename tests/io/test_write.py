"""write_file: whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spikeloom.errors import StorageError
from spikeloom.io import write_file


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_full_disk_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = write_file(tmp_path / "a.txt", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left") as caught:
        write_file(path, "new")
    assert str(path) in caught.value.message and "free space" in (caught.value.hint or "")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_permissions_are_those_of_a_plain_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert write_file(tmp_path / "ours", b"x").stat().st_mode == plain.stat().st_mode


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="deeper"):
        write_file(tmp_path / "file" / "deeper", "y")
