"""A decoder that never comes to an end, in a worker of the real local cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.ministack import free_port
from infra.sandbox import RunningGallery
from tests.project_copy import copy_project

pytestmark = pytest.mark.integration

# What stands at the end of captionary.images in a copy of the project.
HANGS = """
_read = read


def read(data: bytes) -> Photo:
    while data == b"endless":
        pass
    return _read(data)
"""


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_it_costs_one_photo_and_some_seconds(page: None, tmp_path: Path, cat: bytes) -> None:
    project = copy_project(tmp_path)
    library = project / "layers" / "core" / "python" / "captionary"
    with (library / "images.py").open("a") as file:
        file.write(HANGS)
    replace_in(library / "isolated.py", "_PROCESSOR_SECONDS = 15", "_PROCESSOR_SECONDS = 3")
    replace_in(project / "functions" / "caption" / "app.py", "PICTURE_SECONDS = 15.0", "PICTURE_SECONDS = 3.0")
    gallery = RunningGallery(tmp_path / "data", free_port(), project=project)
    gallery.start()
    try:
        good = [gallery.put(f"before/{i}.jpg", cat) for i in range(5)]
        endless = gallery.put("endless.jpg", b"endless")
        good += [gallery.put(f"after/{i}.jpg", cat) for i in range(5)]
        image = gallery.settled(endless, seconds=60)
        assert image["error"]["code"] == "too_slow"
        assert "longer than 3 seconds, twice" in image["error"]["message"]
        assert {gallery.settled(image_id)["status"] for image_id in good} == {"ready"}
        assert gallery.request("GET", "/api/status").json["queue"]["dead_letters"] == 0
        assert gallery.stop() == 0
    finally:
        if gallery.process is not None and gallery.process.poll() is None:
            gallery.kill_all()
