"""`otel-worker spans list|get|delete`: the spans of one trace."""

from __future__ import annotations

from typing import Any

import click

from otel_worker_cli.client import Client
from otel_worker_cli.client.span import read_span
from otel_worker_cli.commands.client_command import SPAN_ID, TRACE_ID, client_command, with_client
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.terminal.spans import SpanLines, span_details

DEFAULT_LIMIT = 1_000
MAX_PAGE_SPANS = 10_000


@click.group()
def spans() -> None:
    """List, show and delete the spans of a trace."""


@spans.command("list")
@click.argument("trace_id", type=TRACE_ID)
@click.option(
    "--limit", type=click.IntRange(min=1), default=DEFAULT_LIMIT, show_default=True, help="At most so many."
)
@click.option("--all", "everything", is_flag=True, help="All spans, however many.")
@client_command
def list_spans(target: Target, screen: Screen, trace_id: str, limit: int, everything: bool) -> None:
    """List the spans of a trace by their start; AT counts from the first of them."""
    wanted = None if everything else limit
    lines = SpanLines(screen.cut_columns)
    shown = 0

    def show(document: Any) -> None:
        nonlocal shown
        if shown == 0:
            screen.show(lines.heading())
        screen.show(lines.line(read_span(document)))
        shown += 1

    async def read(client: Client) -> int:
        page = [("limit", str(DEFAULT_LIMIT if wanted is None else min(wanted, MAX_PAGE_SPANS)))]
        documents = client.iterate(f"/v1/traces/{trace_id}/spans", page, wanted)
        return await screen.write_list(documents, show)

    count = with_client(target, read)
    if screen.for_people and screen.is_terminal and count == wanted:
        screen.note(f"The first {count:,}; --limit or --all shows more.")


@spans.command("get")
@click.argument("trace_id", type=TRACE_ID)
@click.argument("span_id", type=SPAN_ID)
@client_command
def get_span(target: Target, screen: Screen, trace_id: str, span_id: str) -> None:
    """Show all of a span: attributes, events, links, and where it comes from."""

    async def read(client: Client) -> None:
        document = await client.get_json(f"/v1/traces/{trace_id}/spans/{span_id}")
        if not screen.for_people:
            screen.write_document(document)
            return
        for line in span_details(read_span(document), client.now_unix_nano()):
            screen.show(line)

    with_client(target, read)


@spans.command("delete")
@click.argument("trace_id", type=TRACE_ID)
@click.argument("span_id", type=SPAN_ID)
@client_command
def delete_span(target: Target, screen: Screen, trace_id: str, span_id: str) -> None:
    """Delete one span for good; the others of its trace stay."""

    async def delete(client: Client) -> None:
        await client.request("DELETE", f"/v1/traces/{trace_id}/spans/{span_id}")

    with_client(target, delete)
    if screen.for_people:
        screen.show(f"Deleted {span_id}")
    else:
        screen.write_document({"traceId": trace_id, "spanId": span_id, "deleted": True})
