from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra import packages
from infra.packages import contents, fingerprint, folder, read_template, write_zip


def zipped(files: packages.Files, compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    write_zip(files, out, compression)
    return out.getvalue()


def names(files: packages.Files) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        return set(archive.namelist())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.py").write_text("c")
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "c.pyc").write_text("compiled")
    return tmp_path


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "manifest.json").write_text("{}")
    return pack


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_the_same_files_give_the_same_zip(source: Path, compression: int) -> None:
    first = zipped(folder(source), compression)
    (source / "b.py").touch()
    assert zipped(folder(source), compression) == first
    assert names(folder(source)) == {"b.py", "a/c.py"}


def test_everyone_may_read_what_is_in_a_zip(source: Path) -> None:
    """On Lambda the functions run as another user than the one that files belong to."""
    (source / "b.py").chmod(0o600)
    (source / "a" / "c.py").chmod(0o700)
    with zipfile.ZipFile(io.BytesIO(zipped(folder(source)))) as archive:
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {"b.py": 0o644, "a/c.py": 0o755}


def test_a_fingerprint_changes_with_names_and_contents(source: Path) -> None:
    first = fingerprint(folder(source))
    os.utime(source / "b.py", (1, 1))
    assert fingerprint(folder(source)) == first
    (source / "b.py").rename(source / "d.py")
    renamed = fingerprint(folder(source))
    (source / "d.py").write_text("d")
    assert len({first, renamed, fingerprint(folder(source))}) == 3


def test_what_goes_into_functions_and_layers(pack: Path) -> None:
    found = {name: names(files) for name, files in contents(read_template(), pack).items()}
    assert found.keys() == {
        *("CoreLayer", "RuntimeLayer", "ResNet50Layer"),
        *("CaptionFunction", "DeadLettersFunction", "UploadFunction", "ApiFunction"),
    }
    assert found["ApiFunction"] == {"app.py", "openapi.json"}
    assert "python/captionary/catalog.py" in found["CoreLayer"]
    assert found["RuntimeLayer"] == {"requirements.txt"}, "the wheels are those of the environment"
    assert found["ResNet50Layer"] == {
        "python/captionary_pack/__init__.py",
        "python/captionary_pack/manifest.json",
    }


def test_wheels_go_into_the_runtime_layer(pack: Path, source: Path) -> None:
    files: Any = contents(read_template(), pack, wheels=source)["RuntimeLayer"]
    assert ("b.py", source / "b.py") in files
