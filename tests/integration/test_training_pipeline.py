"""`scripts/pipeline`: DVC runs every stage on a few pictures, and none again without a reason."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from captionary import packs
from infra.deploy import ROOT
from tests.project_copy import COLOURS, copy_project, make_album

pytestmark = pytest.mark.integration

PARAMS = """
name: small
captioned: photos
labelled: colours
side: 112
encoder: encoder.toml
decoder: decoder.toml
licence: ""
"""
ENCODER = "image_size = 112\nepochs = 1\nbatch_size = 7\ndev_images = 2\nlearning_rate = 1e-4\n"
DECODER = "least_count = 1\nwidth = 32\nheads = 2\nlayers = 1\nepochs = 2\nviews = 1\nbatch_size = 8\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with twenty captioned photos, nine labelled ones, and settings to match."""
    assert (ROOT / ".venv-dvc" / "bin" / "dvc").is_file(), "DVC is missing: scripts/test sets it up"
    folder = copy_project(tmp_path / "captionary")
    make_album(folder / "photos")
    for name, colour in COLOURS.items():
        (folder / "colours" / name).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (64, 48), colour).save(folder / "colours" / name / f"{i}.png")
    (folder / "layers" / "resnet50" / "training" / "params.yaml").write_text(PARAMS)
    (folder / "encoder.toml").write_text(ENCODER)
    (folder / "decoder.toml").write_text(DECODER)
    return folder


def stages_run(project: Path, *options: str) -> set[str]:
    """Run the pipeline; the names of the stages that ran, or, with --dry, would run."""
    names = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "CAPTIONARY_PACKS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    answer = subprocess.run(
        ["scripts/pipeline", *options],
        cwd=project,
        env={**environment, "DVC_SITE_CACHE_DIR": str(project / "dvc-site")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    beginning = "Running stage '"
    return {
        line.removeprefix(beginning).partition("'")[0].rpartition(":")[2]
        for line in answer.stdout.splitlines()
        if line.startswith(beginning)
    }


def test_the_pipeline_runs_what_changed(project: Path) -> None:
    assert stages_run(project) == {"prepare", "encoder", "decoder", "pack", "evaluate"}
    made = project / "runs" / "pipeline"
    pack = packs.load(made / "pack")
    assert (pack.name, pack.labels) == ("small", ["blue", "green", "red"])
    assert pack.vocabulary is not None
    assert json.loads((made / "scores" / "scores.json").read_text())["pictures"] == 2
    assert stages_run(project) == set()
    (project / "decoder.toml").write_text(DECODER.replace("epochs = 2", "epochs = 3"))
    would_run = stages_run(project, "--dry")
    assert "decoder" in would_run
    assert not would_run & {"prepare", "encoder"}
