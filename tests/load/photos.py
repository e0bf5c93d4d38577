"""Photos for visitors to upload: parts of real ones, no two the same."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image, ImageEnhance

_SCENES = Path(__file__).parents[2] / "layers" / "resnet50" / "photos"
_SMALLEST_PART = 0.5  # of each side
_LONGEST_SIDES = (320, 640, 1024, 1600)


class Camera:
    """Takes photos."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._scenes = []
        for path in sorted(_SCENES.glob("*.jpg")):
            with Image.open(path) as scene:
                self._scenes.append(scene.convert("RGB"))

    def shoot(self) -> bytes:
        """A JPEG that nobody has yet."""
        scene = self._chance.choice(self._scenes)
        width, height = (round(side * self._chance.uniform(_SMALLEST_PART, 1)) for side in scene.size)
        left, top = self._chance.randint(0, scene.width - width), self._chance.randint(0, scene.height - height)
        scale = self._chance.choice(_LONGEST_SIDES) / max(width, height)
        photo = scene.resize(
            (max(1, round(width * scale)), max(1, round(height * scale))),
            box=(left, top, left + width, top + height),
        )
        photo = ImageEnhance.Brightness(photo).enhance(self._chance.uniform(0.7, 1.3))
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=85, comment=self._chance.randbytes(8).hex())
        return file.getvalue()
