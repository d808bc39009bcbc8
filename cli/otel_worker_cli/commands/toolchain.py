"""`otel-worker setup`, and the pinned tools as they are: `otel-worker wrangler` and `otel-worker npm`."""

from __future__ import annotations

import os

import click

from otel_worker_cli.runtime.node import (
    node_environment,
    npm_command,
    wrangler_command,
    wrangler_environment,
)
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.setup import set_up
from otel_worker_cli.runtime.workerd import workerd_wrapper


class PassThroughCommand(click.Command):
    """Takes every argument as it is, `--help` and `--` included."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.params["arguments"] = list(args)
        ctx.args = []
        return []


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when there is nothing to do.")
def setup(quiet: bool) -> None:
    """Install and pack everything that the Worker needs on this machine."""
    done = set_up(this_checkout())
    if not quiet:
        click.echo("Set up." if done else "Everything is up to date.")


@click.command(cls=PassThroughCommand)
def wrangler(arguments: list[str]) -> None:
    """Run the pinned wrangler, with the pinned Node.js and without telemetry."""
    checkout = this_checkout()
    set_up(checkout)
    command = [*wrangler_command(checkout), *arguments]
    environment = {**wrangler_environment(), "MINIFLARE_WORKERD_PATH": str(workerd_wrapper(checkout))}
    os.execve(command[0], command, environment)  # noqa: S606 - its purpose


@click.command(cls=PassThroughCommand, hidden=True)
def npm(arguments: list[str]) -> None:
    """Run the npm of the pinned Node.js; `make lock` needs it."""
    command = [*npm_command(), *arguments]
    os.execve(command[0], command, node_environment())  # noqa: S606 - its purpose
