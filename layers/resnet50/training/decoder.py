"""Train a caption decoder on features that were computed before, on any Keras backend."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from captionary.beam import Search, beam_search
from captionary.packs import HASH
from captionary.words import PAD, UNKNOWN, Vocabulary, sentence

from . import hashing
from .checkpoint import Checkpoint, finished_epochs, replace_text, replace_weights
from .data import DataError
from .encoder import Report, Reporter, check_unchanged, cosine
from .scores import bleu_and_cider
from .settings import DecoderSettings
from .show_and_tell import ShowAndTell
from .transformer import Transformer

WEIGHTS, SUMMARY, CHECKPOINT = "decoder.weights.h5", "decoder.json", "decoder-checkpoint"
DEV_BATCH = 50  # pictures described at once
# Settings that may be others when a run goes on.
REWARD = {"reward_epochs", "reward_rate", "reward_batch_size", "reward_temperature", "reward_average_momentum"}
MAY_CHANGE = {"epochs", "patience", "score_pictures", "dtype_policy", *REWARD}

CaptionNetwork = Transformer | ShowAndTell


def network(settings: DecoderSettings, vocabulary: int, channels: int) -> CaptionNetwork:
    """An untrained decoder for a vocabulary of that size and features of so many channels."""
    if settings.kind == "show-and-tell":
        return ShowAndTell(
            vocabulary,
            width=settings.width,
            longest=settings.longest,
            channels=channels,
            dropout=settings.dropout,
        )
    return Transformer(
        vocabulary,
        width=settings.width,
        layers=settings.layers,
        picture_layers=settings.picture_layers,
        heads=settings.heads,
        longest=settings.longest,
        channels=channels,
        dropout=settings.dropout,
        place_dropout=settings.place_dropout,
    )


class CaptionBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Features, words and the words that follow them, in an order that depends on seed and epoch alone."""

    def __init__(
        self,
        features: NDArray[np.float16],
        captions: Sequence[Sequence[str]],
        vocabulary: Vocabulary,
        settings: DecoderSettings,
        epoch: int = 0,
    ) -> None:
        """Features (N, V, 49, C), V views of each picture, and one caption or more for each of the N."""
        super().__init__()
        self._features = features
        self._settings = settings
        self._epoch = epoch
        self._tokens = [
            np.array([vocabulary.encode(caption, settings.longest + 1) for caption in own], np.int32)
            for own in captions
        ]

    def __len__(self) -> int:
        return math.ceil(len(self._tokens) / self._settings.batch_size)

    def __getitem__(self, number: int) -> tuple[dict[str, NDArray[Any]], NDArray[np.int32], NDArray[np.float32]]:
        settings = self._settings
        order = np.random.default_rng((settings.seed, self._epoch)).permutation(len(self._tokens))
        random = np.random.default_rng((settings.seed, self._epoch, number))
        chosen = order[number * settings.batch_size : (number + 1) * settings.batch_size]
        tokens = np.stack([self._some(self._tokens[i], random) for i in chosen])  # (B, K, T + 1)
        if settings.agreement:  # each picture and its captions twice, side by side
            chosen, tokens = np.repeat(chosen, 2), np.repeat(tokens, 2, axis=0)
        views = random.integers(0, min(settings.views, self._features.shape[1]), len(chosen))
        given, wanted = tokens[..., :-1].copy(), tokens[..., 1:]
        hidden = (random.random(given.shape) < settings.word_dropout) & (given > UNKNOWN)
        given[hidden] = UNKNOWN
        pictures = self._features[chosen, views].astype(np.float32)
        return {"features": pictures, "tokens": given}, wanted, (wanted != PAD).astype(np.float32)

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def _some(self, captions: NDArray[np.int32], random: np.random.Generator) -> NDArray[np.int32]:
        """As many captions of a picture as each is to have; some twice where there are fewer."""
        each = self._settings.captions_each
        return captions[random.permutation(max(len(captions), each))[:each] % len(captions)]


