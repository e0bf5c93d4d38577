"""Where ResNet50's weights come from, with the real ones where they are."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from captionary import packs
from captionary.captioner import Captioner
from captionary.decoder import Decoder
from infra.deploy import ROOT
from resnet50 import build, decoders, networks
from resnet50.training.captions import open_captioned, pixels
from resnet50.training.encoder import preprocess
from resnet50.training.features import look

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
        build.encoder_to_int8(keras.applications.ResNet50(weights=None), [], sentences)


def test_what_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "text.weights.h5").write_text("hello")
    for source, reason in (
        (tmp_path / "none.h5", "no file or folder"),
        (tmp_path / "text.weights.h5", "does not hold the weights"),
        (tmp_path, "no finished training run"),
    ):
        with pytest.raises(networks.WeightsError, match=reason):
            networks.network_of(str(source))
