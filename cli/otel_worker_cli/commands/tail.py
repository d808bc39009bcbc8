"""`otel-worker tail`: traces as they arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import click

from otel_worker_cli.client import Client, Gap, TraceUpdated
from otel_worker_cli.client.model import TraceSummary, read_summary
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.formats import format_clock, format_time
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.terminal.traces import TraceLines


@click.command()
@click.option("--service", metavar="NAME", default="", help="Only traces with a span of this service.")
@click.option("--name", metavar="NAME", default="", help="Only traces with a span of exactly this name.")
@click.option("--errors", is_flag=True, help="Only traces with a span that failed.")
@click.option(
    "--min-duration", metavar="TIME", default="", help="Only traces that took as long, such as 250ms."
)
@click.option("--limit", type=click.IntRange(min=1), help="End after so many lines.  [default: none]")
@client_command
def tail(
    target: Target,
    screen: Screen,
    service: str,
    name: str,
    errors: bool,
    min_duration: str,
    limit: int | None,
) -> None:
    """Watch traces live, until Ctrl-C.

    A trace comes again when it has got more spans. After an interruption of the line, what was missed is
    caught up with.
    """
    lines = TraceLines(screen.cut_columns, "TIME", lambda _: format_clock(time.time_ns()))

    async def watch(client: Client) -> None:
        # A collector that is not there is worth an error now, and patience later.
        await client.get_json("/v1/traces", [("limit", "1")])
        watch = client.watch(service=service, name=name, errors_only=errors, min_duration=min_duration)
        async with watch:
            screen.note(f"Watching {target.url}; Ctrl-C ends it.")
            if screen.for_people:
                for line in lines.heading():
                    screen.show(line)
                screen.finish()
            await screen.write_list(_documents(watch, limit), show, live=True)

    def show(document: dict[str, Any]) -> None:
        details = document["details"]
        if document["type"] == "gap":
            period = (
                f"{format_time(int(details['fromUnixNano']))} to {format_time(int(details['toUnixNano']))}"
            )
            screen.note(f"Missed some of what started from {period}: {details['reason']}")
            return
        for line in lines.lines(read_summary(details)):
            screen.show(line)

    with_client(target, watch)


async def _documents(watch: Any, limit: int | None) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what is told of traces as messages like the collector's own; Ctrl-C is their end."""
    left = limit
    try:
        while left is None or left > 0:
            event = await anext(watch)
            if isinstance(event, TraceUpdated):
                yield {"type": "traceUpdated", "details": _details(event.summary)}
                left = None if left is None else left - 1
            elif isinstance(event, Gap):
                period = {"fromUnixNano": str(event.from_unix_nano), "toUnixNano": str(event.to_unix_nano)}
                yield {"type": "gap", "details": {"reason": event.reason, **period}}
    except asyncio.CancelledError:
        return


def _details(summary: TraceSummary) -> dict[str, Any]:
    """Return a summary in the shape of the API."""
    return {
        "traceId": summary.trace_id,
        "rootName": summary.root_name,
        "rootService": summary.root_service,
        "services": list(summary.services),
        "startTimeUnixNano": str(summary.start_unix_nano),
        "durationNano": summary.duration_nano,
        "spanCount": summary.span_count,
        "errorCount": summary.error_count,
    }
