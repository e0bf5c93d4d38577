"""`captionary evaluate`."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
from PIL import Image
from rich.progress import track

from captionary import packs
from captionary.captioner import Captioner
from captionary.decoder import Decoder
from captionary.errors import PackError
from captionary.words import sentence
from resnet50 import decoders, networks
from resnet50.card import table
from resnet50.decoders import DecoderError
from resnet50.scoring import label_scores, write_scores
from resnet50.training.captions import CaptionedImages, has_splits, is_captioned, open_captioned
from resnet50.training.data import DataError, LabelledImages, open_labelled
from resnet50.training.features import look
from resnet50.training.scores import bleu_and_cider, sacre_bleu

from .folders import pack_folder

SAMPLES = 60  # photos on the page of samples
Say = Callable[[Image.Image], str]  # gives a picture's caption


@click.command()
@click.option("--pack", required=True, metavar="NAME|PATH", help="The pack to score.")
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), required=True, help="Captioned or labelled pictures."
)
@click.option("--split", type=click.Choice(["all", "train", "dev", "test"]), help="[default: dev, if there are splits]")
@click.option(
    "--last", type=click.IntRange(min=1), help="Of labelled pictures, the last so many alone: those held out."
)
@click.option(
    "--weights", metavar="FILE", help="Features by Keras, with these weights, in place of the pack's encoder."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for scores.json, scores.md, and samples.html.")
@click.option("--manifest", is_flag=True, help="Write the scores into the pack's manifest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    pack: str,
    data: Path,
    split: str | None,
    last: int | None,
    weights: str | None,
    out: Path | None,
    manifest: bool,
    as_json: bool,
) -> None:
    """Score a pack on what people wrote: its captions, or its labels.

    On captioned pictures: BLEU, ROUGE-L and CIDEr. On labelled ones (a packed .npz, or a folder with a
    folder of pictures for each class): how often the right label comes first, and among the first five.
    """
    if manifest and weights:
        raise click.UsageError("--manifest is for the pack as it is, without other --weights.")
    folder, captioned = pack_folder(pack), is_captioned(data)
    if last if captioned else split or weights:
        raise click.UsageError("--split and --weights are for captioned pictures, --last is for labelled ones.")
    try:
        if manifest and captioned and packs.load(folder).vocabulary is None:
            raise PackError(f"the pack {folder.name} has no decoder whose scores its manifest could tell")
        if captioned:
            images = open_captioned(data, split or ("dev" if has_splits(data) else "all"))
            say = _by_keras(pack, weights) if weights else _by_pack(packs.load(folder))
            scores = _score_captions(say, images, out, quiet=as_json)
        else:
            scores = _score_labels(packs.load(folder), open_labelled(data), last, quiet=as_json)
    except (PackError, DecoderError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
        (out / "scores.md").write_text(f"# The pack {folder.name} on {data.name}\n\n{table(scores)}\n")
    if manifest:
        write_scores(folder, {"data": data.name, **scores}, of_decoder=captioned)
    click.echo(json.dumps(scores) if as_json else table(scores))


def _score_labels(pack: packs.Pack, images: LabelledImages, last: int | None, *, quiet: bool) -> dict[str, Any]:
    chosen = range(len(images))[-(last or len(images)) :]
    return label_scores(pack, images, track(chosen, "labelling", disable=quiet))


def _score_captions(say: Say, images: CaptionedImages, out: Path | None, *, quiet: bool) -> dict[str, Any]:
    """The scores of what is said of pictures; leaves the captions themselves in `out`."""
    pictures = map(images.image, range(len(images)))
    captions = [say(picture) for picture in track(pictures, "captioning", len(images), disable=quiet)]
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "captions.json").write_text(json.dumps(dict(zip(images.names, captions, strict=True)), indent=2) + "\n")
        (out / "samples.html").write_text(_page(images, captions, out))
    return {
        "pictures": len(images),
        **bleu_and_cider(captions, images.captions),
        "sacrebleu": sacre_bleu(captions, images.captions),
    }


def _by_pack(pack: packs.Pack) -> Say:
    """What a pack says of a picture, as in the gallery."""
    captioner = Captioner(pack, threads=2)
    return lambda picture: captioner.describe(picture).caption


def _by_keras(name: str, weights: str) -> Say:
    """What a pack's decoder says of what Keras sees in a picture. A shipped decoder needs no pack around it."""
    folder, shipped = pack_folder(name), decoders.SHIPPED / name
    if not folder.is_dir() and shipped.is_dir():
        sentences = decoders.read(shipped)
        decoder = Decoder(shipped / packs.DECODER, sentences.vocabulary, sentences.search, threads=2)
    else:
        pack = packs.load(folder)
        if pack.vocabulary is None:
            raise PackError(f"the pack {pack.name} has no decoder to go with other weights")
        decoder = Decoder(pack.decoder, pack.vocabulary, pack.search, threads=2)
    network, _ = networks.network_of(weights)
    return lambda picture: sentence(decoder.describe(look(network, picture)))


def _page(images: CaptionedImages, captions: Sequence[str], out: Path) -> str:
    """A page of sample photos, written beside it, with captions and references."""
    folder = out / "samples"
    folder.mkdir(exist_ok=True)
    figures = []
    for i in np.linspace(0, len(captions) - 1, min(SAMPLES, len(captions)), dtype=int):
        images.image(int(i)).save(folder / f"{i}.jpg", quality=85)
        references = "".join(f"<li>{html.escape(one)}</li>" for one in images.captions[i])
        caption = html.escape(captions[i])
        figures.append(
            f'<figure><img src="samples/{i}.jpg" alt="{caption}">'
            f"<figcaption>{caption}</figcaption><ul>{references}</ul></figure>"
        )
    style = (
        "body{font:16px system-ui;margin:2rem;display:grid;gap:2rem;"
        "grid-template-columns:repeat(auto-fill,minmax(16rem,1fr))}"
        "figure{margin:0}img{width:100%}figcaption{font-weight:600}ul{padding-left:1.2rem;color:#555;font-size:.85rem}"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Captions</title><style>{style}</style>'
        f"{''.join(figures)}</html>\n"
    )
