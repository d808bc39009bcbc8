"""`otel-worker services` and `otel-worker stats`: what there is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any
from urllib.parse import quote

import click
from rich.text import Text

from otel_worker_cli.client import Client, UnexpectedAnswer
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.colours import DIM, HEADING, service_style
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_age, format_size, format_time
from otel_worker_cli.terminal.screen import Screen


@click.command()
@click.argument("service", required=False)
@client_command
def services(target: Target, screen: Screen, service: str | None) -> None:
    """List the services that sent spans; of one SERVICE, the names of its spans."""
    path = f"/v1/services/{quote(service, safe='')}/operations" if service else "/v1/services"

    def show(name: Any) -> None:
        screen.show(Text(visible(str(name)), "" if service else service_style(str(name))))

    async def read(client: Client) -> int:
        async def names() -> AsyncGenerator[Any, None]:
            async for name in client.iterate(path, ()):
                yield name if screen.for_people else {"name": name}

        return await screen.write_list(names(), show)

    if with_client(target, read) == 0 and screen.for_people:
        screen.note(f"There are no spans of {service!r}." if service else "No spans are stored.")


@click.command()
@client_command
def stats(target: Target, screen: Screen) -> None:
    """Show how much is stored, who watches, and what the database was asked for."""

    async def read(client: Client) -> None:
        document = await client.get_json("/v1/stats")
        if not isinstance(document, dict):
            raise UnexpectedAnswer(f"not statistics: {str(document)[:200]}")
        if not screen.for_people:
            screen.write_document(document)
            return
        for line in _stats_lines(document, client.now_unix_nano()):
            screen.show(line)

    with_client(target, read)


def _stats_lines(stats: dict[str, Any], now_unix_nano: int) -> Iterator[Text]:
    try:
        yield from _stored_lines(stats, now_unix_nano)
        live = stats.get("live")
        if live is not None:
            yield Text("Live", HEADING)
            yield _fact("Watchers", f"{live['watchers']:,}")
            for title, field in (
                ("Dropped watchers", "droppedWatchers"),
                ("Dropped traces", "droppedTraces"),
            ):
                if live[field]:
                    yield _fact(title, f"{live[field]:,}")
        usage = stats.get("usage")
        if usage is not None:
            yield from _usage_lines(usage, stats.get("startedUnixNano"), now_unix_nano)
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"not statistics: {str(stats)[:200]}") from error


def _stored_lines(stats: dict[str, Any], now_unix_nano: int) -> Iterator[Text]:
    yield Text("Stored", HEADING)
    for title, field in (("Traces", "traces"), ("Spans", "spans"), ("Export requests", "blocks")):
        yield _fact(title, f"{stats[field]:,}")
    yield _fact("Size", format_size(stats["bytes"]))
    if stats.get("databaseBytes"):
        yield _fact("Database", format_size(stats["databaseBytes"]))
    for title, field in (("Oldest", "oldestUnixNano"), ("Newest", "newestUnixNano")):
        if stats[field] is not None:
            unix_nano = int(stats[field])
            yield _fact(title, f"{format_time(unix_nano)} ({format_age(unix_nano, now_unix_nano)})")


def _usage_lines(
    usage: dict[str, dict[str, int]], started_unix_nano: str | None, now_unix_nano: int
) -> Iterator[Text]:
    since = f", since {format_age(int(started_unix_nano), now_unix_nano)}" if started_unix_nano else ""
    yield Text.assemble(("Rows of the database", HEADING), (since, DIM))
    yield Text(f"  {'':<16}{'requests':>12}{'rows read':>14}{'rows written':>14}", DIM)
    for kind, cost in usage.items():
        if cost["requests"]:
            counts = f"{cost['requests']:>12,}{cost['rowsRead']:>14,}{cost['rowsWritten']:>14,}"
            yield Text.assemble((f"  {visible(kind):<16}", DIM), counts)


def _fact(title: str, value: str) -> Text:
    return Text.assemble((f"  {title:<16}", DIM), value)