@keras.saving.register_keras_serializable("captionary")
class WordCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of word numbers (B, K, T) and scores (B, K, T, V), a share of the target spread evenly.

    With a weight for agreement, each picture comes twice, side by side, and how much the answers differ (with another
    view, other dropout) is added: the mean of their Kullback-Leibler divergences (Liang et al. 2021, arXiv:2106.14448).
    """

    def __init__(
        self,
        smoothing: float,
        agreement: float = 0.0,
        name: str = "word_crossentropy",
        # Mean over the words that count: padding has the weight 0.
        reduction: str = "mean_with_sample_weight",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.smoothing, self.agreement = smoothing, agreement

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(B, K, T), in nats."""
        total = ops.logsumexp(y_pred, axis=-1)
        wanted = ops.squeeze(ops.take_along_axis(y_pred, ops.expand_dims(ops.cast(y_true, "int32"), -1), -1), -1)
        losses = total - (1 - self.smoothing) * wanted - self.smoothing * ops.mean(y_pred, axis=-1)
        if not self.agreement:
            return losses
        logarithms = y_pred - total[..., None]
        one, other = logarithms[::2], logarithms[1::2]
        difference = ops.sum((ops.exp(one) - ops.exp(other)) * (one - other), axis=-1) / 2
        return losses + self.agreement * ops.repeat(difference, 2, axis=0)


def describe(
    decoder: CaptionNetwork, features: NDArray[np.floating[Any]], vocabulary: Vocabulary, search: Search
) -> list[list[str]]:
    """Words for each picture: features (N, 49, C) to N captions."""
    described = []
    for start in range(0, len(features), DEV_BATCH):
        batch = ops.convert_to_tensor(np.asarray(features[start : start + DEV_BATCH], np.float32))
        count = len(batch)
        memory = decoder.memory(batch)
        beams = count * search.width
        state = [np.zeros(decoder.cache_shape(beams), np.float32)]

        def step(
            last: NDArray[np.int32], position: int, order: NDArray[np.intp], memory: Any = memory, state: Any = state
        ) -> NDArray[np.float32]:
            state[0] = state[0][order]
            here = ops.convert_to_tensor(np.array([position], np.int32))
            cache = ops.convert_to_tensor(state[0])
            scores, written = decoder.step(ops.convert_to_tensor(last[:, np.newaxis]), here, memory, cache)
            state[0][..., position % state[0].shape[-2], :] = ops.convert_to_numpy(ops.cast(written, "float32"))
            return np.array(ops.convert_to_numpy(ops.log_softmax(scores)), np.float32)

        described += [vocabulary.decode(found.numbers) for found in beam_search(step, count, search)]
    return described


