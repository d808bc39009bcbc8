"""What the exit codes of the client commands mean, and how an error becomes one."""

from __future__ import annotations

from enum import IntEnum
from typing import IO, Any

import click

from otel_worker_cli.client import (
    ClientError,
    NotAllowed,
    NotFound,
    Refused,
    UnexpectedAnswer,
    Unreachable,
)
from otel_worker_cli.terminal.escape import visible, visible_lines


class ExitCode(IntEnum):
    """The codes; those of an interrupt and of a closed pipe are 128 and the number of the signal."""

    OK = 0
    NOT_FOUND = 1
    USAGE = 2
    NOT_ALLOWED = 3
    UNREACHABLE = 4
    REFUSED = 5
    FILE = 6
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.NOT_FOUND: "there is no such thing, or a check failed, or a part of it could not be done",
    ExitCode.USAGE: "an option or a value is wrong",
    ExitCode.NOT_ALLOWED: "the collector refuses the token, or the token may not do this",
    ExitCode.UNREACHABLE: "no answer, or one that says that the same may succeed later",
    ExitCode.REFUSED: "the collector refuses what was sent, or what answers is no collector",
    ExitCode.FILE: "a file cannot be read or written, or is not what it should be",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C; `tail` and `ws` end so with 0",
    ExitCode.BROKEN_PIPE: "who read the output does not want more of it",
}


class CommandFailure(click.ClickException):
    """An error that a person reads: what is wrong, and what to do."""

    def __init__(self, code: ExitCode, problem: str, remedy: str = "") -> None:
        """`problem` may hold anything that was received."""
        super().__init__("\n".join(part for part in (visible(problem), visible_lines(remedy)) if part))
        # click reads it from the instance, and declares it for the class.
        vars(self)["exit_code"] = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message on stderr."""
        click.echo(f"Error: {self.message}", file=file, err=file is None)


def failure_of(error: ClientError, url: str) -> CommandFailure:
    """Return what an error of the client means for a person at a terminal."""
    problem = str(error)
    if isinstance(error, NotAllowed):
        return CommandFailure(
            ExitCode.NOT_ALLOWED,
            f"{url} refuses this: {problem}",
            "Give the token with OTEL_WORKER_TOKEN, --token or a profile; AUTH_TOKEN may do everything.",
        )
    if isinstance(error, NotFound):
        return CommandFailure(ExitCode.NOT_FOUND, problem)
    if isinstance(error, Refused):
        is_usage = error.code in ("invalid_parameter", "invalid_argument")
        return CommandFailure(ExitCode.USAGE if is_usage else ExitCode.REFUSED, problem)
    if isinstance(error, Unreachable):
        remedy = f"Is a collector running at {url}? --url, OTEL_WORKER_URL or a profile says where it is."
        return CommandFailure(ExitCode.UNREACHABLE, problem, remedy)
    remedy = f"Is {url} the address of a collector?" if isinstance(error, UnexpectedAnswer) else ""
    return CommandFailure(ExitCode.REFUSED, problem, remedy)
