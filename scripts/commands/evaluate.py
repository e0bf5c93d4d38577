"""`captionary evaluate`."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from captionary import packs
from captionary.captioner import Captioner
from captionary.decoder import Decoder
from captionary.errors import PackError
from captionary.words import sentence
from resnet50 import networks
from resnet50.training.captions import CaptionedImages, has_splits, open_captioned, pixels
from resnet50.training.data import DataError
from resnet50.training.encoder import preprocess
from resnet50.training.scores import bleu_and_cider

from .folders import pack_folder

SAMPLES = 60  # photos on the page of samples
NAMES = {
    "bleu1": "BLEU-1",
    "bleu2": "BLEU-2",
    "bleu3": "BLEU-3",
    "bleu4": "BLEU-4",
    "rouge": "ROUGE-L",
    "cider": "CIDEr",
}


@click.command()
@click.option("--pack", required=True, metavar="NAME|PATH", help="The pack to score.")
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Captioned pictures.")
@click.option("--split", type=click.Choice(["all", "train", "dev", "test"]), help="[default: dev, if there are splits]")
@click.option(
    "--weights", metavar="FILE", help="Features by Keras, with these weights, in place of the pack's encoder."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for scores.json, captions.json and samples.html.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(pack: str, data: Path, split: str | None, weights: str | None, out: Path | None, as_json: bool) -> None:
    """Score the captions of a pack: BLEU, ROUGE-L and CIDEr against what people wrote."""
    try:
        loaded = packs.load(pack_folder(pack))
        images = open_captioned(data, split or ("dev" if has_splits(data) else "all"))
        captions = list(track(_captions(loaded, images, weights), "captioning", len(images.names), disable=as_json))
    except (PackError, DataError, networks.WeightsError) as exc:
        raise click.ClickException(str(exc)) from exc
    scores = bleu_and_cider(captions, images.captions)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
        (out / "captions.json").write_text(json.dumps(dict(zip(images.names, captions, strict=True)), indent=2) + "\n")
        (out / "samples.html").write_text(_page(images, captions, out))
    click.echo(json.dumps(scores) if as_json else table(scores))


def table(scores: dict[str, float]) -> str:
    """Scores as a table in Markdown."""
    head, line = " | ".join(NAMES[name] for name in scores), " | ".join("---:" for _ in scores)
    return f"| {head} |\n| {line} |\n| {' | '.join(str(value) for value in scores.values())} |"


def _captions(pack: packs.Pack, images: CaptionedImages, weights: str | None) -> Iterator[str]:
    if weights is None:
        captioner = Captioner(pack, threads=2)
        for i in range(len(images.names)):
            yield captioner.describe(images.image(i)).caption
        return
    if pack.vocabulary is None:
        raise PackError(f"the pack {pack.name} has no decoder to go with other weights")
    network, _ = networks.network_of(weights)
    decoder = Decoder(pack.decoder, pack.vocabulary, pack.search, threads=2)
    for i in range(len(images.names)):
        yield sentence(decoder.describe(_features(network, images, i)))


def _features(network: keras.Model, images: CaptionedImages, index: int) -> NDArray[np.float32]:
    batch = preprocess(pixels(images, [index], int(network.input_shape[1]), view=0).astype(np.float32))
    features: NDArray[np.float32] = np.asarray(network.predict_on_batch(batch))
    return features


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
