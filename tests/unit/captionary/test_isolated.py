from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from captionary import images, isolated
from captionary.errors import PhotoError
from tests.odd_files import encoded, ramp

# What Python runs first in the other process: from there, hostile decoders are played.
DIES_OF_POISON = """
import captionary.images, os, signal
read = captionary.images.read
captionary.images.read = lambda data: os.kill(os.getpid(), signal.SIGSEGV) if data == b"poison" else read(data)
"""
COMPUTES_FOR_EVER = """
import captionary.images, resource
limits = resource.setrlimit
resource.setrlimit = lambda kind, most: limits(kind, (1, 3) if kind == resource.RLIMIT_CPU else most)
def read(data):
    while True:
        pass
captionary.images.read = read
"""
SLEEPS_FOR_EVER = """
import captionary.images, time
captionary.images.read = lambda data: time.sleep(1000)
"""
WANTS_ALL_MEMORY = """
import captionary.images
captionary.images.read = lambda data: bytearray(10**13)
"""


def test_a_photo_is_the_same_as_read_here() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0110] = "X100"
    exif.get_ifd(0x8769)[0x9003] = "2015:04:10 20:12:23"
    data = encoded(ramp((2000, 1000)), "JPEG", icc_profile=profile, exif=exif)
    here, there = images.read(data), isolated.read(data)
    assert ImageChops.difference(here.preview, there.preview).getbbox() is None
    for name in ("width", "height", "content_type", "taken_at", "camera", "profile"):
        assert getattr(here, name) == getattr(there, name)
    assert isolated.read(encoded(ramp())).profile is None


@pytest.mark.parametrize("data", [b"", b"text", encoded(ramp())[:-500]], ids=["empty", "text", "damaged"])
def test_what_is_wrong_with_it_is_told_in_the_same_words(data: bytes) -> None:
    with pytest.raises(PhotoError) as here:
        images.read(data)
    with pytest.raises(PhotoError) as there:
        isolated.read(data)
    assert (there.value.code, str(there.value)) == (here.value.code, str(here.value))


@pytest.mark.parametrize(
    ("decoder", "seconds", "code"),
    [
        (DIES_OF_POISON, 20.0, "crashed"),
        (COMPUTES_FOR_EVER, 20.0, "too_slow"),
        (SLEEPS_FOR_EVER, 2.0, "too_slow"),
        (WANTS_ALL_MEMORY, 20.0, "too_much_memory"),
    ],
    ids=["dies", "computes", "sleeps", "memory"],
)
def test_decoders_that_are_beside_themselves(
    decoder: str, seconds: float, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(decoder)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(isolated, "SECONDS", seconds)
    with pytest.raises(PhotoError) as refusal:
        isolated.read(b"poison")
    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")


def test_no_credentials_are_at_hand_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = tmp_path / "seen"
    (tmp_path / "sitecustomize.py").write_text(f"import os; open({str(seen)!r}, 'w').write(str(os.environ))")
    monkeypatch.syspath_prepend(tmp_path)
    isolated.read(encoded(ramp()))
    assert "PYTHONPATH" in seen.read_text()
    assert "AWS" not in seen.read_text()


def test_what_it_was_that_ended_it_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys; sys.stderr.write('Boom'); sys.stderr.flush(); os._exit(3)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PhotoError):
        isolated.read(b"")
    assert "Boom" in capsys.readouterr().err
