"""Settings of a training run: defaults here, differences in a small TOML file, overrides by flag."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


class SettingsError(ValueError):
    """A setting has an unknown name or a value of the wrong type."""


class Settings:
    """What the settings of every kind have in common: how they are read."""

    @classmethod
    def load(cls, path: Path | None = None, **overrides: Any) -> Self:
        """Settings from the defaults, a TOML file and overrides, the later winning.

        Raises:
            SettingsError: a name is unknown, or a value has the wrong type.
        """
        values: dict[str, Any] = {}
        if path is not None:
            values.update(tomllib.loads(path.read_text()))
        values.update({name: value for name, value in overrides.items() if value is not None})
        types = {field.name: type(field.default) for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name, value in values.items():
            if name not in types:
                raise SettingsError(f"unknown setting {name!r}; known: {', '.join(types)}")
            if types[name] is float and type(value) is int:
                values[name] = float(value)
            elif type(value) is not types[name]:
                raise SettingsError(f"{name} should be {types[name].__name__}, received {value!r}")
        return cls(**values)


@dataclass(frozen=True)
class EncoderSettings(Settings):
    """How Keras' ResNet50 is trained as a classifier."""

    # what
    image_size: int = 64  # pixels, both sides
    seed: int = 1
    # how long
    epochs: int = 3
    batch_size: int = 128
    dev_images: int = 2000  # held out of the training set, taken from its end
    # optimiser: stochastic gradient descent with Nesterov momentum
    learning_rate: float = 0.1  # at the peak, after warm-up
    warmup_epochs: float = 0.5
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    # augmentation
    shift: int = 6  # pixels, the most that a picture is moved by in each direction
    jitter: float = 0.2  # the most that brightness and contrast change by, as a fraction
    # arithmetic: "mixed_bfloat16" nearly doubles the speed where the processor has it
    dtype_policy: str = "float32"


@dataclass(frozen=True)
class DistilSettings(Settings):
    """How the stages up to conv4 learn a teacher's features."""

    # what
    image_size: int = 128  # pixels, both sides
    seed: int = 1
    views: int = 4  # of each picture: itself, its mirror image, and random parts;
    teacher_pictures: int = 24_000  # that the teacher looks at in one set, at most: fewer views, then fewer pictures
    # how long
    epochs: int = 12
    epoch_pictures: int = 12_000  # as many from each set, however large it is
    batch_size: int = 32
    # optimiser: AdamW, the rate falling along a cosine
    learning_rate: float = 1e-3  # at the peak, after warm-up
    warmup_epochs: float = 0.5
    weight_decay: float = 0.02
    # augmentation
    jitter: float = 0.2  # the most that brightness and contrast change by, as a fraction
    dtype_policy: str = "float32"


@dataclass(frozen=True)
class HeadSettings(Settings):
    """How stage 5 and the classes are trained on top of stages that stay as they are."""

    # what
    seed: int = 1
    views: int = 3  # of each picture: itself, its mirror image, and random parts
    dev_images: int = 2000  # held out of the training set, taken from its end
    # how long
    epochs: int = 8
    batch_size: int = 128
    # optimiser: stochastic gradient descent with Nesterov momentum
    learning_rate: float = 0.05  # at the peak, after warm-up
    warmup_epochs: float = 0.5
    momentum: float = 0.9
    weight_decay: float = 5e-4
    # against learning by heart
    label_smoothing: float = 0.1
    mixup: float = 0.2  # two pictures are mixed by a share from Beta(mixup, mixup), arXiv:1710.09412; 0: none is
    dtype_policy: str = "float32"


@dataclass(frozen=True)
class DecoderSettings(Settings):
    """How a caption decoder is trained on conv4 features."""

    # what
    kind: str = "transformer"  # attends to the places of a picture; or "show-and-tell", which sees it as one vector
    least_count: int = 5  # of a word, to be in the vocabulary
    longest: int = 18  # words of a caption, with its end mark; longer ones are cut
    width: int = 384
    layers: int = 3
    picture_layers: int = 2  # that relate the places of a picture to each other, before words look at them
    heads: int = 6
    seed: int = 1
    # first, where there are labelled pictures: their classes teach the picture layers (pretrain.py)
    label_epochs: int = 5
    label_batch_size: int = 64
    label_rate: float = 1e-3  # AdamW's, at the peak
    label_dropout: float = 0.1
    label_dev_images: int = 2000  # held out, from the end
    # how long
    epochs: int = 10
    batch_size: int = 8  # pictures a step, with as many captions each as `captions_each`
    captions_each: int = 5
    patience: int = 4  # epochs without a better score on the development set, then it ends
    keep_last: bool = False  # the last epoch's weights, not the best one's: for too few pictures to tell by
    score_pictures: int = 400  # of the development set, that are described after each epoch
    reward_epochs: int = 0  # then, of learning from CIDEr itself (reward.py)
    reward_rate: float = 2e-5  # AdamW's; few pictures are soon learnt by heart, so it is low,
    reward_batch_size: int = 50  # and steps are large, for much of what is said by chance is noise
    reward_temperature: float = 0.5  # below 1: what is said is nearer to what a search would find
    reward_average_momentum: float = 0.95
    # optimiser: AdamW, the rate falling along a cosine; scores are those of the weights' moving average
    learning_rate: float = 5e-4  # at the peak, after warm-up
    warmup_epochs: float = 1.0
    weight_decay: float = 0.02
    average_momentum: float = 0.995
    clip_norm: float = 1.0
    # against learning by heart
    dropout: float = 0.3
    place_dropout: float = 0.0  # share of a picture's places that are hidden from the decoder while it learns
    agreement: float = 0.0  # above 0: each picture is learnt from twice at once, and the answers are to agree
    word_dropout: float = 0.05  # share of words that are hidden from the decoder while it learns
    label_smoothing: float = 0.1
    views: int = 4  # of each picture: itself, its mirror image, and random parts
    dtype_policy: str = "float32"

    def __post_init__(self) -> None:
        if self.kind not in ("transformer", "show-and-tell"):
            raise SettingsError(f'kind should be "transformer" or "show-and-tell", received {self.kind!r}')
        if self.reward_epochs and self.captions_each < 2:
            raise SettingsError("reward_epochs need captions_each to be 2 or more: they compare captions of a picture")
