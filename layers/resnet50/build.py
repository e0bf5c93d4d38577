"""How a pack is built: a Keras ResNet50 becomes an int8 LiteRT network with its words and its manifest.

The one place where TensorFlow itself is needed: its converter writes the LiteRT file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from captionary.beam import Search
from captionary.decoder import BEGIN, STEP
from captionary.packs import CARD, CROPS, DECODER, ENCODER, FORMAT, HASH, LABELS, MANIFEST, VOCABULARY, file_hash
from captionary.preprocess import CHANNEL_MEANS_BGR, square, squeezed

from . import decoders
from .agreement import agreement
from .card import model_card
from .decoders import Sentences
from .networks import conv4_network
from .rounding import rounded
from .training import decoder as decoding
from .training.encoder import preprocess
from .training.features import look
from .training.transformer import PLACES, Transformer

HERE = Path(__file__).parent
IMAGENET_LABELS = HERE / "imagenet_labels.json"
PHOTOS = HERE / "photos"
IMAGENET_SIZE = 224

# Where WordNet's first word for a class is not the one that people use.
PLAIN_NAMES = {
    "Arabian camel": "camel",
    "alp": "mountain",
    "beach wagon": "station wagon",
    "beacon": "lighthouse",
    "brass": "memorial plaque",
    "confectionery": "candy store",
    "gasmask": "gas mask",
    "hog": "pig",
    "ice lolly": "popsicle",
    "jinrikisha": "rickshaw",
    "lesser panda": "red panda",
    "monarch": "monarch butterfly",
    "tabby": "tabby cat",
    "teddy": "teddy bear",
}


@dataclass(frozen=True)
class Label:
    """A class: its WordNet id and its plain name."""

    wnid: str
    name: str


@dataclass(frozen=True)
class About:
    """What a pack's manifest says of where it comes from."""

    name: str
    version: str
    licence: str
    provenance: str
    scores: dict[str, Any] = field(default_factory=dict)
    agreement: dict[str, Any] = field(default_factory=dict)  # of 8 bits with float
    repeat: str = ""  # the command that makes it


def plain_name(synonyms: str) -> str:
    """The name that people use, of WordNet's synonyms with commas between them."""
    first = synonyms.partition(",")[0].strip()
    return PLAIN_NAMES.get(first, first)


def imagenet_labels() -> list[Label]:
    """ImageNet's 1,000 classes, in the order of Keras' network."""
    return [Label(entry["wnid"], plain_name(entry["name"])) for entry in json.loads(IMAGENET_LABELS.read_text())]


def sentences_of(folder: Path) -> Sentences:
    """What a decoder gives a pack.

    Args:
        folder: of a shipped decoder, or of a training run.
    Raises:
        DecoderError, DataError: the folder holds neither, or a damaged one.
    """
    if (folder / decoders.ABOUT).is_file() and not (folder / decoding.WEIGHTS).is_file():
        return decoders.read(folder)
    keras.config.set_dtype_policy("float32")
    decoder, vocabulary, summary = decoding.load(folder)
    search = Search(longest=decoder.longest)
    return Sentences(
        decoder_to_litert(decoder, search.width),
        vocabulary,
        search,
        {"data": summary.get("dev"), **summary.get("scores", {})},
        summary.get("sight", []),
        summary.get("provenance", ""),
        (folder / HASH).read_bytes() if (folder / HASH).is_file() else b"",
    )


