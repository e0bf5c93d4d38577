"""Where ResNet50's weights come from, with the real ones where they are."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from keras.src.applications import resnet
from keras.src.backend import config as keras_config

from captionary import packs
from captionary.captioner import Captioner
from captionary.decoder import Decoder
from infra.deploy import ROOT
from resnet50 import build, decoders, networks
from resnet50.training.captions import open_captioned, pixels
from resnet50.training.encoder import preprocess
from resnet50.training.features import look
from tests.weights_host import (
    Answer,
    WeightsHost,
    breaking_off,
    giving,
    gone,
    silent,
    silent_in_the_middle,
    trickling,
    weights_host,
    write_weights,
    wrong,
)

DATA = ROOT.parent / "shared" / "data"
CONV4_WEIGHTS = DATA / "resnet50_imagenet_conv4.weights.h5"


def whole_network(conv4: Path) -> keras.Model:
    """ResNet50 for 1,000 classes: the file's weights as far as they go, and chance beyond."""
    network = keras.applications.ResNet50(weights=None)
    part = keras.Model(network.input, network.get_layer(networks.CONV4).output)
    part.load_weights(conv4)
    return network


@pytest.mark.skipif(not CONV4_WEIGHTS.is_file(), reason="ImageNet's weights are not here (../shared/data)")
def test_the_part_up_to_conv4_gives_what_the_whole_network_gives(tmp_path: Path) -> None:
    whole_network(CONV4_WEIGHTS).save_weights(tmp_path / "whole.weights.h5")
    part, part_key = networks.network_of(str(CONV4_WEIGHTS))
    whole, whole_key = networks.network_of(str(tmp_path / "whole.weights.h5"))
    assert part_key != whole_key
    photos = pixels(open_captioned(DATA / "flickr8k_dev.npz"), range(4), 224, 0)
    batch = preprocess(photos.astype(np.float32))
    features = np.asarray(part.predict_on_batch(batch))
    assert features.shape == (4, 7, 7, 1024)
    assert 0.1 < features.mean() < 1, "real weights give features of a usual size"
    np.testing.assert_allclose(np.asarray(whole.predict_on_batch(batch)), features, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not CONV4_WEIGHTS.is_file(), reason="ImageNet's weights are not here (../shared/data)")
