"""A caption decoder small enough to learn three sentences in a test, through to the pack that uses it."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from numpy.typing import NDArray

from captionary import packs
from captionary.beam import Search
from captionary.captioner import Captioner
from captionary.decoder import Decoder
from captionary.errors import PackError
from captionary.words import Vocabulary
from commands.tracking import RUN_ID
from resnet50 import build, networks
from resnet50.training import decoder
from resnet50.training.captions import open_captioned
from resnet50.training.checkpoint import Checkpoint
from resnet50.training.data import DataError
from resnet50.training.encoder import preprocess
from resnet50.training.features import encode
from resnet50.training.settings import DecoderSettings

from .conftest import COLOURS, solid
from .test_training import pack_npz

SIZE = 32
SENTENCES = {"red": "A red square.", "green": "Nothing but green here.", "blue": "Blue sky and blue sea."}
SETTINGS = DecoderSettings(
    least_count=1,
    longest=8,
    width=32,
    layers=2,
    picture_layers=1,
    heads=2,
    epochs=18,
    batch_size=5,  # a divisor of the album's size: steps of another size would be compiled apart
    captions_each=2,
    patience=18,
    learning_rate=0.01,
    warmup_epochs=0.5,
    average_momentum=0.5,
    dropout=0.0,
    word_dropout=0.0,
    views=2,
)
QUICK = dataclasses.replace(SETTINGS, kind="show-and-tell")  # the trainer is the same, and its graph is built soonest

SOLIDS = [solid(colour) for colour in COLOURS.values()] * 4


@pytest.fixture(scope="module")
def colour_network() -> keras.Model:
    """Pictures (B, 32, 32, 3) to the probabilities of three colours, by a layer called as ResNet50's conv4."""
    pictures = keras.Input((SIZE, SIZE, 3))
    shrunk = keras.layers.AveragePooling2D(2)(pictures)  # (B, 16, 16, 3)
    conv4 = keras.layers.Conv2D(8, 3, activation="relu", name=networks.CONV4)(shrunk)  # (B, 14, 14, 8)
    probabilities = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(conv4))
    return keras.Model(pictures, probabilities)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty photos with captions, as somebody may have them."""
    folder = tmp_path_factory.mktemp("album")
    with (folder / "captions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "caption"])
        for i in range(20):
            name = list(COLOURS)[i % 3]
            solid(COLOURS[name]).save(folder / f"{i}.png")
            table.writerow([f"{i}.png", SENTENCES[name]])
    return folder


@pytest.fixture(scope="module")
def features(colour_network: keras.Model, album: Path, tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float16]:
    network = networks.conv4_network(colour_network)
    cache = tmp_path_factory.mktemp("features")
    return encode(network, open_captioned(album), cache, key="colours", views=2)


def train(features: NDArray[np.float16], album: Path, out: Path, **changes: Any) -> dict[str, float]:
    captions = open_captioned(album).captions
    settings = dataclasses.replace(QUICK, **changes)
    return decoder.train(features, captions, features, captions, settings, out)


@pytest.fixture(scope="module", params=["transformer", "show-and-tell"])
def run(
    request: pytest.FixtureRequest,
    features: NDArray[np.float16],
    album: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    out = tmp_path_factory.mktemp("run")
    scores = train(features, album, out, kind=request.param)
    assert scores["bleu4"] > 90
    return out


def test_features_are_averaged_and_kept(colour_network: keras.Model, album: Path, tmp_path: Path) -> None:
    images = open_captioned(album)
    network = networks.conv4_network(colour_network)
    assert network.output_shape == (None, 7, 7, 8)
    found = encode(network, images, tmp_path, key="k", views=2)
    assert found.shape == (len(images.names), 2, 49, 8)
    conv4 = keras.Model(colour_network.input, colour_network.get_layer(networks.CONV4).output)
    picture = np.array(images.image(0).resize((SIZE, SIZE)), np.float32)[np.newaxis]
    full = np.asarray(conv4(preprocess(picture)))[0]
    expected = full.reshape(7, 2, 7, 2, 8).mean(axis=(1, 3)).reshape(49, 8)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-2, atol=0.1)

    def forbidden(*args: object) -> None:
        raise AssertionError("they are there already")

    assert encode(network, images, tmp_path, key="k", views=2, report=forbidden).shape == found.shape
    for progress in tmp_path.glob("*.done"):
        progress.write_text("4")
    done: list[int] = []
    again = encode(network, images, tmp_path, key="k", views=2, report=lambda count, _: done.append(count))
    assert done == [len(images.names)], "what was broken off goes on"
    np.testing.assert_array_equal(again, found)
    for kept in tmp_path.glob("*.npy"):
        kept.unlink()
    np.testing.assert_array_equal(encode(network, images, tmp_path, key="k", views=2), found)


def test_features_of_other_pictures_of_the_same_names_are_others(colour_network: keras.Model, tmp_path: Path) -> None:
    found = []
    for name, colour in COLOURS.items():
        folder = tmp_path / name
        folder.mkdir()
        solid(colour).save(folder / "1.png")
        (folder / "captions.csv").write_text("file,caption\n1.png,one\n")
        network = networks.conv4_network(colour_network)
        found.append(encode(network, open_captioned(folder), tmp_path / "cache", key="k"))
    assert np.abs(found[0] - found[1]).max() > 1


def test_a_grid_that_is_too_small() -> None:
    small = keras.Input((64, 64, 3))
    network = keras.Model(small, keras.layers.AveragePooling2D(16, name=networks.CONV4)(small))
    with pytest.raises(networks.WeightsError, match="112 pixels or more"):
        networks.conv4_network(network)


def test_what_was_learnt(run: Path) -> None:
    summary = json.loads((run / "decoder.json").read_text())
    assert summary["settings"]["width"] == 32
    assert summary["scores"]["bleu4"] > 90
    assert set(summary["vocabulary"]) == {
        "a",
        "red",
        "square",
        "nothing",
        "but",
        "green",
        "here",
        "blue",
        "sky",
        "and",
        "sea",
    }


def test_a_killed_run_goes_on(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    train(features, album, tmp_path, epochs=2)
    epochs: list[int] = []
    captions = open_captioned(album).captions
    settings = dataclasses.replace(QUICK, epochs=4)
    decoder.train(
        features, captions, features, captions, settings, tmp_path, lambda epoch, step, scores: epochs.append(epoch)
    )
    assert sorted(set(epochs)) == [2, 3]
    scores = decoder.train(features, captions, features, captions, settings, tmp_path)
    assert scores["cider"] >= 0, "a run that is through only tells its scores"


def test_a_run_goes_on_as_it_was_begun(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    train(features, album, tmp_path, epochs=1)
    assert (tmp_path / "decoder.weights.h5").stat().st_size < 2**20, "weights alone, not the optimiser's state"
    with pytest.raises(DataError, match="has another width: 32, not 48"):
        train(features, album, tmp_path, epochs=2, width=48)
    captions = [["Other words."] for _ in features]
    with pytest.raises(DataError, match="was trained on other captions"):
        decoder.train(features, captions, features, captions, QUICK, tmp_path)


def test_a_run_begins_with_another_ones_weights_and_words(
    run: Path, features: NDArray[np.float16], album: Path, tmp_path: Path
) -> None:
    known = json.loads((run / "decoder.json").read_text())
    captions = [caption[:1] for caption in open_captioned(album).captions][:6]
    settings = dataclasses.replace(SETTINGS, kind=known["settings"]["kind"], epochs=1, learning_rate=0.0)
    few = features[:6]
    scores = decoder.train(few, captions, few, captions, settings, tmp_path / "more", start=[run])
    assert scores["bleu4"] > 90
    _, vocabulary, _ = decoder.load(tmp_path / "more")
    assert vocabulary.words == known["vocabulary"]
    wider = dataclasses.replace(settings, width=48)
    with pytest.raises(DataError, match="of another shape"):
        decoder.train(few, captions, few, captions, wider, tmp_path / "wider", start=[run])


def test_a_run_begins_with_the_average_of_others(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    one, other, middle = (tmp_path / name for name in ("one", "other", "middle"))
    train(features, album, one, epochs=1)
    train(features, album, other, epochs=1, seed=2)
    captions = open_captioned(album).captions
    still = dataclasses.replace(QUICK, epochs=0, keep_last=True)
    scores = decoder.train(features, captions, features, captions, still, middle, start=[one, other])
    assert scores["cider"] >= 0
    networks_of = [decoder.load(run)[0].get_weights() for run in (one, other, middle)]
    for of_one, of_other, average in zip(*networks_of, strict=True):
        np.testing.assert_allclose(average, (of_one + of_other) / 2, atol=1e-6)
    first = (middle / decoder.WEIGHTS).stat()
    assert decoder.train(features, captions, features, captions, still, middle, start=[one, other]) == scores
    assert (middle / decoder.WEIGHTS).stat().st_mtime_ns == first.st_mtime_ns, "what it began with is kept once"
    odd = [["Something else."]] * len(captions)
    decoder.train(features, odd, features, odd, still, tmp_path / "odd")
    with pytest.raises(DataError, match="has other words"):
        decoder.train(features, captions, features, captions, still, tmp_path / "mixed", start=[one, tmp_path / "odd"])


def test_what_was_killed_before_it_was_kept_is_scored_again(
    features: NDArray[np.float16], album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def kill(self: object, epoch: int, logs: object = None) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "on_epoch_end", kill)
        with pytest.raises(Killed):
            train(features, album, tmp_path, epochs=1)
    assert train(features, album, tmp_path, epochs=1)["cider"] >= 0
    assert json.loads((tmp_path / "decoder.json").read_text())["best"]["epoch"] == 1


def test_it_ends_when_it_gets_no_better(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    train(features, album, tmp_path, learning_rate=0.0, patience=2)
    assert len(json.loads((tmp_path / "decoder.json").read_text())["loss"]) == 3
    weights = (tmp_path / "decoder.weights.h5").stat().st_mtime_ns
    assert train(features, album, tmp_path, learning_rate=0.0, patience=2)["cider"] >= 0, "and stays ended"
    assert (tmp_path / "decoder.weights.h5").stat().st_mtime_ns == weights


def test_the_last_epoch_is_kept_if_asked(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    train(features, album, tmp_path, epochs=3, patience=1, learning_rate=0.0, keep_last=True)
    assert json.loads((tmp_path / "decoder.json").read_text())["best"]["epoch"] == 3


def test_word_by_word_gives_what_whole_sentences_give(run: Path, features: NDArray[np.float16]) -> None:
    network, _, _ = decoder.load(run)
    tokens = np.random.default_rng(1).integers(1, 15, (3, 2, 8)).astype(np.int32)
    pictures = features[:3, 0].astype(np.float32)
    whole = np.asarray(network({"features": pictures, "tokens": tokens})).reshape(6, 8, -1)
    memory = network.memory(pictures)
    cache = np.zeros(network.cache_shape(6), np.float32)
    for position in range(8):
        words = tokens.reshape(6, 8)[:, position : position + 1]
        scores, written = network.step(words, np.array([position], np.int32), memory, cache)
        cache[..., position % cache.shape[-2], :] = written
        np.testing.assert_allclose(np.asarray(scores), whole[:, position], atol=1e-4)


def test_two_answers_for_a_picture_are_to_agree(features: NDArray[np.float16], album: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(QUICK, agreement=1.0, epochs=1)
    captions = open_captioned(album).captions
    vocabulary = Vocabulary.of([caption for own in captions for caption in own], 1)
    views = features * np.array([1, 2], np.float16)[:, np.newaxis, np.newaxis]  # that of a plain square is the same
    inputs, wanted, counts = decoder.CaptionBatches(views, captions, vocabulary, settings)[0]
    assert len(inputs["features"]) == len(inputs["tokens"]) == len(wanted) == len(counts) == 2 * settings.batch_size
    np.testing.assert_array_equal(inputs["tokens"][::2], inputs["tokens"][1::2])
    assert (inputs["features"][::2] != inputs["features"][1::2]).any()

    scores = np.random.default_rng(1).normal(size=(4, 2, 3, 5)).astype(np.float32)
    words = np.ones((4, 2, 3), np.int32)
    apart = np.asarray(decoder.WordCrossentropy(0.1, agreement=2.0).call(words, scores))
    alone = np.asarray(decoder.WordCrossentropy(0.1).call(words, scores))
    likely = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    one, other = likely[::2], likely[1::2]
    divergence = (one * np.log(one / other) + other * np.log(other / one)).sum(axis=-1) / 2
    np.testing.assert_allclose(apart - alone, 2 * np.repeat(divergence, 2, axis=0), rtol=1e-3, atol=1e-5)

    assert train(features, album, tmp_path / "run", agreement=1.0, epochs=1)["cider"] >= 0
    losses = []
    for weight in (1e-9, 100.0):
        run = tmp_path / str(weight)
        train(features, album, run, agreement=weight, epochs=1, dropout=0.5, learning_rate=0.0)
        losses += json.loads((run / decoder.SUMMARY).read_text())["loss"]
    assert losses[1] > losses[0] + 0.1


def test_places_are_hidden_while_it_learns(features: NDArray[np.float16]) -> None:
    settings = dataclasses.replace(SETTINGS, picture_layers=0, place_dropout=0.5)
    network = decoder.untrained(settings, 10, features)
    network.place.embeddings.assign(np.zeros_like(network.place.embeddings))
    pictures = features[:4, 0].astype(np.float32)
    usual = np.asarray(network.places(np.broadcast_to(network.mean, pictures.shape)))
    learning = np.asarray(network.places(pictures, training=True))
    as_if_usual = np.isclose(learning, usual, atol=1e-5).all(axis=-1)  # (4, 49)
    assert 0.3 < as_if_usual.mean() < 0.7
    assert not np.isclose(np.asarray(network.places(pictures)), usual, atol=1e-5).all(axis=-1).any()


def test_litert_says_what_keras_says(run: Path, features: NDArray[np.float16], tmp_path: Path) -> None:
    sentences = build.sentences_of(run)
    (tmp_path / "decoder.tflite").write_bytes(sentences.decoder)
    litert = Decoder(tmp_path / "decoder.tflite", sentences.vocabulary, sentences.search)
    network, _, _ = decoder.load(run)
    expected = decoder.describe(network, features[:6, 0], sentences.vocabulary, sentences.search)
    assert [litert.describe(one.astype(np.float32)) for one in features[:6, 0]] == expected
    assert len({tuple(words) for words in expected}) == 3


def test_litert_keeps_words_once(features: NDArray[np.float16]) -> None:
    words = 4000
    settings = dataclasses.replace(SETTINGS, layers=1, picture_layers=0)
    network = decoder.network(settings, words, features.shape[-1])
    tokens, position = np.array([[5], [3999]], np.int32), np.array([0], np.int32)
    memory = network.memory(features[:2, 0].astype(np.float32))
    cache = np.zeros(network.cache_shape(2), np.float32)
    whole = {"features": features[:2, 0].astype(np.float32), "tokens": tokens[:, np.newaxis]}
    before, _ = network.step(tokens, position, memory, cache)
    before_whole = network(whole)
    litert = build.decoder_to_litert(network, beams=2)
    assert words * settings.width < len(litert) < 2 * words * settings.width
    after, _ = network.step(tokens, position, memory, cache)
    assert np.corrcoef(np.ravel(before), np.ravel(after))[0, 1] > 0.999
    assert np.corrcoef(np.ravel(before_whole), np.ravel(network(whole)))[0, 1] > 0.999


def test_a_pack_that_speaks_in_sentences(run: Path, colour_network: keras.Model, tmp_path: Path) -> None:
    sentences = build.sentences_of(run)
    encoder, _ = build.encoder_to_int8(colour_network, SOLIDS, SOLIDS, sentences)
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    build.write_pack(
        tmp_path / "pack", build.About("x", "1", "l", "p", {"label_floor": 0.0}), SIZE, labels, encoder, sentences
    )
    pack = packs.load(tmp_path / "pack")
    assert pack.search == Search(longest=8)
    version = build.version_of(encoder, sentences)
    assert version == build.version_of(encoder, sentences)
    other_search = dataclasses.replace(sentences, search=Search(longest=5))
    others = (None, dataclasses.replace(sentences, decoder=b""), other_search)
    assert version not in [build.version_of(encoder, other) for other in others]
    assert pack.manifest["decoder"]["scores"]["bleu4"] > 90
    captioner = Captioner(pack)
    for name, colour in COLOURS.items():
        description = captioner.describe(solid(colour))
        assert description.caption == SENTENCES[name]
        assert len(description.labels) == 3
    whole = solid(COLOURS["red"], (300, 100))
    whole.paste(COLOURS["blue"], (100, 0, 200, 100))
    _, features = captioner.look(whole)
    assert features is not None
    left, middle = features.reshape(7, 7, 8)[:, 0], features.reshape(7, 7, 8)[:, 3]
    assert np.abs(left - middle).max() > 1, "the whole picture is looked at, not its middle alone"


def test_a_decoder_without_its_words_is_no_pack(run: Path, colour_network: keras.Model, tmp_path: Path) -> None:
    sentences = dataclasses.replace(build.sentences_of(run), vocabulary=Vocabulary(["only"]))
    encoder, _ = build.encoder_to_int8(colour_network, SOLIDS, SOLIDS, sentences)
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    folder = tmp_path / "pack"
    build.write_pack(folder, build.About("x", "1", "l", "p"), SIZE, labels, encoder, sentences)
    manifest = json.loads((folder / packs.MANIFEST).read_text())
    del manifest["files"][packs.VOCABULARY]
    (folder / packs.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(PackError, match=r"does not list vocabulary\.json"):
        packs.load(folder)


LOSS = """
import json, sys, keras, numpy as np
from resnet50.training import decoder
from resnet50.training.settings import DecoderSettings
keras.utils.set_random_seed(1)
settings = DecoderSettings(longest=6, width=16, layers=1, heads=2, dropout=0.0)
network = decoder.network(settings, 20, 8)
random = np.random.default_rng(1)
for variable in network.trainable_variables:
    variable.assign(random.normal(0, 0.3, variable.shape))
