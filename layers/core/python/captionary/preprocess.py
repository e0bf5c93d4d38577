"""How a picture becomes the network's input: the same here in training and in the function."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# What keras.applications.resnet50.preprocess_input takes off: ImageNet's mean, in blue, green, red.
CHANNEL_MEANS_BGR = (103.939, 116.779, 123.68)


def square(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """The middle square of an RGB picture, uint8 (size, size, 3), 0 to 255."""
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0), np.uint8)


def squeezed(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """The whole of an RGB picture, squeezed to a square: uint8 (size, size, 3), 0 to 255."""
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0), np.uint8)
