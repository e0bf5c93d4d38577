"""Show and Tell (Vinyals et al. 2015, arXiv:1411.4555): a picture, as one vector, is the first word of an LSTM.

Axes: B pictures, K captions of each, T words, S places of the feature grid, C channels, D the LSTM's
width, V words of the vocabulary.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .transformer import PLACES

EMBEDDING = 256  # of a picture, and of a word


class ShowAndTell(keras.Model):  # type: ignore[misc]
    """Features and the words so far to scores of the next word; the same calls as Transformer."""

    def __init__(self, vocabulary: int, *, width: int, longest: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary, self.width, self.longest, self.channels = vocabulary, width, longest, channels
        self.memory_shape = (2, width)
        self.mean = self.add_weight(shape=(channels,), initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=(channels,), initializer="ones", trainable=False, name="deviation")
        self.picture = keras.layers.Dense(EMBEDDING)
        self.word = keras.layers.Embedding(vocabulary, EMBEDDING)
        self.cell = keras.layers.LSTMCell(width)
        self.lstm = keras.layers.RNN(self.cell, return_sequences=True)
        self.scores = keras.layers.Dense(vocabulary, dtype="float32")
        self.dropout = keras.layers.Dropout(dropout)
        self.picture.build((None, channels))
        self.word.build((None, None))
        self.lstm.build((None, None, EMBEDDING))
        self.scores.build((None, width))
        self.built = True

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        """Features (B, S, C) and tokens int32 (B, K, T) to scores float32 (B, K, T, V) of the word after each."""
        tokens = inputs["tokens"]
        captions, length = tokens.shape[1:]
        picture = ops.repeat(self._picture(inputs["features"]), captions, axis=0)  # (B * K, embedding)
        words = self.word(ops.reshape(tokens, (-1, length)))
        told = ops.concatenate([ops.expand_dims(picture, 1), words], axis=1)
        hidden = self.lstm(self.dropout(told, training=training), training=training)[:, 1:]
        scores = self.scores(self.dropout(hidden, training=training))
        return ops.reshape(scores, (-1, captions, length, self.vocabulary))

    def memory(self, features: Any) -> Any:
        """What is left of a picture once it was shown: features (B, S, C) to the LSTM's state (B, 2, D)."""
        picture = self._picture(features)
        nothing = ops.zeros((*ops.shape(picture)[:1], self.width), picture.dtype)
        _, state = self.cell(picture, [nothing, nothing])
        return ops.stack(state, axis=1)

    def cache_shape(self, beams: int) -> tuple[int, ...]:
        """The shape of what is kept of the words so far, for that many beams: the state after the last of them."""
        return (beams, 2, 1, self.width)

    def step(self, tokens: Any, position: Any, memory: Any, cache: Any) -> tuple[Any, Any]:
        """One word on, for B beams.

        Args:
            tokens: int32 (B, 1), the last words.
            position: int32 (1,), how many words came before them.
            memory: (B', 2, D); the beams of a picture lie side by side, B / B' of them.
            cache: (B, 2, 1, D), the state after the words before; any for the first.
        Returns: scores float32 (B, V) of the next words; and the state (B, 2, D) after these, which belongs into
            the cache.
        """
        shown = ops.repeat(memory, tokens.shape[0] // memory.shape[0], axis=0)
        state = ops.where(ops.reshape(ops.equal(position, 0), (1, 1, 1)), shown, cache[:, :, 0])
        words = ops.one_hot(tokens[:, 0], self.vocabulary, dtype=self.compute_dtype)
        told = ops.matmul(words, ops.cast(self.word.embeddings, self.compute_dtype))
        hidden, state = self.cell(told, [state[:, 0], state[:, 1]])
        return self.scores(hidden), ops.stack(state, axis=1)

    def _picture(self, features: Any) -> Any:
        """Features (B, S, C) to one vector each (B, embedding)."""
        assert features.shape[1] == PLACES
        return self.picture(ops.mean((features - self.mean) / self.deviation, axis=1))