features = random.normal(size=(4, 49, 8)).astype("float32")
tokens = random.integers(1, 20, (4, 2, 6)).astype("int32")
network.compile(optimizer=keras.optimizers.AdamW(0.01), loss=decoder.WordCrossentropy(0.1))
weights = np.ones(tokens.shape, "float32")
losses = [float(network.train_on_batch({"features": features, "tokens": tokens}, tokens, weights)) for _ in range(3)]
print(json.dumps(losses))
"""


def test_every_backend_takes_the_same_steps() -> None:
    losses = {}
    for backend in ("tensorflow", "jax"):
        environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
        answer = subprocess.run(
            [sys.executable, "-c", LOSS], env=environment, capture_output=True, text=True, check=True
        )
        losses[backend] = json.loads(answer.stdout.splitlines()[-1])
    assert losses["jax"] == pytest.approx(losses["tensorflow"], abs=1e-3)
    assert losses["jax"][2] < losses["jax"][0]


def test_the_commands_from_an_album_to_captions(
    album: Path, colour_network: keras.Model, run: Path, tmp_path: Path
) -> None:
    from commands.evaluate import command

    sentences = build.sentences_of(run)
    encoder, _ = build.encoder_to_int8(colour_network, SOLIDS, SOLIDS, sentences)
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    build.write_pack(tmp_path / "pack", build.About("x", "1", "l", "p"), SIZE, labels, encoder, sentences)
    arguments = [
        "--pack",
        str(tmp_path / "pack"),
        "--data",
        str(album),
        "--split",
        "train",
        "--out",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["bleu4"] == 100
    assert scores["sacrebleu"] == 100
    assert f"| {scores['cider']} |" in result.output
    assert "| BLEU-4 (sacrebleu) |" in (tmp_path / "out" / "scores.md").read_text()
    page = (tmp_path / "out" / "samples.html").read_text()
    assert SENTENCES["red"] in page
    assert page.count("<figure>") == 18
    assert len(list((tmp_path / "out" / "samples").glob("*.jpg"))) == 18


def test_the_command_trains_on_an_album(album: Path, tmp_path: Path) -> None:
    from commands.train import command

    network = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3))
    keras.Model(network.input, network.get_layer(networks.CONV4).output).save_weights(tmp_path / "conv4.weights.h5")
    small = "width = 32\nheads = 2\nlayers = 1\npicture_layers = 1\n"
    (tmp_path / "small.toml").write_text(f"{small}label_epochs = 1\nlabel_dev_images = 3\n")
    always = ["--data", str(album), "--encoder", str(tmp_path / "conv4.weights.h5"), "--views", "2"]
    always += ["--features", str(tmp_path / "features")]
    arguments = ["--config", str(tmp_path / "small.toml"), "--epochs", "1", "--least-count", "1"]
    arguments += ["--mlflow", str(tmp_path / "books"), "--labelled", str(pack_npz(tmp_path / "labelled.npz", 11))]
    result = CliRunner().invoke(command, ["decoder", *always, *arguments, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    assert "Labels of pictures held out, as the picture layers see them: top-1" in result.output
    assert "On 2 pictures held out: BLEU-4" in result.output
    sentences = build.sentences_of(tmp_path / "run")
    assert sentences.search.longest == DecoderSettings().longest
    assert "square" in sentences.vocabulary.words
    noted = MlflowClient(f"sqlite:///{tmp_path}/books/mlflow.db").get_run(
        (tmp_path / "run" / RUN_ID).read_text().strip()
    )
    assert (noted.info.status, noted.data.params["width"], noted.data.params["data"]) == ("FINISHED", "32", str(album))
    assert noted.data.metrics.keys() >= {"loss", "cider", "final_cider"}

    (tmp_path / "average.toml").write_text(f"{small}epochs = 0\nreward_epochs = 1\nreward_batch_size = 9\n")
    arguments = ["--config", str(tmp_path / "average.toml"), "--seed", "2", "--out", str(tmp_path / "average")]
    arguments += ["--start", str(tmp_path / "run"), "--start", str(tmp_path / "run")]
    result = CliRunner().invoke(command, ["decoder", *always, *arguments])
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "average" / decoder.SUMMARY).read_text())
    assert (summary["settings"]["seed"], summary["reward_epochs"]) == (2, 1)
    assert summary["vocabulary"] == sentences.vocabulary.words
    assert summary["provenance"] == f"18 pictures of {album.name}, labels of labelled.npz"


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--encoder", "nowhere", "There is no file or folder nowhere"),
        ("--config", "bad.toml", "unknown setting 'depth'"),
        ("--config", "kind.toml", 'kind should be "transformer" or "show-and-tell"'),
        ("--config", "alone.toml", "captions_each to be 2 or more"),
        ("--data", "set.npz", "has no split to score on; name one with --dev"),
    ],
)
def test_the_command_says_what_is_wrong(album: Path, tmp_path: Path, option: str, value: str, reason: str) -> None:
    from commands.train import command

    (tmp_path / "bad.toml").write_text("depth = 3\n")
    (tmp_path / "kind.toml").write_text('kind = "poet"\n')
    (tmp_path / "alone.toml").write_text("captions_each = 1\nreward_epochs = 1\n")
    (tmp_path / "set.npz").touch()
    value = str(tmp_path / value) if "." in value else value
    arguments = ["decoder", "--data", str(album), "--out", str(tmp_path / "run"), "--encoder", "nowhere", option, value]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1
    assert reason in result.output


@pytest.fixture
def speaking_pack(run: Path, colour_network: keras.Model, tmp_path: Path) -> Path:
    """A pack that captions in sentences."""
    sentences = build.sentences_of(run)
    encoder, _ = build.encoder_to_int8(colour_network, SOLIDS, SOLIDS, sentences)
    labels = [build.Label(f"n{i}", name) for i, name in enumerate(COLOURS)]
    about = build.About("speaking", "1", "Free.", "p", {"top1": 0.5})
    build.write_pack(tmp_path / "speaking", about, SIZE, labels, encoder, sentences)
    return tmp_path / "speaking"


def test_a_packs_encoder_gives_features_to_train_on(speaking_pack: Path, album: Path, tmp_path: Path) -> None:
    network, key = networks.network_of(str(speaking_pack))
    assert key == packs.file_hash(speaking_pack / packs.ENCODER)
    images = open_captioned(album)
    found = encode(network, images, tmp_path / "cache", key=key)
    captioner = Captioner(packs.load(speaking_pack))
    for i in range(3):
        _, expected = captioner.look(images.image(i))
        assert expected is not None
        np.testing.assert_allclose(found[i, 0], expected.reshape(49, 8), rtol=1e-3)


def test_another_decoder_for_a_pack(speaking_pack: Path, run: Path, tmp_path: Path) -> None:
    from commands.pack import command

    arguments = ["own", "--from", str(speaking_pack), "--out", str(tmp_path / "own"), "--licence", "Mine."]
    assert "give --decoder" in CliRunner().invoke(command, arguments).output
    result = CliRunner().invoke(command, [*arguments, "--decoder", str(run)])
    assert result.exit_code == 0, result.output
    pack = packs.load(tmp_path / "own")
    assert (pack.name, pack.labels, pack.is_squeezed) == ("own", list(COLOURS), True)
    assert packs.file_hash(pack.encoder) == packs.file_hash(speaking_pack / packs.ENCODER)
    assert pack.manifest["licence"] == "Free. Mine."
    assert pack.manifest["scores"] == {"top1": 0.5}
    assert Captioner(pack).describe(solid(COLOURS["blue"])).caption == SENTENCES["blue"]


def test_a_pack_without_features_has_nothing_to_describe(tiny_pack: Path, run: Path, tmp_path: Path) -> None:
    from commands.pack import command

    with pytest.raises(networks.WeightsError, match=r"The pack tiny \(32 pixels\) gives no features"):
        networks.network_of(str(tiny_pack))
    arguments = ["own", "--decoder", str(run), "--out", str(tmp_path / "own"), "--from"]
    for base, reason in ((str(tiny_pack), "gives no features"), ("nowhere", "is no model pack")):
        result = CliRunner().invoke(command, [*arguments, base])
        assert result.exit_code == 1
        assert reason in result.output


def test_the_command_says_when_labels_can_not_be_learnt(album: Path, tmp_path: Path) -> None:
    from commands.train import command

    arguments = ["decoder", "--data", str(album), "--out", str(tmp_path / "run"), "--encoder", "nowhere"]
    result = CliRunner().invoke(command, [*arguments, "--start", str(album), "--labelled", str(album)])
    assert result.exit_code == 1
    assert "name one of them" in result.output
    labelled = pack_npz(tmp_path / "labelled.npz", 11)
    result = CliRunner().invoke(command, [*arguments, "--labelled", str(labelled)])
    assert result.exit_code == 1
    assert "set label_dev_images lower" in result.output
