"""`otel-worker traces export`: traces into files of OpenTelemetry's file exporter."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from otel_worker_cli.client import Client, NotFound
from otel_worker_cli.client.pages import Parameters
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode
from otel_worker_cli.commands.filters import trace_filters
from otel_worker_cli.commands.traces import ids_of
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.escape import escape_json
from otel_worker_cli.terminal.formats import format_count, format_size
from otel_worker_cli.terminal.progress import Report, shown_progress
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.transfer.exporting import (
    PAGE_TRACES,
    FirstPage,
    read_ahead,
    read_list_page,
    read_records,
)
from otel_worker_cli.transfer.records import Encoding, frame
from otel_worker_cli.transfer.resume import ExportState, StateFile, export_state_file

STDOUT = "-"
_LIST = "/v1/traces"


@click.command("export")
@click.argument("trace_ids", metavar="[TRACE_ID...]", nargs=-1)
@click.option(
    "-o", "--output", metavar="FILE", default=STDOUT, show_default=True, help="Where to write; - is stdout."
)
@click.option(
    "--format",
    "encoding",
    type=click.Choice(["json", "protobuf"]),
    default="json",
    show_default=True,
    help="json: a TracesData on each line; protobuf: each behind its length.",
)
@trace_filters
@click.option("--limit", type=click.IntRange(min=1), help="So many traces.  [default: all that match]")
@click.option("--resume", is_flag=True, help="Go on with an export that was interrupted.")
@click.option("--overwrite", is_flag=True, help="Write FILE anew if it exists.")
@client_command
def export_traces(
    target: Target,
    screen: Screen,
    trace_ids: tuple[str, ...],
    output: str,
    encoding: str,
    filters: Parameters,
    limit: int | None,
    resume: bool,
    overwrite: bool,
) -> None:
    """Write traces to a file, as OpenTelemetry's file exporter does; `traces import` reads it.

    Without ids it writes all that match, the newest first. `-` as an id reads ids from stdin.
    """
    if trace_ids and (filters or limit or resume):
        raise click.UsageError("Ids go without filters, --limit and --resume.")
    if output == STDOUT and (not screen.for_people or resume or overwrite):
        raise click.UsageError("--json, --jsonl, --resume and --overwrite need an --output FILE.")
    if output == STDOUT and encoding == "protobuf" and screen.is_terminal:
        raise click.UsageError("Protobuf is no text for a terminal; give --output FILE or a pipe.")
    asked = [("url", target.url), ("format", encoding), ("limit", str(limit or "")), *filters]
    wanted = _Wanted(asked, list(filters), limit, Encoding[encoding.upper()])
    progress = _Progress(wanted, screen)
    try:
        with shown_progress(screen, "Exporting", limit, results_follow=output == STDOUT) as report:
            progress.report = report
            with_client(
                target, lambda client: _export(client, progress, trace_ids, output, resume, overwrite)
            )
    except (CommandFailure, KeyboardInterrupt):
        if progress.state_file is not None and progress.state_file.path.exists():
            screen.note(f"Interrupted after {format_count(progress.traces, 'trace')}; --resume goes on.")
        raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandFailure(ExitCode.FILE, f"{output}: {error.strerror or error}") from error
    _say_done(progress, output)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is exported; `asked` is what has to be the same for an export to be resumed."""

    asked: list[tuple[str, str]]
    filters: Parameters
    limit: int | None
    encoding: Encoding


class _Progress:
    """The file that is written, and what is in it so far."""

    def __init__(self, wanted: _Wanted, screen: Screen) -> None:
        self.wanted = wanted
        self.screen = screen
        self.report: Report = lambda done, words: None
        self.state_file: StateFile[ExportState] | None = None
        self.traces = self.listed = self.missing = self.size_bytes = 0

    async def write_traces(
        self, client: Client, trace_ids: Iterable[str], file: BinaryIO
    ) -> AsyncGenerator[tuple[str, bool], None]:
        """Write traces one after the other, and yield each: whether it was there."""
        traces = read_ahead(client, trace_ids, self.wanted.encoding)
        async with contextlib.aclosing(traces):
            async for trace_id, first_page in traces:
                missing = self.missing
                await self._write_trace(client, first_page, file)
                yield trace_id, self.missing == missing

    async def _write_trace(self, client: Client, first_page: FirstPage, file: BinaryIO) -> None:
        """Write all records of a trace; one that is not there is counted as missing."""
        try:
            async for body in read_records(client, first_page, self.wanted.encoding):
                record = frame(body, self.wanted.encoding)
                if file is sys.stdout.buffer and self.screen.is_terminal:
                    record = f"{escape_json(record.decode().rstrip())}\n".encode()
                file.write(record)
                self.size_bytes += len(record)
        except NotFound:
            self.missing += 1
            return
        self.traces += 1
        self.report(self.traces, f"{format_count(self.traces, 'trace')}, {format_size(self.size_bytes)}")


