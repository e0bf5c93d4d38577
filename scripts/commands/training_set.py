"""What people said of captions, as a set to train on: `captionary train decoder --data FOLDER`.

The pictures are the gallery's previews: upright JPEGs of up to 1280 pixels, which is what the network looks at
when it captions, whatever the photos' own formats are.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath

from captionary.records import Record

from .names import safe_name
from .rows import cell

TABLE = "captions.csv"
PICTURES = "photos"  # the folder in the folder


def approved_caption(record: Record) -> str | None:
    """The caption that a person wrote, or the model's if it was judged right more often than wrong; None for none."""
    if record.status != "ready":
        return None
    if record.own_caption is not None:
        return record.own_caption
    # Judgements may be of what an earlier model said.
    verdicts = [note["verdict"] for note in record.notes if note["caption"] == record.caption]
    return record.caption if verdicts.count("right") > verdicts.count("wrong") else None


def write_training_set(records: Iterable[Record], preview: Callable[[Record], bytes | None], folder: Path) -> int:
    """Write the photos whose captions people approve of, and a table of those; how many they are.

    Args:
        preview: fetches a photo's preview (JPEG); None where there is none any more.
        folder: an empty one; nothing is written outside it.
    """
    (folder / PICTURES).mkdir(parents=True)
    count = 0
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "caption"])
        for record in records:
            caption = approved_caption(record)
            picture = preview(record) if caption else None
            if picture is None:
                continue
            name = f"{PurePath(safe_name(record.key)).stem}-{record.id}.jpg"
            (folder / PICTURES / name).write_bytes(picture)
            table.writerow([name, cell(caption)])
            count += 1
    return count
