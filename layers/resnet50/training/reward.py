"""Fine-tune a caption decoder for the score itself: self-critical sequence training.

The decoder says several sentences for each picture, by chance, and learns to say those more often that
CIDEr-D rates higher than the others of the same picture (Rennie et al. 2017, arXiv:1612.00563, with the
baseline of Luo 2020, arXiv:2003.09971).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from captionary.words import END, PAD, SPECIAL, START, UNKNOWN, Vocabulary, tokenise

from . import decoder as decoding
from .checkpoint import finished_epochs, replace_text, replace_weights
from .decoder import CaptionNetwork
from .encoder import Report
from .settings import DecoderSettings

LONGEST_NGRAM = 4
SIGMA = 6.0  # words; how much a caption's length may differ from a reference's
# N-grams weighed by how rare they are, the norms of the weights by n, and the number of bigrams.
Weighted = tuple[dict[tuple[str, ...], float], list[float], int]

# Of word numbers (B, K, T), the reward of each sentence (B, K).
Rate = Callable[[NDArray[np.int32]], NDArray[np.float32]]


class CiderD:
    """CIDEr-D of single captions against fixed references (Vedantam et al. 2015, arXiv:1411.5726, section 4).

    As pycocoevalcap computes it for a whole set, divided by 10; here the references are prepared once.
    """

    def __init__(self, references: Sequence[Sequence[Sequence[str]]]) -> None:
        """References of N pictures, one or more each, as words."""
        self._references = references
        self._pictures_with: Counter[tuple[str, ...]] = Counter()
        for own in references:
            self._pictures_with.update(set().union(*map(_ngrams, own)))
        self._log_count = math.log(len(references))

    def score(self, picture: int, captions: Sequence[Sequence[str]]) -> list[float]:
        """CIDEr-D of captions of a picture, each by itself."""
        references = [self._weighted(_ngrams(words)) for words in self._references[picture]]
        return [self._score(self._weighted(_ngrams(words)), references) for words in captions]

    def _score(self, caption: Weighted, references: Sequence[Weighted]) -> float:
        given, given_norms, given_length = caption
        total = 0.0
        for wanted, norms, length in references:
            alike = [0.0] * LONGEST_NGRAM
            for ngram, weight in given.items():
                if ngram in wanted:
                    alike[len(ngram) - 1] += min(weight, wanted[ngram]) * wanted[ngram]
            nearness = math.exp(-((given_length - length) ** 2) / (2 * SIGMA**2))
            for n in range(LONGEST_NGRAM):
                if given_norms[n] and norms[n]:
                    total += nearness * alike[n] / (given_norms[n] * norms[n])
        return total / LONGEST_NGRAM / len(references)

    def _weighted(self, ngrams: Counter[tuple[str, ...]]) -> Weighted:
        vector = {
            ngram: count * (self._log_count - math.log(max(1, self._pictures_with[ngram])))
            for ngram, count in ngrams.items()
        }
        norms = [0.0] * LONGEST_NGRAM
        for ngram, weight in vector.items():
            norms[len(ngram) - 1] += weight**2
        length = sum(count for ngram, count in ngrams.items() if len(ngram) == 2)
        return vector, [math.sqrt(norm) for norm in norms], length


def _ngrams(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for n in range(1, LONGEST_NGRAM + 1) for i in range(len(words) - n + 1))


class Sampler(keras.Model):  # type: ignore[misc]
    """Says sentences by chance, as likely as a decoder has them; compiled whole on every backend."""

    def __init__(self, decoder: CaptionNetwork, temperature: float) -> None:
        super().__init__(dtype="float32")  # chances have to stay as fine as they are
        self._decoder, self._temperature = decoder, temperature
        self.built = True

    def call(self, inputs: dict[str, Any]) -> Any:
        """Features (B, S, C) and chances (B, K, T) to word numbers int32 (B, K, T), with end mark and padding.

        Chances are drawn evenly from 0 to 1: the word said is the one up to which the likelihoods sum to that.
        """
        decoder = self._decoder
        memory, chances = decoder.memory(inputs["features"]), inputs["chances"]
        pictures, each, longest = chances.shape
        count = pictures * each
        chances = ops.reshape(chances, (count, longest))
        never = ops.cast(np.isin(np.arange(decoder.vocabulary), (PAD, START, UNKNOWN)), "float32") * -1e9
        cache = ops.zeros(decoder.cache_shape(count))
        last, said = ops.full((count,), START, "int32"), []
        for position in range(longest):
            here = ops.convert_to_tensor(np.array([position], np.int32))
            scores, written = decoder.step(ops.expand_dims(last, 1), here, memory, cache)
            place = position % cache.shape[-2]
            now = ops.expand_dims(ops.cast(written, "float32"), -2)
            cache = ops.concatenate([cache[..., :place, :], now, cache[..., place + 1 :, :]], axis=-2)
            up_to = ops.cumsum(ops.softmax(scores / self._temperature + never), axis=-1)
            below = ops.sum(ops.cast(up_to <= chances[:, position : position + 1] * up_to[:, -1:], "int32"), axis=-1)
            over = ops.logical_or(ops.equal(last, END), ops.equal(last, PAD))
            # By a rounding error even the last word may be passed.
            last = ops.where(over, PAD, ops.minimum(below, decoder.vocabulary - 1))
            said.append(last)
        return ops.reshape(ops.stack(said, axis=1), (pictures, each, longest))


class SaidCrossentropy(decoding.WordCrossentropy):
    """Cross-entropy of word numbers (B, K, T) that were said at a temperature, and scores (B, K, T, V)."""

    def __init__(self, temperature: float) -> None:
        super().__init__(0.0, name="said_crossentropy", reduction="sum_over_batch_size")
        self._temperature = temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(B, K, T), in nats."""
        return super().call(y_true, y_pred / self._temperature)


