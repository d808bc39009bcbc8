"""Commands that are imported when they are used: `--help` and each command wait for nobody else's imports."""

from __future__ import annotations

from importlib import import_module

import click


class LazyCommand(click.Command):
    """Stands for a command in the help and in completion, until LazyGroup puts the real one in its place."""

    def __init__(self, name: str, place: str, summary: str, *, hidden: bool = False) -> None:
        """`place` is "module:attribute" in this package; `summary` is the first sentence of its own help."""
        super().__init__(name, help=summary, hidden=hidden)
        self._place = place

    def load(self) -> click.Command:
        """Import the command's module, and return the command."""
        module, _, attribute = self._place.partition(":")
        command = getattr(import_module(f"{__package__}.{module}"), attribute)
        assert isinstance(command, click.Command), self._place
        return command


class LazyGroup(click.Group):
    """A group that may hold LazyCommand; with the name of one in its arguments it loads it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with, and what is left of them."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _loaded(command) if command else None, rest


def subcommands(command: click.Command) -> dict[str, click.Command]:
    """Return the commands of a group by their names, all of them imported; others have none."""
    if not isinstance(command, click.Group):
        return {}
    return {name: _loaded(child) for name, child in command.commands.items()}


def _loaded(command: click.Command) -> click.Command:
    return command.load() if isinstance(command, LazyCommand) else command
