"""Where a training run stands, kept after each epoch, so that it goes on from there when it was killed."""

from __future__ import annotations

import json
from pathlib import Path

import keras

WEIGHTS, STATE = "latest.weights.h5", "training_metadata.json"


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps a model's weights, its optimiser's state, and how many epochs are behind it.

    Keras' BackupAndRestore writes over the files that it would restore from; here, whoever is killed
    while writing leaves those of the epoch before.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def restore(self, model: keras.Model) -> None:
        """Bring a compiled model to where the run stood, if it was begun before."""
        if finished_epochs(self._folder):
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self._folder / WEIGHTS)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_weights(self.model, self._folder / WEIGHTS)
        replace_text(self._folder / STATE, json.dumps({"epoch": epoch + 1}))


def finished_epochs(folder: Path) -> int:
    """How many epochs a run has behind it, by its checkpoint."""
    state = folder / STATE
    return int(json.loads(state.read_text())["epoch"]) if state.is_file() else 0


def replace_weights(model: keras.Model, path: Path) -> None:
    """Keep a model's weights in a file, or, when killed meanwhile, leave the old ones there."""
    beside = path.with_name(f"new-{path.name}")
    model.save_weights(beside)
    beside.replace(path)


def replace_text(path: Path, text: str) -> None:
    """Keep a text in a file, or, when killed meanwhile, leave the old one there."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text)
    beside.replace(path)
