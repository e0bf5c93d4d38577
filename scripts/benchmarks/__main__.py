"""`scripts/bench`."""

from __future__ import annotations

import click

from . import captioner, listing, pipeline, search


@click.group()
def main() -> None:
    """Measure the gallery on this machine.

    A gallery that a benchmark needs, it starts in a temporary folder. Seconds depend on the machine and
    on what else it does; compare the ratios.
    """


main.add_command(pipeline.command, "pipeline")
main.add_command(captioner.command, "captioner")
main.add_command(listing.command, "list")
main.add_command(search.command, "search")

if __name__ == "__main__":
    main(prog_name="scripts/bench")
