"""`otel-worker completion`: completion of commands and options in the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_COMMAND, _VARIABLE = "otel-worker", "_OTEL_WORKER_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the script that completes commands and options in a SHELL.

    \b
    bash: otel-worker completion bash >> ~/.bashrc
    zsh:  otel-worker completion zsh >> ~/.zshrc
    fish: otel-worker completion fish > ~/.config/fish/completions/otel-worker.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click knows these three"
    root = context.find_root().command
    click.echo(kind(root, {}, _COMMAND, _VARIABLE).source())