def shipped_photos() -> Iterator[Image.Image]:
    """Photos to round a network by where there are no others: each whole, mirrored, and in parts."""
    for photo in _shipped():
        width, height = photo.size
        for left, top in ((0, 0), (width // 4, 0), (0, height // 4), (width // 4, height // 4)):
            part = photo.crop((left, top, left + width * 3 // 4, top + height * 3 // 4))
            yield part
            yield part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        yield photo


def shipped_held_out() -> Iterator[Image.Image]:
    """Other parts of these photos: the middle, and strips with other proportions."""
    for photo in _shipped():
        width, height = photo.size
        for left, top, right, bottom in ((2, 2, 14, 14), (1, 3, 15, 13), (4, 0, 12, 16), (0, 5, 16, 16), (3, 0, 16, 9)):
            part = photo.crop((width * left // 16, height * top // 16, width * right // 16, height * bottom // 16))
            yield part
            yield part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _shipped() -> Iterator[Image.Image]:
    for path in sorted(PHOTOS.glob("*.jpg")):
        with Image.open(path) as file:
            yield file.convert("RGB")


def with_features(network: keras.Model) -> keras.Model:
    """A ResNet50 that gives its conv4 features float32 (B, 7, 7, 1024) too, after the probabilities."""
    return keras.Model(network.input, [network.output, conv4_network(network).output])


def encoder_to_int8(
    network: keras.Model, photos: Iterable[Image.Image], held_out: Iterable[Image.Image], sentences: Sentences | None
) -> tuple[bytes, dict[str, Any]]:
    """A pack's encoder: with sentences it gives features too, and is fed whole pictures.

    Args:
        photos: some dozens, by which it is known what its layers are usually given.
        held_out: others, to compare it with float on.
    Returns: the LiteRT file, and how it agrees with float, see `agreement`.
    Raises:
        DecoderError: the sentences' decoder was trained on another encoder.
        PackError: 8 bits cost the encoder too much.
    """
    if sentences is None:
        encoder = to_int8(network, photos)
    else:
        decoders.check_fit(sentences, decoders.sight_of(partial(look, conv4_network(network))))
        network = with_features(network)
        encoder = to_int8(network, photos, squeezed)
    return encoder, agreement(network, encoder, held_out)


def version_of(encoder: bytes, sentences: Sentences | None) -> str:
    """A version for a pack: another one whenever what it says may be another."""
    parts = [encoder]
    if sentences:
        parts += [
            sentences.hash,
            sentences.decoder,
            json.dumps([sentences.vocabulary.words, asdict(sentences.search)]).encode(),
        ]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:8]


def to_int8(network: keras.Model, photos: Iterable[Image.Image], as_square: Callable[..., Any] = square) -> bytes:
    """The network as a LiteRT file with weights of 8 bits, and activations of 8 bits at each picture's own scale.

    Args:
        network: preprocessed pictures float32 (B, size, size, 3) to probabilities (B, classes), and
            features if it gives any.
        photos: some dozens, by which it is known what its layers are usually given.
        as_square: how a photo becomes a square, of captionary.preprocess.
    Returns: takes float32 (1, size, size, 3), red, green, blue from 0 to 255, gives float32.
    """
    size = int(network.input_shape[1])
    squares = np.stack([as_square(photo, size) for photo in photos]).astype(np.float32)
    network = _of_pixels(rounded(network, preprocess(squares)))
    picture = tf.TensorSpec((1, size, size, 3), tf.float32, name="pictures")
    return _litert(network, {"serve": (lambda pictures: network(pictures, training=False), [picture])})


def _of_pixels(network: keras.Model) -> keras.Model:
    """The same network, of pixels (B, size, size, 3): red, green, blue from 0 to 255.

    ResNet50's first convolution is made to see them as they are: whole numbers, which 8 bits hold exactly. Its
    kernel turns the channels round, its bias takes off ImageNet's mean, and so the border is made of that mean.
    """
    pixels = keras.Input(network.input_shape[1:])
    try:
        border, first = network.get_layer("conv1_pad"), network.get_layer("conv1_conv")
    except ValueError:  # some other network
        return keras.Model(pixels, network(preprocess(pixels)))
    mean = np.array(CHANNEL_MEANS_BGR[::-1], np.float32)
    kernel, bias = first.get_weights()
    kernel = kernel[:, :, ::-1]
    same = keras.layers.Conv2D(first.filters, first.kernel_size, first.strides)
    seen = same(keras.layers.ZeroPadding2D(border.padding)(pixels - mean) + mean)
    same.set_weights([kernel, bias - np.einsum("hwio,i->o", kernel, mean)])
    return keras.Model(pixels, keras.Model(first.output, network.outputs)(seen))


def decoder_to_litert(decoder: decoding.CaptionNetwork, beams: int) -> bytes:
    """A caption decoder as a LiteRT file with weights of 8 bits, as captionary.decoder.Decoder reads it.

    Rounds the decoder's own words on the way (`Transformer.round_words`).

    Args:
        beams: how many partial sentences are searched at once; the file is for this many alone.
    """
    if isinstance(decoder, Transformer):
        decoder.round_words()
    features = tf.TensorSpec((1, PLACES, decoder.channels), tf.float32, name="features")
    memory = tf.TensorSpec((1, *decoder.memory_shape), tf.float32, name="memory")
    cache = tf.TensorSpec(decoder.cache_shape(beams), tf.float32, name="cache")
    tokens, position = (
        tf.TensorSpec((beams, 1), tf.int32, name="tokens"),
        tf.TensorSpec((1,), tf.int32, name="position"),
    )

    def begin(features: Any) -> dict[str, Any]:
        return {"memory": decoder.memory(features)}

    def step(tokens: Any, position: Any, memory: Any, cache: Any) -> dict[str, Any]:
        scores, written = decoder.step(tokens, position, memory, cache)
        return {"scores": scores, "written": written}

    return _litert(decoder, {BEGIN: (begin, [features]), STEP: (step, [tokens, position, memory, cache])})


def _litert(network: keras.Model, signatures: dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]) -> bytes:
    """A network's functions as a LiteRT file with weights of 8 bits.

    Args:
        signatures: by name, a function of the network and what it is given.
    """
    functions = {
        name: tf.function(function, input_signature=given, autograph=False)
        for name, (function, given) in signatures.items()
    }
    module = tf.Module()  # Keras' own export traces all twice
    module.weights = [weight.value for weight in network.weights]
    with tempfile.TemporaryDirectory() as folder:
        concrete = {name: function.get_concrete_function() for name, function in functions.items()}
        tf.saved_model.save(module, folder, signatures=concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


def write_pack(
    out: Path, about: About, size: int, labels: list[Label], encoder: bytes, sentences: Sentences | None = None
) -> None:
    """Write a pack to `out`, all or nothing, in place of the pack that was there.

    Args:
        size: height and width of the network's input, in pixels. With sentences, it is fed whole
            pictures, squeezed to a square, without them the middle square.
    Raises:
        FileExistsError: something is there that is no pack.
    """
    check_place(out)
    with _building(out) as building:
        (building / ENCODER).write_bytes(encoder)
        entries = ",\n".join(json.dumps({"wnid": label.wnid, "name": label.name}) for label in labels)
        (building / LABELS).write_text(f"[\n{entries}\n]\n")
        files = [ENCODER, LABELS]
        if sentences:
            (building / DECODER).write_bytes(sentences.decoder)
            (building / VOCABULARY).write_text(json.dumps(sentences.vocabulary.words, indent=0) + "\n")
            files += [DECODER, VOCABULARY]
            if sentences.hash:
                (building / HASH).write_bytes(sentences.hash)
                files.append(HASH)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "name": about.name,
            "version": about.version,
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "input": {"size": size, "crop": CROPS[bool(sentences)], "channels": "RGB, 0 to 255"},
            "classes": len(labels),
            "scores": about.scores,
            "licence": about.licence,
            "provenance": about.provenance,
            "repeat": about.repeat,
            "agreement": about.agreement,
            "files": {name: file_hash(building / name) for name in files},
        }
        if sentences:
            manifest["decoder"] = {
                "search": asdict(sentences.search),
                "words": len(sentences.vocabulary.words),
                "scores": sentences.scores,
                "provenance": sentences.provenance,
            }
        (building / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        (building / CARD).write_text(model_card(manifest))
        if out.exists():
            out.rename(building / "replaced")
        building.rename(out)
        shutil.rmtree(out / "replaced", ignore_errors=True)


def check_place(out: Path) -> None:
    """See whether a pack may be written to `out`.

    Raises:
        FileExistsError: something is there that is no pack.
    """
    if out.exists() and not (out / MANIFEST).is_file():
        raise FileExistsError(f"{out} is there, and is no model pack; choose another --out.")


@contextmanager
def _building(out: Path) -> Iterator[Path]:
    """An empty folder beside `out`, for one writer at a time. Whoever is killed leaves it to the next to remove."""
    out.parent.mkdir(parents=True, exist_ok=True)
    building = out.parent / f".{out.name}.building"
    turn = os.open(out.parent, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)
        os.close(turn)
