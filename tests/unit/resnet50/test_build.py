from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from captionary import packs
from captionary.captioner import Captioner
from resnet50 import build, networks

from .conftest import solid


def test_an_imagenet_pack_from_a_file_of_weights(tmp_path: Path) -> None:
    from commands.pack import command

    weights, out = tmp_path / "random.weights.h5", tmp_path / "imagenet"
    keras.applications.ResNet50(weights=None).save_weights(weights)
    result = CliRunner().invoke(command, ["imagenet", "--weights", str(weights), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "These are not ImageNet's weights" in result.output, "so the shipped decoder can make nothing of them"
    pack = packs.load(out)
    assert (pack.name, pack.input_size, len(pack.labels)) == ("imagenet", 224, 1000)
    assert pack.vocabulary is None
    probabilities, _ = Captioner(pack).look(solid((200, 30, 30)))
    assert probabilities.shape == (1000,)


def test_weights_that_do_not_fit(tmp_path: Path, tiny_network: keras.Model) -> None:
    tiny_network.save_weights(tmp_path / "tiny.weights.h5")
    (tmp_path / "text.weights.h5").write_text("hello")
    for name, reason in (("tiny", "does not hold"), ("text", "does not hold"), ("none", "There is no file")):
        with pytest.raises(networks.WeightsError, match=reason):
            networks.imagenet_network(tmp_path / f"{name}.weights.h5")


def test_a_run_that_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(networks.WeightsError, match="no finished training run"):
        networks.trained_network(tmp_path)


def test_a_pack_is_replaced_as_a_whole(tiny_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    encoder = (tiny_pack / packs.ENCODER).read_bytes()
    labels = [build.Label("n0", name) for name in "abc"]
    for version in ("1", "2"):
        build.write_pack(out, build.About("x", version, "l", "p"), 32, labels, encoder)
        assert packs.load(out).version == version
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_what_a_killed_build_left_is_removed(tiny_pack: Path, tmp_path: Path) -> None:
    half = tmp_path / ".pack.building"
    half.mkdir()
    (half / packs.ENCODER).write_bytes(b"half")
    encoder = (tiny_pack / packs.ENCODER).read_bytes()
    build.write_pack(tmp_path / "pack", build.About("x", "1", "l", "p"), 32, [build.Label("n0", "a")], encoder)
    assert packs.load(tmp_path / "pack").version == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_a_pack_that_can_not_be_written_leaves_the_old_one(tiny_pack: Path, tmp_path: Path) -> None:
    encoder = (tiny_pack / packs.ENCODER).read_bytes()
    about = build.About("x", "1", "l", "p")
    build.write_pack(tmp_path / "pack", about, 32, [build.Label("n0", "a")], encoder)
    with pytest.raises(TypeError, match="not JSON serializable"):
        build.write_pack(tmp_path / "pack", about, 32, [build.Label("n0", b"b")], encoder)  # type: ignore[arg-type]
    assert packs.load(tmp_path / "pack").labels == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_nothing_but_a_pack_is_replaced(tiny_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("precious")
    encoder = (tiny_pack / packs.ENCODER).read_bytes()
    with pytest.raises(FileExistsError, match="is no model pack"):
        build.write_pack(tmp_path, build.About("x", "1", "l", "p"), 32, [build.Label("n0", "a")], encoder)
    assert (tmp_path / "holiday.jpg").read_text() == "precious"


@pytest.mark.parametrize("name", ["..", "a/b", "Upper", "", "-x"])
def test_names_that_no_pack_may_have(name: str) -> None:
    from commands.pack import command

    assert CliRunner().invoke(command, ["--", name]).exit_code == 2


def test_imagenet_has_a_thousand_plain_names() -> None:
    labels = build.imagenet_labels()
    assert len({label.wnid for label in labels}) == 1000
    assert [label.name for label in labels[207:208]] == ["golden retriever"]
    assert labels[281].name == "tabby cat"
    assert not any("," in label.name or "_" in label.name for label in labels)


@pytest.mark.parametrize(
    ("synonyms", "name"),
    [("tabby, tabby cat", "tabby cat"), ("beacon, lighthouse, pharos", "lighthouse"), ("goldfish", "goldfish")],
)
def test_plain_names(synonyms: str, name: str) -> None:
    assert build.plain_name(synonyms) == name


def test_there_are_photos_to_round_by() -> None:
    photos = list(build.shipped_photos())
    assert len(photos) >= 40
    assert {photo.mode for photo in photos} == {"RGB"}
    means = [np.asarray(photo).mean() for photo in photos]
    assert max(means) - min(means) > 50, "they are of different brightness"


def test_the_starter_pack_that_is_shipped() -> None:
    folder = Path(build.__file__).parent / "packs" / "starter"
    pack = packs.load(folder)
    assert (pack.name, len(pack.labels)) == ("starter", 200)
    labels, sentences = pack.manifest["scores"], pack.manifest["decoder"]["scores"]
    assert labels["top1"] >= 0.42
    assert labels["top5"] >= 0.67
    assert sentences["bleu4"] >= 17
    assert sentences["cider"] >= 0.42
    assert pack.manifest["agreement"]["cosine"] >= 0.99
    assert pack.manifest["licence"]
    assert "How to repeat" in (folder / packs.CARD).read_text()
    assert pack.hash is not None
    assert sum(path.stat().st_size for path in folder.iterdir()) < 40_000_000
    assert json.loads((folder / packs.LABELS).read_text())[0].keys() == {"wnid", "name"}
