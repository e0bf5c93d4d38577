"""`scripts/captionary`: one command for each module beside this one."""

from __future__ import annotations

import importlib

import click

# Imported when called for: `drop` shall not wait for TensorFlow.
COMMANDS = {
    "drop": "Put photos into the gallery and wait for their captions.",
    "status": "Tell how many photos there are, what waits, and what runs.",
    "search": "Find photos by words of their captions, labels and file names.",
    "retry": "Have photos captioned once more, by default those that failed.",
    "reindex": "Compare table and buckets, and caption anew what an older model captioned.",
    "export": "Write captions and labels into a table, into copies of the photos, or into a set to train on.",
    "invoke": "Run a function by itself on an event.",
    "prepare": "Pack captioned pictures into one file to train on.",
    "train": "Train a network.",
    "pack": "Build a model pack.",
    "evaluate": "Score the captions of a pack.",
}


class Lazy(click.Group):
    """A group whose commands are modules of this package, with a function `command` in each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy)
def main() -> None:
    """Work with the gallery that `scripts/run` started."""


if __name__ == "__main__":
    main(prog_name="scripts/captionary")