def train(
    features: NDArray[np.float16],
    captions: Sequence[Sequence[str]],
    dev_features: NDArray[np.float16],
    dev_captions: Sequence[Sequence[str]],
    settings: DecoderSettings,
    out: Path,
    report: Report = lambda epoch, step, scores: None,
    *,
    start: Sequence[Path] = (),
    about: dict[str, Any] | None = None,
) -> dict[str, float]:
    """Train a decoder, and keep the weights of the epoch that describes the development set best (CIDEr).

    With 0 epochs, what it begins with is scored and kept.

    Leaves `decoder.weights.h5`, `decoder.json` (settings, vocabulary, scores) and `hash.npy` (which tells pictures
    that look alike by these features) in `out`. Killed and
    started again with the same `out`, it goes on from the last finished epoch.

    Args:
        features: (N, V, 49, C), V views of each picture; dev_features likewise, of which the first counts.
        report: called as `report(epoch, step, scores)` after each step, counted from 0.
        start: other runs, with whose words and the average of whose weights this one begins. Runs that
            began with the same weights are near enough for the average to be better than each
            (Wortsman et al. 2022, arXiv:2203.05482); one that is named twice counts twice. What they were trained on
            is told with what this one is.
        about: what else the summary is to say, such as which network the features are of.
    Returns: scores on the development set: `bleu1` to `bleu4` (0 to 100), `cider`.
    Raises:
        DataError: `out` holds a run with other settings or words, or `start` some of other words or another shape.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    about = dict(about or {})
    if start:
        decoder, vocabulary, learnt_from = _begun(start, settings, features.shape[-1])
        parts = [*about.get("provenance", "").split(", "), *learnt_from]
        about["provenance"] = ", ".join(filter(None, dict.fromkeys(parts)))
    else:
        vocabulary = Vocabulary.of([caption for own in captions for caption in own], settings.least_count)
        decoder = untrained(settings, len(vocabulary), features)
    first_epoch = finished_epochs(out / CHECKPOINT)
    batches = CaptionBatches(features, captions, vocabulary, settings, first_epoch)
    decoder.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(settings, len(batches)),
            beta_2=0.98,
            weight_decay=settings.weight_decay,
            clipnorm=settings.clip_norm,
            use_ema=True,
            ema_momentum=settings.average_momentum,
        ),
        loss=WordCrossentropy(settings.label_smoothing, settings.agreement),
    )
    scorer = DevScore(dev_features[:, 0], dev_captions, vocabulary, settings, out, about)
    scorer.check_settings()
    if not (out / HASH).is_file():
        np.save(out / HASH, hashing.fit(features))
    if not settings.epochs and not (out / SUMMARY).is_file():
        scorer.look(decoder.get_weights(), 0)
    if scorer.is_through(first_epoch):
        return scorer.finish()
    checkpoint = Checkpoint(out / CHECKPOINT)
    checkpoint.restore(decoder)
    started = time.monotonic()
    history = decoder.fit(
        batches,
        initial_epoch=first_epoch,
        epochs=settings.epochs,
        verbose=0,
        # Scored first, kept then: killed between the two, an epoch is learnt again, and scored.
        callbacks=[
            scorer,
            checkpoint,
            Reporter(report, first_epoch),
        ],
    )
    return scorer.finish(
        seconds=round(time.monotonic() - started),
        backend=keras.backend.backend(),
        loss=[round(float(value), 4) for value in history.history["loss"]],
    )


def load(run: Path) -> tuple[CaptionNetwork, Vocabulary, dict[str, Any]]:
    """The decoder of a training run, its words, and the run's summary.

    Raises:
        DataError: the folder holds no such run.
    """
    if not (run / SUMMARY).is_file() or not (run / WEIGHTS).is_file():
        raise DataError(f"{run} holds no training run of a decoder ({SUMMARY}, {WEIGHTS}).")
    summary = json.loads((run / SUMMARY).read_text())
    vocabulary = Vocabulary(summary["vocabulary"])
    decoder = network(DecoderSettings(**summary["settings"]), len(vocabulary), summary["channels"])
    decoder.load_weights(run / WEIGHTS)
    return decoder, vocabulary, summary


def untrained(settings: DecoderSettings, vocabulary: int, features: NDArray[np.float16]) -> CaptionNetwork:
    """A decoder that knows nothing but mean and deviation of each channel of the features (N, V, 49, C)."""
    decoder = network(settings, vocabulary, features.shape[-1])
    sample = np.asarray(features[:: max(1, len(features) // 1000), 0], np.float32)  # of a thousand pictures
    decoder.mean.assign(sample.mean(axis=(0, 1)))
    decoder.deviation.assign(sample.std(axis=(0, 1)) + 1e-3)
    return decoder


def _begun(
    runs: Sequence[Path], settings: DecoderSettings, channels: int
) -> tuple[CaptionNetwork, Vocabulary, list[str]]:
    """A decoder with the average of the weights of these runs, their words, and what they were trained on."""
    _, vocabulary, _ = load(runs[0])
    decoder = network(settings, len(vocabulary), channels)
    weights, learnt_from = [], []
    for run in runs:
        begun, words, summary = load(run)
        if words.words != vocabulary.words:
            raise DataError(f"The decoder in {run} has other words than the one in {runs[0]}.")
        if [weight.shape for weight in begun.weights] != [weight.shape for weight in decoder.weights]:
            raise DataError(f"The decoder in {run} is of another shape than these settings ask for.")
        weights.append(begun.get_weights())
        learnt_from += summary.get("provenance", "").split(", ")
    decoder.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return decoder, vocabulary, learnt_from


def _schedule(settings: DecoderSettings, steps_per_epoch: int) -> Any:
    warmup = math.ceil(settings.warmup_epochs * steps_per_epoch)
    return cosine(settings.learning_rate, steps=settings.epochs * steps_per_epoch, warmup=warmup, last=0.02)


def averaged(decoder: CaptionNetwork) -> list[NDArray[Any]]:
    """The moving average of the weights of a decoder that learns; itself stays as it is."""
    learnt = decoder.get_weights()
    decoder.optimizer.finalize_variable_values(decoder.trainable_variables)
    average: list[NDArray[Any]] = decoder.get_weights()
    decoder.set_weights(learnt)
    return average


class DevScore(keras.callbacks.Callback):  # type: ignore[misc]
    """Describes the development set after each epoch, keeps the best weights, and ends what gets no better."""

    def __init__(
        self,
        features: NDArray[np.float16],
        captions: Sequence[Sequence[str]],
        vocabulary: Vocabulary,
        settings: DecoderSettings,
        out: Path,
        about: dict[str, Any],
    ) -> None:
        """`about` is what else the summary is to say."""
        super().__init__()
        self._features, self._captions = features, captions
        self._vocabulary, self._settings, self._out, self._about = vocabulary, settings, out, about
        # The scores are those of a decoder beside the one that learns, and its file holds weights alone.
        self._decoder = network(settings, len(vocabulary), features.shape[-1])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        scores = self.look(averaged(self.model), epoch + 1)
        if logs is not None:
            logs |= scores
        self.model.stop_training = self.is_through(epoch + 1)

    def check_settings(self) -> None:
        """Refuse to go on with a run that was begun otherwise.

        Raises:
            DataError: settings or words are others, but for how long it is to go on.
        """
        summary = self._summary()
        if not summary:
            return
        check_unchanged(self._out, dataclasses.asdict(self._settings), summary["settings"], MAY_CHANGE)
        if summary["vocabulary"] != self._vocabulary.words:
            raise DataError(f"The run in {self._out} was trained on other captions. Choose another folder.")

    def is_through(self, epochs: int) -> bool:
        """Whether training ends after so many epochs: it is through with all, or got no better for long."""
        best = self._summary().get("best", {"epoch": epochs})
        return epochs >= self._settings.epochs or epochs - int(best["epoch"]) >= self._settings.patience

    def look(self, weights: list[NDArray[Any]], epoch: int) -> dict[str, float]:
        """The scores of these weights, after so many epochs; keeps them if they are the best yet."""
        self._decoder.set_weights(weights)
        scores = self._score(self._settings.score_pictures)
        summary = self._summary()
        if not summary or self._settings.keep_last or scores["cider"] > summary["best"]["cider"]:
            replace_weights(self._decoder, self._out / WEIGHTS)
            summary |= {
                "settings": dataclasses.asdict(self._settings),
                "vocabulary": self._vocabulary.words,
                "channels": self._decoder.channels,
                "best": {**scores, "epoch": epoch},
                **self._about,
            }
            self._write(summary)
        return scores

    def finish(self, **about: Any) -> dict[str, float]:
        """The scores of the best weights on the whole set, which go into the summary with what else is to be said."""
        self._decoder.load_weights(self._out / WEIGHTS)
        scores = self._score(len(self._captions))
        self._write(self._summary() | {"scores": {"pictures": len(self._captions), **scores}} | about)
        return scores

    def _score(self, pictures: int) -> dict[str, float]:
        search = Search(longest=self._settings.longest)
        found = describe(self._decoder, self._features[:pictures], self._vocabulary, search)
        return bleu_and_cider([sentence(words) for words in found], self._captions[:pictures])

    def _summary(self) -> dict[str, Any]:
        path = self._out / SUMMARY
        return dict(json.loads(path.read_text())) if path.is_file() else {}

    def _write(self, summary: dict[str, Any]) -> None:
        replace_text(self._out / SUMMARY, json.dumps(summary, indent=2) + "\n")
