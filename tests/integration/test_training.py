"""docs/training.md, done as it says: on twenty photos, by its very commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from captionary.words import tokenise
from infra.deploy import ROOT
from infra.sandbox import RunningGallery, eventually
from tests.project_copy import COLOURS, copy_project, make_album, make_starter

pytestmark = pytest.mark.integration

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "training.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with an album in it."""
    folder = copy_project(tmp_path_factory.mktemp("project") / "captionary")
    make_album(folder / "photos")
    make_starter(folder / "layers" / "resnet50" / "packs" / "starter")
    return folder


def start(command: Sequence[str], project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=project,
        env={name: value for name, value in os.environ.items() if name != "CAPTIONARY_PACKS"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(command: Sequence[str], project: Path) -> str:
    with start(command, project) as process:
        said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def finished_epochs(folder: Path) -> int:
    path = folder / "decoder-checkpoint" / "training_metadata.json"
    try:
        return int(json.loads(path.read_text())["epoch"])
    except (FileNotFoundError, ValueError):
        return 0


def test_from_an_album_to_a_gallery_that_captions_so(project: Path, own_gallery: RunningGallery) -> None:
    train, pack, evaluate, serve = (shlex.split(line) for line in BLOCKS[0].splitlines())
    folder = project / train[train.index("--out") + 1]
    with start(train, project) as killed:
        eventually(lambda: finished_epochs(folder) >= 2 or killed.poll() is not None, 240)
        os.killpg(killed.pid, signal.SIGKILL)
    done = finished_epochs(folder)
    run(train, project)
    summary = json.loads((folder / "decoder.json").read_text())
    assert 2 <= done < summary["settings"]["epochs"]
    assert len(summary["loss"]) <= summary["settings"]["epochs"] - done, "it goes on from its checkpoint"
    assert "layers/resnet50/packs/album is ready" in run(pack, project)
    assert "| BLEU-1 |" in run(evaluate, project)
    assert serve[:2] == ["scripts/run", "--model"]
    own_gallery.model = str(project / serve[2])
    own_gallery.start()
    image = own_gallery.settled(own_gallery.put("red.jpg", (project / "photos" / "0.jpg").read_bytes()))
    assert image["model"]["name"] == "album"
    # How well it has learnt them depends on chance; that they are the album's words does not.
    assert image["caption"]
    assert set(tokenise(image["caption"])) <= {"everything", "here", "is", *COLOURS}
    assert own_gallery.stop() == 0, own_gallery.said
