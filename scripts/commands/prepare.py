"""`captionary prepare`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress

from resnet50.training.captions import has_splits, open_captioned
from resnet50.training.data import DataError
from resnet50.training.prepare import write_packed


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="Captioned pictures.")
@click.option(
    "--split", type=click.Choice(["all", "train", "dev", "test"]), help="[default: train, if there are splits]"
)
@click.option("--side", type=click.IntRange(min=1), default=224, show_default=True, help="Pixels, the most there are.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="NAME.npz, to be written.")
def command(data: Path, split: str | None, side: int, out: Path) -> None:
    """Pack captioned pictures into one file that training reads quickly.

    --data is Flickr8k, Flickr30k or COCO as published, or a folder of pictures with a captions.csv. Pictures
    are squeezed to --side pixels; captions go into NAME_captions.json beside the file.
    """
    if out.suffix != ".npz":
        raise click.UsageError("--out should end in .npz.")
    try:
        images = open_captioned(data, split or ("train" if has_splits(data) else "all"))
    except DataError as exc:
        raise click.ClickException(str(exc)) from exc
    with Progress() as progress:
        task = progress.add_task("packing", total=len(images))
        write_packed(images, out, side, lambda done: progress.update(task, completed=done))
    captions = sum(map(len, images.captions))
    click.echo(f"{out}: {len(images)} pictures with {captions} captions, {out.stat().st_size / 1e6:.1f} MB")
