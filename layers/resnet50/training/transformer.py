"""A caption decoder that attends to conv4 features.

A Transformer (Vaswani et al. 2017, arXiv:1706.03762), normalised before each part, in the place of the
LSTM of Show, Attend and Tell (Xu et al. 2015, arXiv:1502.03044).

Axes: B pictures, K captions of each, T words, S = 49 places of the feature grid, C = 1024 channels,
D the decoder's width, H its heads, L its layers, V words of the vocabulary. Keys and values of all heads and layers
share an axis (2LH), for LiteRT's fast kernels take arrays of few axes alone.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

PLACES = 49
STEPS = 127  # of 8 bits, on either side of zero


class _Attention(keras.layers.Layer):  # type: ignore[misc]
    """Multi-head attention whose keys and values are given ready made."""

    def __init__(self, width: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.heads = width, heads
        self.query = keras.layers.Dense(width, use_bias=False)
        self.key_value = keras.layers.Dense(2 * width, use_bias=False)
        self.out = keras.layers.Dense(width)

    def build(self, shape: Any) -> None:
        for layer in (self.query, self.key_value, self.out):
            layer.build((*shape[:-1], self.width))
        super().build(shape)

    def keys_and_values(self, inputs: Any) -> Any:
        """Of what is to be seen: (B, S, D) to (B, 2H, S, D / H), each head's keys first, then the values."""
        parts = ops.reshape(self.key_value(inputs), (-1, inputs.shape[1], 2 * self.heads, self.width // self.heads))
        return ops.transpose(parts, (0, 2, 1, 3))

    def call(self, inputs: Any, seen: Any, mask: Any = None) -> Any:
        """Inputs (B, T, D), keys and values (B, 2H, S, D / H), mask (..., T, S) of what may be seen, to (B, T, D)."""
        size = self.width // self.heads
        query = ops.reshape(self.query(inputs), (-1, inputs.shape[1], self.heads, size))
        keys, values = seen[:, : self.heads], seen[:, self.heads :]
        scores = ops.matmul(ops.transpose(query, (0, 2, 1, 3)), ops.transpose(keys, (0, 1, 3, 2)))
        scores = ops.cast(scores, "float32") * size**-0.5
        if mask is not None:
            scores = scores + (1 - ops.cast(mask, "float32")) * -1e9
        weights = ops.cast(ops.softmax(scores), seen.dtype)
        mixed = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))
        return self.out(ops.reshape(mixed, (-1, inputs.shape[1], self.width)))


class _Block(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, width: int, heads: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(3)]
        self.to_words, self.to_picture = _Attention(width, heads), _Attention(width, heads)
        self.wide, self.narrow = keras.layers.Dense(4 * width, activation="gelu"), keras.layers.Dense(width)
        self.dropout = keras.layers.Dropout(dropout)

    def build(self, shape: Any) -> None:
        for layer in (*self.norms, self.to_words, self.to_picture, self.wide):
            layer.build((None, None, self.width))
        self.narrow.build((None, None, 4 * self.width))
        super().build(shape)

    def of_words(self, hidden: Any) -> Any:
        """Keys and values of words: (B, T, D) to (B, 2H, T, D / H)."""
        return self.to_words.keys_and_values(self.norms[0](hidden))

    def call(self, hidden: Any, words: Any, mask: Any, picture: Any, each: int, training: bool = False) -> Any:
        """One layer: hidden (B * each, T, D) to the same.

        Args:
            words: keys and values of the words so far, as `of_words` gives them.
            picture: keys and values of the places (B, 2H, S, D / H).
            each: sentences of a picture, side by side.
        """
        hidden = hidden + self.dropout(self.to_words(self.norms[0](hidden), words, mask), training=training)
        # The captions of a picture look at it side by side: there is no order among them, and no mask.
        length = hidden.shape[1]
        side_by_side = ops.reshape(self.norms[1](hidden), (-1, each * length, self.width))
        seen = ops.reshape(self.to_picture(side_by_side, picture), (-1, length, self.width))
        hidden = hidden + self.dropout(seen, training=training)
        return hidden + self.dropout(self.narrow(self.wide(self.norms[2](hidden))), training=training)


class _PictureBlock(keras.layers.Layer):  # type: ignore[misc]
    """Lets the places of a picture look at each other, before words look at them."""

    def __init__(self, width: int, heads: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(2)]
        self.to_places = _Attention(width, heads)
        self.wide, self.narrow = keras.layers.Dense(2 * width, activation="gelu"), keras.layers.Dense(width)
        self.dropout = keras.layers.Dropout(dropout)

    def build(self, shape: Any) -> None:
        for layer in (*self.norms, self.to_places, self.wide):
            layer.build((None, None, self.width))
        self.narrow.build((None, None, 2 * self.width))
        super().build(shape)

    def call(self, places: Any, training: bool = False) -> Any:
        """(B, S, D) to the same."""
        normal = self.norms[0](places)
        seen = self.to_places(normal, self.to_places.keys_and_values(normal))
        places = places + self.dropout(seen, training=training)
        return places + self.dropout(self.narrow(self.wide(self.norms[1](places))), training=training)


