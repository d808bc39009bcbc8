"""`otel-worker traces import`: files of OpenTelemetry's file exporter into a collector."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import click

from otel_worker_cli.client import Client, Refused
from otel_worker_cli.client.export_answer import ExportResult
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_count
from otel_worker_cli.terminal.progress import Report, shown_progress
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.transfer.batches import Imported, batches_of, send_batches
from otel_worker_cli.transfer.patience import patiently
from otel_worker_cli.transfer.records import Encoding, NotTraces, read_records
from otel_worker_cli.transfer.resume import ImportState, StateFile, import_state_file

STDIN = "-"


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "encoding",
    type=click.Choice(["auto", "json", "protobuf"]),
    default="auto",
    show_default=True,
    help="Of the files; auto looks at their first bytes.",
)
@click.option("--resume", is_flag=True, help="Go on with an import that was interrupted.")
@client_command
def import_traces(
    target: Target, screen: Screen, files: tuple[str, ...], encoding: str, resume: bool
) -> None:
    """Send files of traces to a collector; `-` is stdin.

    A FILE is what `traces export` or OpenTelemetry's file exporter wrote, or one TracesData in OTLP JSON or
    protobuf. A request that is sent again is stored once, so an import may be repeated.
    """
    if resume and STDIN in files:
        raise click.UsageError("What came from stdin cannot be resumed.")
    given = None if encoding == "auto" else Encoding[encoding.upper()]
    results = []
    for name in files:
        imported = _import_file(target, screen, name, given, resume)
        results.append(imported)
        if screen.for_people:
            _say_done(screen, name, imported)
        else:
            screen.write_document(_result(name, imported))
    if any(imported.rejected_spans for imported in results):
        raise click.exceptions.Exit(ExitCode.NOT_FOUND)


def _import_file(
    target: Target, screen: Screen, name: str, encoding: Encoding | None, resume: bool
) -> Imported:
    imported = Imported()
    state_file = None if name == STDIN else import_state_file(Path(name), target.url)
    try:
        with _opened(name) as file, _interrupts_at_once():
            size_bytes = None if name == STDIN else Path(name).stat().st_size
            start = _go_on(file, Path(name), state_file, imported) if resume and state_file else 0
            with shown_progress(screen, f"Importing {visible(name)}", size_bytes) as report:
                keeper = _Keeper(Path(name), state_file, start, report)
                with_client(target, lambda client: _send(client, file, encoding, imported, keeper))
    except NotTraces as error:
        raise CommandFailure(ExitCode.FILE, f"{name}: {error}") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandFailure(ExitCode.FILE, f"{name}: {error.strerror or error}") from error
    except (CommandFailure, KeyboardInterrupt):
        _say_interrupted(screen, imported, state_file)
        raise
    if state_file is not None:
        state_file.remove()
    return imported


class _Keeper:
    """Keeps what is needed to go on, after each request."""

    def __init__(
        self, path: Path, state_file: StateFile[ImportState] | None, start: int, report: Report
    ) -> None:
        self._path = path
        self._state_file = state_file
        self._start = start
        self._report = report

    def keep(self, imported: Imported) -> None:
        """Write the state, and show it."""
        offset = self._start + imported.offset
        self._report(offset, format_count(imported.spans, "span"))
        if self._state_file is not None:
            found = self._path.stat()
            self._state_file.write(
                ImportState(found.st_size, found.st_mtime_ns, offset, imported.spans, imported.rejected_spans)
            )


async def _send(
    client: Client, file: BinaryIO, encoding: Encoding | None, imported: Imported, keeper: _Keeper
) -> None:
    encoding, records = read_records(file, encoding)

    async def export(body: bytes, media_type: str) -> ExportResult:
        return await patiently(lambda: client.export(body, media_type))

    batches = batches_of(records, encoding, imported)
    try:
        async for _ in send_batches(batches, encoding, export, imported):
            keeper.keep(imported)
    except Refused as error:
        if error.status != 400:
            raise
        # The collector's own words are about the request, of which nobody knows where it came from.
        raise NotTraces(f"refused behind byte {imported.offset}: {error}") from error


def _go_on(file: BinaryIO, path: Path, state_file: StateFile[ImportState], imported: Imported) -> int:
    """Move to where the import was interrupted, and return that offset."""
    state = state_file.read()
    if state is None:
        raise CommandFailure(ExitCode.FILE, f"no import of {path} was interrupted", "Leave --resume out.")
    found = path.stat()
    if (state.size_bytes, state.modified_unix_nano) != (found.st_size, found.st_mtime_ns):
        remedy = "Leave --resume out: what is stored already is stored once."
        raise CommandFailure(ExitCode.FILE, f"{path} has changed since", remedy)
    file.seek(state.offset)
    imported.spans, imported.rejected_spans = state.spans, state.rejected_spans
    return state.offset


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


@contextlib.contextmanager
def _interrupts_at_once() -> Iterator[None]:
    """Let Ctrl-C end a read of stdin: asyncio alone would wait until that has something."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def _say_interrupted(screen: Screen, imported: Imported, state_file: StateFile[ImportState] | None) -> None:
    if state_file is not None and imported.requests:
        screen.note(f"Interrupted after {format_count(imported.spans, 'span')}; --resume goes on.")


def _say_done(screen: Screen, name: str, imported: Imported) -> None:
    requests = format_count(imported.requests, "request")
    screen.show(f"Imported {format_count(imported.spans, 'span')} from {visible(name)}, in {requests}.")
    if imported.passed_over_records:
        screen.note(f"{format_count(imported.passed_over_records, 'record')} without spans: passed over.")
    if imported.rejected_spans:
        reasons = "\n".join(f"  {visible(message)}" for message in imported.messages)
        screen.complain(f"the collector rejected {format_count(imported.rejected_spans, 'span')}:\n{reasons}")


def _result(name: str, imported: Imported) -> dict[str, Any]:
    return {
        "file": name,
        "spans": imported.spans,
        "rejectedSpans": imported.rejected_spans,
        "requests": imported.requests,
        "recordsWithoutSpans": imported.passed_over_records,
        "messages": list(imported.messages),
    }
