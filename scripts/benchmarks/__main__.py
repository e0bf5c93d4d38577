"""`scripts/bench`."""

from __future__ import annotations

import click

from . import listing, pipeline


@click.group()
def main() -> None:
    """Measure the gallery on this machine.

    Each benchmark starts a gallery of its own in a temporary folder. Seconds depend on the machine
    and on what else it does; compare the ratios.
    """


main.add_command(pipeline.command, "pipeline")
main.add_command(listing.command, "list")

if __name__ == "__main__":
    main(prog_name="scripts/bench")