class Transformer(keras.Model):  # type: ignore[misc]
    """Features and the words so far to scores of the next word."""

    def __init__(
        self,
        vocabulary: int,
        *,
        width: int,
        layers: int,
        picture_layers: int,
        heads: int,
        longest: int,
        channels: int = 1024,
        dropout: float,
        place_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.vocabulary, self.width, self.longest = vocabulary, width, longest
        self.channels = channels
        self.memory_shape = (layers * 2 * heads, PLACES, width // heads)
        self.project = keras.layers.Dense(width)
        self.project_norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self.place = keras.layers.Embedding(PLACES, width)
        self.word = keras.layers.Embedding(vocabulary, width)
        self.position = keras.layers.Embedding(longest, width)
        self.blocks = [_Block(width, heads, dropout, name=f"block{i}") for i in range(layers)]
        self.picture_blocks = [
            _PictureBlock(width, heads, dropout, name=f"picture_block{i}") for i in range(picture_layers)
        ]
        self.last_norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self.mean = self.add_weight(shape=(channels,), initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=(channels,), initializer="ones", trainable=False, name="deviation")
        self.bias = self.add_weight(shape=(vocabulary,), initializer="zeros", name="bias")
        self._steps: NDArray[np.float32] | None = None  # (V,), once the words are rounded
        self.dropout = keras.layers.Dropout(dropout)
        self.place_dropout = keras.layers.Dropout(place_dropout, noise_shape=(None, PLACES, 1))
        self.project.build((None, PLACES, channels))
        for layer in (self.project_norm, self.last_norm, *self.blocks, *self.picture_blocks):
            layer.build((None, None, width))
        for layer in (self.place, self.word, self.position):
            layer.build((None, None))
        self.built = True

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        """Features (B, S, C) and tokens int32 (B, K, T) to scores float32 (B, K, T, V) of the word after each."""
        tokens = inputs["tokens"]
        captions, length = tokens.shape[1:]
        picture = self.memory(inputs["features"], training=training)
        hidden = self._look_up(ops.reshape(tokens, (-1, length))) * self.width**0.5
        hidden = self.dropout(hidden + self.position(ops.arange(length)), training=training)
        mask = ops.tril(ops.ones((length, length), "bool"))
        for i, block in enumerate(self.blocks):
            hidden = block(
                hidden, block.of_words(hidden), mask, self._own(picture, i), each=captions, training=training
            )
        return ops.reshape(self._scores(hidden), (-1, captions, length, self.vocabulary))

    def places(self, features: Any, training: bool = False) -> Any:
        """The places of a picture, as the picture layers see them: features (B, S, C) to (B, S, D)."""
        features = self.place_dropout((features - self.mean) / self.deviation, training=training)
        places = self.project_norm(self.project(features))
        places = self.dropout(places + self.place(ops.arange(PLACES)), training=training)
        for picture_block in self.picture_blocks:
            places = picture_block(places, training=training)
        return places

    def memory(self, features: Any, training: bool = False) -> Any:
        """What the words will look at: features (B, S, C) to keys and values (B, 2LH, S, D / H)."""
        places = self.places(features, training=training)
        return ops.concatenate([block.to_picture.keys_and_values(places) for block in self.blocks], axis=1)

    def cache_shape(self, beams: int) -> tuple[int, ...]:
        """The shape of what is kept of the words so far, for that many beams; T is the last axis but one."""
        both, _, size = self.memory_shape
        return (beams, both, self.longest, size)

    def step(self, tokens: Any, position: Any, memory: Any, cache: Any) -> tuple[Any, Any]:
        """One word on, for B beams.

        Args:
            tokens: int32 (B, 1), the last words.
            position: int32 (1,), how many words came before them.
            memory: (B', 2LH, S, D / H); the beams of a picture lie side by side, B / B' of them.
            cache: (B, 2LH, T, D / H), keys and values of the words before; what comes after them is not looked at.
        Returns: scores float32 (B, V) of the next words; and keys and values (B, 2LH, D / H) of these words, which
            belong into the cache at this position.
        """
        hidden = self._look_up(tokens) * self.width**0.5 + self.position(position)
        # These words come after all that the cache has room for.
        mask = ops.concatenate([ops.arange(self.longest) < position, ops.ones((1,), "bool")])
        each, written = tokens.shape[0] // memory.shape[0], []
        for i, block in enumerate(self.blocks):
            words = block.of_words(hidden)
            written.append(words[:, :, 0])
            words = ops.concatenate([ops.cast(self._own(cache, i), words.dtype), words], axis=2)
            hidden = block(hidden, words, mask, self._own(memory, i), each=each)
        return self._scores(hidden)[:, 0], ops.concatenate(written, axis=1)

    def round_words(self) -> None:
        """Round the words' vectors to 8 bits each, kept as whole steps and how large a step of each word is.

        So LiteRT's converter finds the same numbers at both ends of the network, and keeps them once. What the
        network says stays, but for the rounding; its weights are of no use to others then.
        """
        vectors = ops.convert_to_numpy(self.word.embeddings)  # (V, D)
        largest = np.abs(vectors).max(axis=1)
        steps = (np.where(largest > 0, largest, 1) / STEPS).astype(np.float32)
        self.word.embeddings.assign(np.round(vectors / steps[:, np.newaxis]))
        self._steps = steps

    def _look_up(self, tokens: Any) -> Any:
        """Word numbers (B, T) to their vectors (B, T, D)."""
        vectors = self.word(tokens)
        return vectors if self._steps is None else vectors * ops.take(self._steps, tokens)[..., np.newaxis]

    def _own(self, keys_and_values: Any, layer: int) -> Any:
        """A layer's own, of those of all layers (B, 2LH, S, D / H)."""
        size = keys_and_values.shape[1] // len(self.blocks)
        return keys_and_values[:, layer * size : (layer + 1) * size]

    def _scores(self, hidden: Any) -> Any:
        embedding = ops.transpose(ops.cast(self.word.embeddings, hidden.dtype))
        scores = ops.cast(ops.matmul(self.last_norm(hidden), embedding), "float32")
        if self._steps is not None:
            scores = scores * self._steps
        return scores + ops.cast(self.bias, "float32")