async def _export(
    client: Client, progress: _Progress, ids: Sequence[str], output: str, resume: bool, overwrite: bool
) -> None:
    # A wrong token or filter must not leave an empty file.
    await client.get_json(_LIST, [*progress.wanted.filters, ("limit", "1")])
    if ids:
        with _open_new(output, overwrite) as file:
            async for trace_id, is_there in progress.write_traces(client, ids_of(ids), file):
                if not is_there:
                    progress.screen.complain(f"there is no trace {trace_id}")
        return
    state = ExportState(progress.wanted.asked, _LIST, list(_page(progress.wanted)), 0, 0, 0)
    if output == STDOUT:
        await _export_list(client, progress, sys.stdout.buffer, state)
        return
    progress.state_file = export_state_file(Path(output))
    found = progress.state_file.read()
    if resume:
        state = _checked(found, progress.wanted, output)
    elif found is not None and not overwrite:
        raise CommandFailure(
            ExitCode.FILE,
            f"an export to {output} was interrupted",
            "--resume goes on, --overwrite begins anew.",
        )
    with _open_again(output, state.size_bytes) if resume else _open_new(output, overwrite) as file:
        progress.state_file.write(state)
        await _export_list(client, progress, file, state)
    progress.state_file.remove()


async def _export_list(client: Client, progress: _Progress, file: BinaryIO, state: ExportState) -> None:
    """Write the list from where the state is, and keep the state after each page."""
    progress.traces, progress.listed, progress.size_bytes = state.traces, state.listed, state.size_bytes
    limit = progress.wanted.limit
    while state.path and (limit is None or progress.listed < limit):
        page = await read_list_page(client, state.path, state.parameters)
        wanted = page.trace_ids[: None if limit is None else limit - progress.listed]
        async for _ in progress.write_traces(client, wanted, file):
            progress.listed += 1
        file.flush()
        state = ExportState(
            state.request, page.next_path, list(page.next_parameters),
            progress.size_bytes, progress.traces, progress.listed,
        )  # fmt: skip
        if progress.state_file is not None:
            progress.state_file.write(state)


def _page(wanted: _Wanted) -> Parameters:
    return [*wanted.filters, ("limit", str(min(wanted.limit or PAGE_TRACES, PAGE_TRACES)))]


def _checked(state: ExportState | None, wanted: _Wanted, output: str) -> ExportState:
    if state is None:
        raise CommandFailure(ExitCode.FILE, f"no export to {output} was interrupted", "Leave --resume out.")
    if state.request != wanted.asked:
        before = " ".join(f"{name}={value}" for name, value in state.request if value)
        raise CommandFailure(ExitCode.USAGE, f"the export to {output} had other options: {before}")
    return state


def _open_new(output: str, overwrite: bool) -> Any:
    if output == STDOUT:
        return _Stdout()
    try:
        return Path(output).open("wb" if overwrite else "xb")
    except FileExistsError as error:
        remedy = "--overwrite writes it anew."
        raise CommandFailure(ExitCode.FILE, f"{output} exists", remedy) from error


def _open_again(output: str, size_bytes: int) -> BinaryIO:
    """Return a file at the end of what is whole in it."""
    file = Path(output).open("r+b")  # noqa: SIM115 - the caller closes it
    if file.seek(0, 2) < size_bytes:
        file.close()
        raise CommandFailure(ExitCode.FILE, f"{output} is shorter than it was", "--overwrite begins anew.")
    file.truncate(size_bytes)
    file.seek(size_bytes)
    return file


class _Stdout:
    """Stdout as a file that is not closed."""

    def __enter__(self) -> BinaryIO:
        return sys.stdout.buffer

    def __exit__(self, *_: object) -> None:
        sys.stdout.buffer.flush()


def _say_done(progress: _Progress, output: str) -> None:
    screen = progress.screen
    if screen.for_people:
        where = "" if output == STDOUT else f" to {output}"
        screen.note(
            f"Exported {format_count(progress.traces, 'trace')}, {format_size(progress.size_bytes)}{where}."
        )
    else:
        screen.write_document({"file": output, "traces": progress.traces, "bytes": progress.size_bytes})
    if progress.missing and not progress.listed:
        raise click.exceptions.Exit(ExitCode.NOT_FOUND)
