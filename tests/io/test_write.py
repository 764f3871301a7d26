"""write_file: whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spikeloom.errors import StorageError
from spikeloom.files import check_writable, hold_folder, make_folder, write_file


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, number: int, reason: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, reason)

    monkeypatch.setattr(os, call, fail)


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_full_disk_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = write_file(tmp_path / "a.txt", "old")
    refuse(monkeypatch, call, errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageError, match="No space left") as caught:
        write_file(path, "new")
    assert str(path) in caught.value.message and "free some space" in (caught.value.hint or "")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_no_permission_by_error_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "replace", errno.EACCES, "Permission denied")
    with pytest.raises(StorageError, match="Permission denied") as caught:
        write_file(tmp_path / "x", b"")
    assert "choose another folder" in (caught.value.hint or "")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            write_file(tmp_path / "x", b"")
    finally:
        tmp_path.chmod(0o700)


def test_permissions_are_those_of_a_plain_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert write_file(tmp_path / "ours", b"x").stat().st_mode == plain.stat().st_mode


def test_things_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="deeper"):
        write_file(tmp_path / "file" / "deeper" / "x", "y")
    with pytest.raises(StorageError, match="folder is needed"):
        make_folder(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="folder"):
        write_file(tmp_path / "folder", b"")


def test_a_trial_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep" / "a.json")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match=r"a\.json"):
        check_writable(tmp_path / "file" / "a.json")


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with hold_folder(folder):
        old, fresh = folder / ".a.json.12.part", folder / ".b.json.34.part"
        for draft in (old, fresh):
            draft.write_text("half")
        os.utime(old, (0, 0))
        with pytest.raises(StorageError, match="another process"), hold_folder(folder):
            pass
    with hold_folder(folder):
        assert fresh.exists() and not old.exists()