def fine_tune(
    run: Path,
    features: NDArray[np.float16],
    captions: Sequence[Sequence[str]],
    dev_features: NDArray[np.float16],
    dev_captions: Sequence[Sequence[str]],
    settings: DecoderSettings,
    report: Report = lambda epoch, step, scores: None,
) -> dict[str, float]:
    """Go on with the decoder of a training run, for `reward_epochs`, and keep what is best (CIDEr).

    Arguments as of `decoder.train`, whose run this is; its weights and summary are replaced where the
    development set is described better. Killed and started again, it goes on from the last finished epoch.

    Returns: scores on the development set.
    """
    summary = json.loads((run / decoding.SUMMARY).read_text())
    vocabulary = Vocabulary(summary["vocabulary"])
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.dtype_policy)
    # Its sentences are said by all of it, and learnt from with dropout: without, pictures are learnt by heart.
    decoder = decoding.network(settings, len(vocabulary), features.shape[-1])
    state, weights = run / "reward.json", run / "reward.weights.h5"
    begun_after = finished_epochs(run / decoding.CHECKPOINT)
    known = json.loads(state.read_text()) if state.is_file() else {}
    # Where the training before it went on since, it begins anew.
    finished = int(known["epochs"]) if known.get("begun_after") == begun_after else 0
    if not finished:
        decoder.load_weights(run / decoding.WEIGHTS)
    decoder.compile(
        optimizer=keras.optimizers.AdamW(
            settings.reward_rate,
            weight_decay=0.0,
            clipnorm=settings.clip_norm,
            use_ema=True,
            ema_momentum=settings.reward_average_momentum,
        ),
        loss=SaidCrossentropy(settings.reward_temperature),
    )
    if finished:
        decoder.optimizer.build(decoder.trainable_variables)  # so that its moments are restored too
        decoder.load_weights(weights)
    # The end counts as a word, or they would learn to break off.
    rewards = CiderD([[[*tokenise(caption), SPECIAL[END]] for caption in own] for own in captions])
    scorer = decoding.DevScore(dev_features[:, 0], dev_captions, vocabulary, settings, run, {})
    sampler = Sampler(decoder, settings.reward_temperature)
    for epoch in range(finished, settings.reward_epochs):
        random = np.random.default_rng((settings.seed, epoch))
        order = random.permutation(len(captions))
        for step in range(steps(len(captions), settings)):
            chosen = order[step * settings.reward_batch_size : (step + 1) * settings.reward_batch_size]
            views = random.integers(0, min(settings.views, features.shape[1]), len(chosen))
            pictures = features[chosen, views].astype(np.float32)
            mean = _learn(
                decoder, sampler, pictures, settings.captions_each, random, _rater(rewards, chosen, vocabulary)
            )
            report(epoch, step, {"loss": -mean})
        scores = scorer.look(decoding.averaged(decoder), summary["best"]["epoch"])
        replace_weights(decoder, weights)
        replace_text(state, json.dumps({"epochs": epoch + 1, "begun_after": begun_after}))
        report(epoch, step, {"loss": -mean, **scores})
    return scorer.finish(reward_epochs=settings.reward_epochs)


def steps(pictures: int, settings: DecoderSettings) -> int:
    """How many steps an epoch has: all of the same size, so that all are compiled once."""
    return max(1, pictures // settings.reward_batch_size)


def _rater(rewards: CiderD, pictures: NDArray[np.intp], vocabulary: Vocabulary) -> Rate:
    def words(numbers: NDArray[np.int32]) -> list[str]:
        return [*vocabulary.decode(numbers), *([SPECIAL[END]] if END in numbers else [])]

    def rate(said: NDArray[np.int32]) -> NDArray[np.float32]:
        rated = [rewards.score(int(i), [words(one) for one in own]) for i, own in zip(pictures, said, strict=True)]
        return np.array(rated, np.float32)

    return rate


def _learn(
    decoder: CaptionNetwork,
    sampler: Sampler,
    pictures: NDArray[np.float32],
    each: int,
    random: np.random.Generator,
    rate: Rate,
) -> float:
    """One step; the mean reward of what was said before it."""
    chances = random.random((len(pictures), each, decoder.longest), np.float32)
    said = sampler.predict_on_batch({"features": pictures, "chances": chances})
    rated = rate(said)
    of_others = (rated.sum(axis=1, keepdims=True) - rated) / (each - 1)
    given = np.concatenate([np.full((*said.shape[:2], 1), START, np.int32), said[..., :-1]], axis=-1)
    weights = (rated - of_others)[..., np.newaxis] * (said != PAD)
    decoder.train_on_batch({"features": pictures, "tokens": given}, said, weights.astype(np.float32))
    return float(rated.mean())
