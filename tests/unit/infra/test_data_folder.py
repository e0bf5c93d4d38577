from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra.backends import Backends
from infra.data_folder import DataFolder
from infra.errors import StartError


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    folder.open()
    assert (tmp_path / "a" / "b" / "logs").is_dir()
    assert folder.endpoints() == {}
    folder.close()


def test_one_gallery_at_a_time(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    first.open()
    with pytest.raises(StartError, match=rf"already runs.*process {os.getpid()}"):
        second.open()
    first.close()
    second.open()
    second.close()


@pytest.mark.parametrize("inside", [".", "logs", "cloud", "cloud/s3", "cloud/state", "cloud/tmp"])
def test_a_file_where_a_folder_is_needed(tmp_path: Path, inside: str) -> None:
    path = tmp_path / "data"
    if inside == ".":
        path.write_text("I am a file")
    else:
        (path / inside).parent.mkdir(parents=True)
        (path / inside).write_text("I am a file")
    with pytest.raises(StartError, match=r"is a file where a folder is needed; choose another with --data"):
        DataFolder(path).open()


def test_a_folder_that_can_not_be_written_to() -> None:
    with pytest.raises(StartError, match="can't be written to"):
        DataFolder(Path("/proc/captionary")).open()


def test_endpoints_are_written_whole(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_endpoints({"site": "http://127.0.0.1:1/"})
    assert json.loads((tmp_path / "endpoints.json").read_text()) == {"site": "http://127.0.0.1:1/"}
    assert folder.endpoints() == {"site": "http://127.0.0.1:1/"}
    for nonsense in ("{", "[]", '{"site": 5}'):
        (tmp_path / "endpoints.json").write_text(nonsense)
        assert folder.endpoints() == {}


def test_whether_a_gallery_runs_on_a_folder(tmp_path: Path) -> None:
    folder, looker = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    assert not looker.is_held()
    folder.open()
    assert looker.is_held()
    folder.close()
    assert not looker.is_held()


def test_what_the_last_gallery_left_behind_is_waited_for(tmp_path: Path) -> None:
    """The process is gone, and its local cloud, which inherited the lock, is still saving."""
    folder = DataFolder(tmp_path)
    folder.open()
    cloud = subprocess.Popen(["sleep", "1"], pass_fds=[folder.lock])
    folder.close()
    (tmp_path / "lock").write_text("999999999")
    second = DataFolder(tmp_path)
    second.open()
    assert cloud.poll() is not None
    second.close()


def test_what_a_build_left_behind_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "left").touch()
    folder = DataFolder(tmp_path)
    folder.open()
    folder.close()
    assert not (tmp_path / "build").exists()


def test_the_access_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.open()
    assert folder.token() == ""
    (tmp_path / "token").write_text("left by somebody")
    (tmp_path / "token").chmod(0o644)
    folder.write_token("a-token-of-the-gallery")
    assert folder.token() == "a-token-of-the-gallery"
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert folder.state.stat().st_mode & 0o777 == 0o700, "the local cloud keeps it there"
    folder.write_token("")
    assert folder.token() == ""
    assert not (tmp_path / "token").exists()
    folder.close()


def test_keys_of_other_servers_are_for_its_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert folder.backends() == Backends()
    minio = Backends(s3="http://127.0.0.1:9000", s3_access_key_id="gallery", s3_secret_access_key="secret-key")
    folder.write_backends(minio)
    assert folder.backends() == minio
    assert (tmp_path / "backends.json").stat().st_mode & 0o777 == 0o600
    folder.write_backends(Backends())
    assert not (tmp_path / "backends.json").exists()