def test_eight_bits_say_what_floats_say(tmp_path: Path) -> None:
    from commands.pack import command

    whole = whole_network(CONV4_WEIGHTS)
    whole.save_weights(tmp_path / "whole.weights.h5")
    arguments = ["imagenet", "--weights", str(tmp_path / "whole.weights.h5"), "--out", str(tmp_path / "pack")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    sentences = build.sentences_of(decoders.SHIPPED / "imagenet")
    pack = packs.load(tmp_path / "pack")
    captioner, decoder = Captioner(pack, threads=2), Decoder(pack.decoder, sentences.vocabulary, sentences.search)
    conv4 = networks.conv4_network(whole)
    images = open_captioned(DATA / "flickr8k_dev.npz")
    likeness, same = [], 0
    for photo in map(images.image, range(20)):
        exact = look(conv4, photo).reshape(49, -1)
        _, found = captioner.look(photo)
        assert found is not None
        found = found.reshape(49, -1)
        norms = np.linalg.norm(exact, axis=-1) * np.linalg.norm(found, axis=-1)
        likeness.append(((exact * found).sum(axis=-1) / norms).mean())
        same += decoder.describe(exact) == decoder.describe(found)
    assert np.mean(likeness) >= 0.99
    assert same >= 14


@pytest.mark.skipif(not CONV4_WEIGHTS.is_file(), reason="ImageNet's weights are not here (../shared/data)")
def test_a_decoder_is_not_put_beside_a_strange_encoder() -> None:
    sentences = build.sentences_of(decoders.SHIPPED / "imagenet")
    with pytest.raises(decoders.DecoderError, match="trained on another encoder"):
        build.encoder_to_int8(keras.applications.ResNet50(weights=None), [], [], sentences)


def test_what_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "text.weights.h5").write_text("hello")
    for source, reason in (
        (tmp_path / "none.h5", "no file or folder"),
        (tmp_path / "text.weights.h5", "does not hold the weights"),
        (tmp_path, "no finished training run"),
    ):
        with pytest.raises(networks.WeightsError, match=reason):
            networks.network_of(str(source))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WeightsHost]:
    """A mirror of Keras' weights, on this machine, and a cache of Keras' with nothing in it."""
    (tmp_path / "keras").mkdir()
    monkeypatch.setattr(keras_config, "_KERAS_DIR", str(tmp_path / "keras"))
    with weights_host() as host:
        monkeypatch.setattr(networks, "MIRROR", host.address)
        yield host
    gc.collect()  # Keras leaves the sockets of broken downloads to the garbage collector


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (gone, r"the host has no such file or does not give it \(status 404\)"),
        (wrong, r"what came is another file than was expected \(its hash differs\)"),
        (silent, "the host was silent for 0 seconds"),
        (silent_in_the_middle, "the host was silent for 0 seconds"),
        (breaking_off, "the connection broke off in the middle"),
        (trickling, "it was not through after 0 minutes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_download_that_fails_says_why(
    host: WeightsHost, answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(networks, "DOWNLOAD_SECONDS", 0.4)
    monkeypatch.setattr(networks, "DOWNLOAD_MINUTES", 2 / 60)
    host.answer = answer
    with pytest.raises(
        networks.WeightsError, match=rf"could not download the weights of ResNet50, because {reason}\.\n.*--weights"
    ):
        networks.imagenet_network()
    cached = [path for path in (tmp_path / "keras" / "models").iterdir() if answer is not wrong]
    assert cached == [], "nothing is left that came in part"


def test_a_host_that_is_not_there(host: WeightsHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MIRROR", "http://127.0.0.1:1/weights.h5")
    with pytest.raises(networks.WeightsError, match=r"the host can't be reached \(Connection refused\)"):
        networks.imagenet_network()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_without_a_mirror_it_is_keras_own_host_that_is_asked(
    host: WeightsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "MIRROR", "")
    monkeypatch.setattr(resnet, "BASE_WEIGHTS_PATH", host.address.removesuffix("weights.h5"))
    with pytest.raises(networks.WeightsError, match=r"\(status 404\)"):
        networks.imagenet_network()
    assert host.requests == 1


def test_the_file_is_known_as_keras_knows_it() -> None:
    assert resnet.WEIGHTS_HASHES["resnet50"][0] == networks.WEIGHTS_HASH
    assert networks.MIRROR_HASH == networks.WEIGHTS_HASH


def test_weights_from_a_mirror_are_fetched_once_and_not_before_their_hash_is_right(
    host: WeightsHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(networks, "MIRROR_HASH", write_weights(tmp_path / "weights.h5"))
    host.answer = wrong
    with pytest.raises(networks.WeightsError, match="its hash differs"):
        networks.imagenet_network()
    host.answer = giving(tmp_path / "weights.h5")
    for _ in range(2):
        assert networks.imagenet_network().output_shape == (None, 1000)
    assert host.requests == 2, "what had another hash is not used again"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_command_tells_a_download_that_failed_in_a_sentence(host: WeightsHost, tmp_path: Path) -> None:
    from commands.pack import command

    result = CliRunner().invoke(command, ["imagenet", "--out", str(tmp_path / "imagenet")])
    assert result.exit_code == 1
    assert "Error: Keras could not download the weights of ResNet50, because the host has no such file" in result.output
    assert not (tmp_path / "imagenet").exists()


def test_the_patience_of_a_download_is_five_seconds() -> None:
    assert networks.DOWNLOAD_SECONDS == 5
