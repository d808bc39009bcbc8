"""`otel-worker traces list|get|delete`; `export` and `import` are in files of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import click

from otel_worker_cli.client import Client, NotFound
from otel_worker_cli.client.model import TraceSummary, read_summary
from otel_worker_cli.client.pages import Parameters
from otel_worker_cli.client.span import ReadSpan, read_span
from otel_worker_cli.commands.client_command import TRACE_ID, client_command, with_client
from otel_worker_cli.commands.exit_codes import ExitCode
from otel_worker_cli.commands.filters import DEFAULT_LIMIT, page_parameters, trace_filters
from otel_worker_cli.commands.lazy import LazyCommand, LazyGroup
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.escape import to_json
from otel_worker_cli.terminal.formats import format_age, format_count
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.terminal.span_tree import order_as_tree
from otel_worker_cli.terminal.traces import TraceLines, trace_head
from otel_worker_cli.terminal.waterfall import waterfall

MAX_SHOWN_SPANS = 1_000


@click.group(cls=LazyGroup)
def traces() -> None:
    """List, show, delete, export and import traces."""


for name, place, summary in (
    (
        "export",
        "traces_export:export_traces",
        "Write traces to a file, as OpenTelemetry's file exporter does; `traces import` reads it.",
    ),
    ("import", "traces_import:import_traces", "Send files of traces to a collector; `-` is stdin."),
):
    traces.add_command(LazyCommand(name, place, summary))


@traces.command("list")
@trace_filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=DEFAULT_LIMIT, show_default=True, help="At most so many."
)
@click.option("--all", "everything", is_flag=True, help="All that match, however many.")
@client_command
def list_traces(target: Target, screen: Screen, filters: Parameters, limit: int, everything: bool) -> None:
    """List traces, the newest first.

    A trace has to pass all filters, and --service, --name, --errors and --attr hold for one span of it.
    """
    wanted = None if everything else limit
    lines = TraceLines(
        screen.cut_columns, "STARTED", lambda trace: format_age(trace.start_unix_nano, time.time_ns())
    )
    shown = 0

    def show(document: Any) -> None:
        nonlocal shown
        for line in chain(lines.heading() if shown == 0 else (), lines.lines(read_summary(document))):
            screen.show(line)
        shown += 1

    async def read(client: Client) -> int:
        documents = client.iterate("/v1/traces", page_parameters(filters, wanted), wanted)
        return await screen.write_list(documents, show)

    count = with_client(target, read)
    if screen.for_people and count == 0:
        screen.note("No traces match." if filters else "No traces are stored.")
    elif screen.for_people and screen.is_terminal and count == wanted:
        screen.note(f"The newest {count:,}; --limit or --all shows more.")


@traces.command("get")
@click.argument("trace_id", type=TRACE_ID)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=MAX_SHOWN_SPANS,
    show_default=True,
    help="So many spans, from the start of the trace; programs get all without it.",
)
@click.option("--all", "everything", is_flag=True, help="All spans, however many.")
@client_command
@click.pass_context
def get_trace(
    context: click.Context, target: Target, screen: Screen, trace_id: str, limit: int, everything: bool
) -> None:
    """Show a trace as a waterfall.

    --json writes the answer of GET /v1/traces/{traceId} with all spans in it, --jsonl a span on each line.
    """
    is_limited = context.get_parameter_source("limit") != click.core.ParameterSource.DEFAULT
    wanted = None if everything or not (screen.for_people or is_limited) else limit

    async def read(client: Client) -> None:
        summary, documents = await client.open_trace(trace_id, wanted)
        if screen.for_people:
            spans = [read_span(document) async for document in documents]
            _show_trace(screen, read_summary(summary), spans, client.now_unix_nano())
        else:
            opening = to_json(summary).removesuffix("}") + ',"spans":['
            await screen.write_list(documents, lambda _: None, around=(opening, "]}"))

    with_client(target, read)


def _show_trace(screen: Screen, trace: TraceSummary, spans: Sequence[ReadSpan], now_unix_nano: int) -> None:
    for line in trace_head(trace, spans, screen.columns, now_unix_nano):
        screen.show(line)
    screen.show()
    for line in waterfall(order_as_tree(spans), screen.columns):
        screen.show(line)
    if len(spans) < trace.span_count:
        screen.note(
            f"{len(spans):,} of {format_count(trace.span_count, 'span')}; --limit or --all shows more."
        )


@traces.command("delete")
@click.argument("trace_ids", metavar="TRACE_ID...", nargs=-1, required=True)
@client_command
def delete_traces(target: Target, screen: Screen, trace_ids: tuple[str, ...]) -> None:
    """Delete traces for good; `-` reads their ids from stdin, one a line."""
    missing = 0

    async def delete(client: Client) -> None:
        await screen.write_list(results(client), show)

    async def results(client: Client) -> AsyncGenerator[dict[str, Any], None]:
        nonlocal missing
        for trace_id in ids_of(trace_ids):
            deleted = await _delete(client, trace_id)
            missing += not deleted
            yield {"traceId": trace_id, "deleted": deleted}

    def show(result: dict[str, Any]) -> None:
        if result["deleted"]:
            screen.show(f"Deleted {result['traceId']}")
        else:
            screen.complain(f"there is no trace {result['traceId']}")

    with_client(target, delete)
    if missing:
        raise click.exceptions.Exit(ExitCode.NOT_FOUND)


async def _delete(client: Client, trace_id: str) -> bool:
    """Delete a trace; return False when there is none."""
    try:
        await client.request("DELETE", f"/v1/traces/{trace_id}")
    except NotFound:
        return False
    return True


def ids_of(arguments: Iterable[str]) -> Iterator[str]:
    """Yield trace ids, checked; "-" stands for the lines of stdin."""
    for argument in arguments:
        lines = (line.strip() for line in sys.stdin) if argument == "-" else [argument]
        for line in lines:
            if line:
                yield TRACE_ID.convert(line, None, click.get_current_context(silent=True))
