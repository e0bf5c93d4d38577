"""`scripts/bench`."""

from __future__ import annotations

import click

from . import captioner, everything, listing, page, pipeline, runtimes, scale, search, stages, usage, worker


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the gallery on this machine: everything, or one thing at a time.

    A gallery that a benchmark needs, it starts in a temporary folder. Seconds depend on the machine and
    on what else it does; compare the ratios.
    """
    if context.invoked_subcommand is None:
        context.invoke(everything.command)


main.add_command(everything.command, "all")
main.add_command(captioner.command, "captioner")
main.add_command(stages.command, "stages")
main.add_command(worker.command, "worker")
main.add_command(runtimes.command, "runtimes")
main.add_command(pipeline.command, "pipeline")
main.add_command(listing.command, "list")
main.add_command(search.command, "search")
main.add_command(page.command, "page")
main.add_command(usage.command, "usage")
main.add_command(scale.command, "scale")

if __name__ == "__main__":
    main(prog_name="scripts/bench")
