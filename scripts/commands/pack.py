"""`captionary pack`."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import keras

from captionary import packs
from captionary.errors import PackError
from infra.models import folder_of
from resnet50 import build, decoders, networks
from resnet50.scoring import label_scores
from resnet50.training.data import DataError, LabelledImages, open_labelled
from resnet50.training.features import look

from .folders import pack_folder

ROUNDING_PICTURES = 200
COMPARED_PICTURES = 500
IMAGENET_LICENCE = "Weights: MIT (He et al. 2015, arXiv:1512.03385). ImageNet: research, non-commercial terms."


@click.command()
@click.argument("name")
@click.option("--weights", type=click.Path(path_type=Path), help="For imagenet: a file instead of Keras' download.")
@click.option("--run", type=click.Path(path_type=Path), help="For any other: folder of a training run.")
@click.option("--data", type=click.Path(exists=True, path_type=Path), help="What that run was trained on.")
@click.option("--from", "base", metavar="NAME|PATH", help="A pack whose encoder and labels this one shall have.")
@click.option(
    "--decoder",
    type=click.Path(path_type=Path),
    help="Folder of a decoder's training run, for sentences.  [default: for imagenet the shipped one]",
)
@click.option("--decoder-only", is_flag=True, help="Export the decoder alone, as it is shipped.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to put it.  [default: layers/resnet50/packs/NAME]")
@click.option("--licence", default="", help="Terms of the training data, for the manifest.")
def command(
    name: str,
    weights: Path | None,
    run: Path | None,
    data: Path | None,
    base: str | None,
    decoder: Path | None,
    decoder_only: bool,
    out: Path | None,
    licence: str,
) -> None:
    """Build a model pack.

    NAME is imagenet, for Keras' ResNet50 with its 1,000 classes, or whatever a pack of your own shall
    be called; that takes --run and --data, or --from and --decoder.
    """
    if decoder_only and decoder is None:
        raise click.UsageError("--decoder-only exports a training run: give --decoder.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise click.UsageError("NAME should be of small letters, digits and hyphens.")
    out = out or (decoders.SHIPPED / name if decoder_only else folder_of(name))
    if not sys.stdout.isatty():
        keras.config.disable_interactive_logging()  # Keras' progress bar of the download would fill a log
    try:
        sentences = build.sentences_of(decoder) if decoder else None
        if decoder_only and sentences:
            decoders.write(out, sentences)
            click.echo(f"{out} is ready.")
            return
        build.check_place(out)
        if base is not None:
            if sentences is None:
                raise click.UsageError("A pack made from another has a decoder of its own: give --decoder.")
            pack_from(name, pack_folder(base), sentences, out, licence)
        elif name == "imagenet":
            pack_imagenet(weights, sentences, out)
        elif run is None or data is None:
            raise click.UsageError("A pack other than imagenet is made of a training run: give --run and --data.")
        else:
            pack_run(name, run, open_labelled(data), sentences, out, licence)
    except (networks.WeightsError, PackError, decoders.DecoderError, DataError, FileExistsError) as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"{out} is ready. Start the gallery with it: scripts/run --model {out}")


def pack_imagenet(weights: Path | None, sentences: decoders.Sentences | None, out: Path) -> None:
    """Export Keras' own network, with the shipped decoder if no other is given."""
    click.echo(
        "Loading ResNet50 ..." if weights else "Loading ResNet50 (102 MB, from Keras' host, if it is not here yet) ..."
    )
    network = networks.imagenet_network(weights)
    sentences = sentences or _shipped_sentences(network)
    click.echo("Making it small: 8 bits for each weight ...")
    encoder, agreement = build.encoder_to_int8(network, build.shipped_photos(), build.shipped_held_out(), sentences)
    about = build.About(
        name="imagenet",
        version=build.version_of(encoder, sentences),
        licence=IMAGENET_LICENCE,
        provenance=f"keras.applications.ResNet50, weights {weights.name if weights else 'imagenet'}",
        agreement=agreement,
        repeat="scripts/captionary pack imagenet" + (f" --weights {weights.name}" if weights else ""),
    )
    build.write_pack(out, about, build.IMAGENET_SIZE, build.imagenet_labels(), encoder, sentences)


def _shipped_sentences(network: keras.Model) -> decoders.Sentences | None:
    """The decoder that ships for ImageNet's weights; none for other weights, which it would not understand."""
    sentences = build.sentences_of(decoders.SHIPPED / "imagenet")
    try:
        decoders.check_fit(sentences, decoders.sight_of(partial(look, networks.conv4_network(network))))
    except decoders.DecoderError:
        click.echo("These are not ImageNet's weights: the pack will name what it sees, but not in sentences.")
        return None
    return sentences


def pack_from(name: str, base: Path, sentences: decoders.Sentences, out: Path, licence: str) -> None:
    """Put another decoder beside the encoder of a pack."""
    network, _ = networks.packed_network(base)
    decoders.check_fit(sentences, decoders.sight_of(partial(look, network)))
    pack = packs.load(base)
    encoder = pack.encoder.read_bytes()
    about = build.About(
        name=name,
        version=build.version_of(encoder, sentences),
        licence=" ".join(filter(None, (pack.manifest.get("licence"), licence))),
        provenance=f"encoder and labels of the pack {pack.name}, version {pack.version}",
        scores=pack.manifest.get("scores", {}),
        agreement=pack.manifest.get("agreement", {}),
        repeat=f"scripts/captionary pack {name} --from {pack.name} --decoder RUN",
    )
    labels = [build.Label(**entry) for entry in json.loads((base / packs.LABELS).read_text())]
    build.write_pack(out, about, pack.input_size, labels, encoder, sentences)


def pack_run(
    name: str, run: Path, images: LabelledImages, sentences: decoders.Sentences | None, out: Path, licence: str
) -> None:
    """Export the network of a training run, and measure what is left of its score."""
    network, summary = networks.trained_network(run)
    dev_images = int(summary["settings"]["dev_images"])
    border = len(images.labels) - dev_images
    click.echo("Making it small: 8 bits for each weight ...")
    usual = islice((images.image(i) for i in range(border)), ROUNDING_PICTURES)
    held_out = islice((images.image(i) for i in range(border, len(images.labels))), COMPARED_PICTURES)
    encoder, agreement = build.encoder_to_int8(network, usual, held_out, sentences)
    labels = [
        build.Label(wnid, build.plain_name(words))
        for wnid, words in zip(summary["wnids"], summary["names"], strict=True)
    ]
    size = int(summary["settings"]["image_size"])
    about = build.About(
        name,
        build.version_of(encoder, sentences),
        licence,
        f"keras.applications.ResNet50 at {size} pixels, {summary.get('origin', 'trained from scratch')} on "
        f"{summary['training_images']} pictures of {len(labels)} classes for {summary['settings']['epochs']} epochs",
        agreement=agreement,
        repeat=f"scripts/captionary pack {name} --run RUN --data DATA" + (" --decoder RUN" if sentences else ""),
    )
    build.write_pack(out, about, size, labels, encoder, sentences)
    click.echo(f"Scoring it on {dev_images} pictures held out ...")
    scores = label_scores(packs.load(out), images, range(border, len(images.labels)))
    scores["float_top1"], scores["float_top5"] = summary["scores"]["top1"], summary["scores"]["top5"]
    build.write_pack(out, replace(about, scores=scores), size, labels, encoder, sentences)
    click.echo(f"top-1 {scores['top1']:.1%}, top-5 {scores['top5']:.1%}; it was {scores['float_top1']:.1%} in float")
