"""What all client commands share: the options for the collector and for the output, and how they run."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from otel_worker_cli.client import Client, ClientError
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode, failure_of
from otel_worker_cli.profile import DEFAULT_URL, ProfileError, Target, find_target
from otel_worker_cli.terminal.screen import JSON, JSON_LINES, PEOPLE, Screen

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])


class HexId(click.ParamType[str]):
    """An id in hex, of a trace or of a span; capitals become small."""

    def __init__(self, name: str, digits: int) -> None:
        self.name = name
        self._digits = digits

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).lower()
        if not re.fullmatch(rf"[0-9a-f]{{{self._digits}}}", text, re.ASCII):
            self.fail(f"{value!r} is no {self.name}: that has {self._digits} hex digits", param, ctx)
        return text


TRACE_ID = HexId("trace id", 32)
SPAN_ID = HexId("span id", 16)


def client_command(command: Command) -> Command:
    """Give a command the options of the collector and of the output; it gets `target` and `screen`."""

    @functools.wraps(command)
    def invoke(*args: Any, url: str | None, token: str | None, profile: str | None, **options: Any) -> None:
        try:
            target = find_target(url, token, profile)
        except ProfileError as error:
            raise CommandFailure(ExitCode.USAGE, str(error)) from error
        command(*args, target=target, **options)

    decorated: Command = output_command(_with_options(invoke, _COLLECTOR_OPTIONS))
    return decorated


def output_command(command: Command) -> Command:
    """Give a command that talks to no collector the options of the output; it gets `screen`."""

    @functools.wraps(command)
    def invoke(*args: Any, as_json: bool, as_json_lines: bool, color: str, **options: Any) -> None:
        if as_json and as_json_lines:
            raise click.UsageError("--json and --jsonl exclude each other.")
        screen = Screen(JSON if as_json else JSON_LINES if as_json_lines else PEOPLE, color)
        with _quiet_ends(screen):
            command(*args, screen=screen, **options)

    decorated: Command = _with_options(invoke, _OUTPUT_OPTIONS)
    return decorated


def _with_options(command: Any, options: Sequence[Callable[[Any], Any]]) -> Any:
    """Return a function of a command with options; click keeps the function."""
    for option in reversed(options):
        command = option(command)
    return command


_OUTPUT_OPTIONS = (
    click.option(
        "--json", "as_json", is_flag=True, help="Write JSON for programs: one document."
    ),
    click.option("--jsonl", "as_json_lines", is_flag=True, help="Write JSON for programs: a line for each."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; auto has them on a terminal, unless NO_COLOR is set.",
    ),
)  # fmt: skip

_COLLECTOR_OPTIONS = (
    click.option(
        "--url", metavar="URL",
        help=f"Address of the collector.  [env: OTEL_WORKER_URL; default: {DEFAULT_URL}]",
    ),
    click.option("--token", metavar="TOKEN", help="Its token.  [env: OTEL_WORKER_TOKEN]"),
    click.option(
        "--profile", metavar="NAME", help="Both from the config file.  [env: OTEL_WORKER_PROFILE]"
    ),
)  # fmt: skip


def with_client(target: Target, use: Callable[[Client], Awaitable[Result]]) -> Result:
    """Return what `use` makes of the collector; raises CommandFailure for an error of the client."""

    async def run() -> Result:
        async with Client(target.url, target.token) as client:
            return await use(client)

    try:
        return asyncio.run(run())
    except ClientError as error:
        raise failure_of(error, target.url) from error


@contextlib.contextmanager
def _quiet_ends(screen: Screen) -> Iterator[None]:
    """Write all that is held back; Ctrl-C and a closed pipe end a command quietly, each with its own code."""
    try:
        yield
        screen.finish()
    except KeyboardInterrupt:
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # The interpreter flushes at its end, and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None
