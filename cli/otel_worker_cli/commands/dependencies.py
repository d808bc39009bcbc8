"""`otel-worker dependencies`: which services call which."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import click
from rich.text import Text

from otel_worker_cli.client import Client, UnexpectedAnswer
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.colours import DIM, ERROR, service_style
from otel_worker_cli.terminal.columns import Column, Columns
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_duration, format_time
from otel_worker_cli.terminal.screen import JSON, Screen

_PATH = "/v1/dependencies"
_COLUMNS = (
    Column("CALLS", 9, is_number=True),
    Column("ERRORS", 9, is_number=True),
    Column("MEDIAN", 9, is_number=True),
    Column("95 %", 9, is_number=True),
)


@click.command()
@click.option(
    "--start", metavar="TIME", default="", help="RFC 3339 or Unix ns.  [default: an hour before end]"
)
@click.option("--end", metavar="TIME", default="", help="RFC 3339 or Unix ns.  [default: now]")
@client_command
def dependencies(target: Target, screen: Screen, start: str, end: str) -> None:
    """Show which services call which, how often, and how long that takes.

    --json writes the answer of GET /v1/dependencies, --jsonl a call from one service to another on each line.
    """
    parameters = [(name, value) for name, value in (("start", start), ("end", end)) if value]

    async def read(client: Client) -> None:
        document = await client.get_json(_PATH, parameters)
        try:
            edges, since = list(document["edges"]), format_time(int(document["startTimeUnixNano"]))
            if screen.form == JSON:
                screen.write_document(document)
            else:
                await _show(screen, edges)
            if screen.for_people and not edges:
                screen.note(f"No service has called another since {since}.")
            if screen.for_people and not document["isComplete"]:
                screen.note(f"There are too many spans to look at all: these are the newest, since {since}.")
        except (LookupError, TypeError, ValueError) as error:
            raise UnexpectedAnswer(f"no dependencies: {str(document)[:200]}") from error

    with_client(target, read)


async def _show(screen: Screen, edges: list[dict[str, Any]]) -> None:
    table = Columns(_COLUMNS, "FROM AND TO", screen.cut_columns)

    async def documents() -> AsyncGenerator[dict[str, Any], None]:
        for edge in edges:
            yield edge

    if edges and screen.for_people:
        screen.show(table.heading())
    await screen.write_list(documents(), lambda edge: screen.show(table.line(_cells(edge))))


def _cells(edge: dict[str, Any]) -> list[Text]:
    parent, child = str(edge["parent"]), str(edge["child"])
    errors = int(edge["errorCount"])
    return [
        Text(f"{int(edge['callCount']):,}"),
        Text(f"{errors:,}", ERROR) if errors else Text("-", DIM),
        Text(format_duration(int(edge["p50DurationNano"]))),
        Text(format_duration(int(edge["p95DurationNano"]))),
        Text.assemble(
            (visible(parent), service_style(parent)), (" > ", DIM), (visible(child), service_style(child))
        ),
    ]
