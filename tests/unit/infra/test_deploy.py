from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from infra import deploy
from infra.deploy import ROOT, _layer, _zip


def names(files: deploy.Files) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(_zip(files))) as archive:
        return set(archive.namelist())


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.py").write_text("c")
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "c.pyc").write_text("compiled")
    first = _zip(deploy._folder(tmp_path))
    (tmp_path / "b.py").touch()
    assert _zip(deploy._folder(tmp_path)) == first
    assert names(deploy._folder(tmp_path)) == {"b.py", "a/c.py"}


def test_what_goes_into_the_layers(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    resources = deploy.read_template()["Resources"]
    sources = {
        name: ROOT / resource["Properties"]["ContentUri"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    }
    assert sources.keys() == {"CoreLayer", "RuntimeLayer", "ResNet50Layer"}
    assert "python/captionary/catalog.py" in names(_layer("CoreLayer", sources["CoreLayer"], tmp_path))
    assert names(_layer("RuntimeLayer", sources["RuntimeLayer"], tmp_path)) == {"requirements.txt"}
    assert names(_layer("ResNet50Layer", sources["ResNet50Layer"], tmp_path)) == {
        "python/captionary_pack/__init__.py",
        "python/captionary_pack/manifest.json",
    }


@pytest.mark.parametrize("output", ["ApiId", "ImagesBucketName", "MediaBucketName", "SiteBucketName", "TableName"])
def test_the_template_names_its_resources(output: str) -> None:
    assert output in deploy.read_template()["Outputs"]


def test_numbers_that_depend_on_each_other_agree() -> None:
    resources = deploy.read_template()["Resources"]
    queue, function = resources["IngestQueue"]["Properties"], resources["CaptionFunction"]["Properties"]
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    assert function["Environment"]["Variables"]["MAX_RECEIVES"] == str(receives)
