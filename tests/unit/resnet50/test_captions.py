from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from resnet50.training.captions import captions_beside, open_captioned, pixels
from resnet50.training.data import DataError

from .conftest import COLOURS, solid


def save(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, colour in zip(names, COLOURS.values(), strict=False):
        solid(colour).save(folder / name)


def test_a_packed_set(tmp_path: Path) -> None:
    encoded = []
    for colour in COLOURS.values():
        buffer = io.BytesIO()
        solid(colour).save(buffer, "PNG")
        encoded.append(np.frombuffer(buffer.getvalue(), np.uint8))
    offsets = np.cumsum([0, *map(len, encoded)])
    np.savez(tmp_path / "few.npz", data=np.concatenate(encoded), offsets=offsets, filenames=["r.jpg", "g.jpg", "b.jpg"])
    with pytest.raises(DataError, match=r"few_captions\.json should lie beside few\.npz"):
        open_captioned(tmp_path / "few.npz")
    captions = {"r.jpg": ["red"], "g.jpg": ["green", "verdant"]}
    (tmp_path / "few_captions.json").write_text(json.dumps(captions))
    with pytest.raises(DataError, match=r"no caption for b\.jpg"):
        open_captioned(tmp_path / "few.npz")
    (tmp_path / "few_captions.json").write_text(json.dumps({**captions, "b.jpg": ["blue"]}))
    images = open_captioned(tmp_path / "few.npz")
    assert images.names == ["r.jpg", "g.jpg", "b.jpg"]
    assert images.captions == [["red"], ["green", "verdant"], ["blue"]]
    assert images.image(1).getpixel((0, 0)) == COLOURS["green"]


def test_flickr8k_as_published(tmp_path: Path) -> None:
    save(tmp_path / "Images", "a.png", "b.png", "c.png")
    lines = [f"{name}.png#{i}\t{name} {i} ." for name in "abc" for i in range(2)]
    (tmp_path / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "Flickr_8k.trainImages.txt").write_text("a.png\nc.png\n")
    (tmp_path / "Flickr_8k.devImages.txt").write_text("b.png\n")
    images = open_captioned(tmp_path)
    assert (images.names, images.captions) == (["a.png", "c.png"], [["a 0 .", "a 1 ."], ["c 0 .", "c 1 ."]])
    assert images.image(1).getpixel((0, 0)) == COLOURS["blue"]
    assert open_captioned(tmp_path, "dev").names == ["b.png"]
    with pytest.raises(DataError, match=r"Flickr_8k\.testImages\.txt is missing"):
        open_captioned(tmp_path, "test")


@pytest.mark.parametrize("form", ["results.csv", "results_20130124.token"])
def test_flickr30k_as_published(tmp_path: Path, form: str) -> None:
    save(tmp_path / "flickr30k-images", "a.png", "b.png")
    table = 'image_name| comment_number| comment\na.png| 0| A man , smiling .\na.png| 1| "Hi .\nb.png| 0| B .\n'
    token = 'a.png#0\tA man , smiling .\na.png#1\t"Hi .\nb.png#0\tB .\n'
    (tmp_path / form).write_text(table if form.endswith("csv") else token)
    images = open_captioned(tmp_path)
    assert images.names == ["a.png", "b.png"]
    assert images.captions == [["A man , smiling .", '"Hi .'], ["B ."]]


def test_coco_as_published(tmp_path: Path) -> None:
    save(tmp_path / "train2017", "000000000009.png")
    save(tmp_path / "val2017", "000000000139.png")
    (tmp_path / "annotations").mkdir()
    for split, number in (("train2017", 9), ("val2017", 139)):
        content = {
            "images": [{"id": number, "file_name": f"{number:012d}.png"}],
            "annotations": [{"image_id": number, "caption": split}, {"image_id": number, "caption": "again"}],
        }
        (tmp_path / "annotations" / f"captions_{split}.json").write_text(json.dumps(content))
    assert open_captioned(tmp_path).captions == [["train2017", "again"]]
    assert open_captioned(tmp_path, "dev").names == ["000000000139.png"]


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(20)]
    for name in names:
        solid((0, 0, 0)).save(tmp_path / name)
    rows = [f'{name},"A photo, number {name}"' for name in names]
    (tmp_path / "captions.csv").write_text(
        "\n".join(["File,Caption", *rows, "missing.png,gone", "0.png,", "0.png,Zero"])
    )
    train, dev = open_captioned(tmp_path, "train"), open_captioned(tmp_path, "dev")
    assert len(open_captioned(tmp_path).names) == 20
    assert sorted([*train.names, *dev.names]) == sorted(names)
    assert not set(train.names) & set(dev.names)
    captions = dict(zip([*train.names, *dev.names], [*train.captions, *dev.captions], strict=True))
    assert captions["0.png"] == ["A photo, number 0.png", "Zero"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no captioned set"),
        ({"captions.csv": "name,text\na,b\n"}, "columns named file and caption"),
        ({"captions.csv": "file,caption\na.png,b\nb.png,c\n"}, "none of the"),
    ],
)
def test_what_is_no_captioned_set(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=reason):
        open_captioned(tmp_path)


def test_views_of_a_picture(tmp_path: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
    picture.save(tmp_path / "a.png")
    (tmp_path / "captions.csv").write_text("file,caption\na.png,a\na.png,b\n")
    images = open_captioned(tmp_path, "dev")
    whole, mirrored, part, other = (pixels(images, [0], 32, view) for view in range(4))
    assert whole.shape == (1, 32, 32, 3)
    np.testing.assert_array_equal(mirrored, whole[:, :, ::-1])
    assert np.abs(part.astype(int) - whole).mean() > 5
    assert np.abs(part.astype(int) - other).mean() > 5
    np.testing.assert_array_equal(part, pixels(images, [0], 32, 2))


def test_a_set_is_packed_and_always_in_the_same_way(tmp_path: Path) -> None:
    from commands.prepare import command

    for i, size in enumerate([(400, 300), (300, 50), (40, 30)]):
        solid(list(COLOURS.values())[i], size).save(tmp_path / f"{i}.png")
    (tmp_path / "captions.csv").write_text("file,caption\n0.png,Größe\n1.png,one\n1.png,uno\n2.png,two\n")
    packed = []
    for name in ("first", "second"):
        out = tmp_path / "packed" / f"{name}.npz"
        arguments = ["--data", str(tmp_path), "--split", "all", "--side", "224", "--out", str(out)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        assert "3 pictures with 4 captions" in result.output
        packed.append((out.read_bytes(), captions_beside(out).read_bytes()))
    assert packed[0] == packed[1]
    found, original = open_captioned(out), open_captioned(tmp_path)
    assert (found.names, found.captions) == (original.names, original.captions)
    sizes = {name: found.image(i).size for i, name in enumerate(found.names)}
    assert sizes == {"0.png": (224, 224), "1.png": (224, 50), "2.png": (40, 30)}
    assert np.abs(np.asarray(found.image(0), int) - np.asarray(original.image(0), int)[0, 0]).max() < 10


@pytest.mark.parametrize(("out", "reason"), [("set.zip", "should end in .npz"), ("set.npz", "no captioned set")])
def test_what_can_not_be_packed(tmp_path: Path, out: str, reason: str) -> None:
    from commands.prepare import command

    result = CliRunner().invoke(command, ["--data", str(tmp_path), "--out", str(tmp_path / out)])
    assert result.exit_code > 0
    assert reason in result.output
    assert not (tmp_path / out).exists()
