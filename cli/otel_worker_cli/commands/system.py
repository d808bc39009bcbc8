"""`otel-worker system index drop|rebuild|check`; `system database` is in a file of its own."""

from __future__ import annotations

from typing import Any

import click

from otel_worker_cli.client import Client, UnexpectedAnswer
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.commands.exit_codes import ExitCode
from otel_worker_cli.commands.lazy import LazyCommand, LazyGroup
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_count
from otel_worker_cli.terminal.progress import shown_progress
from otel_worker_cli.terminal.screen import Screen
from otel_worker_cli.transfer.patience import patiently

READY = "ready"
_PATH = "/v1/index"


@click.group(cls=LazyGroup)
def system() -> None:
    """Look after a collector's database."""


system.add_command(
    LazyCommand("database", "system_database:database", "Find, migrate and delete a database.")
)


@system.group()
def index() -> None:
    """Drop, rebuild and check the index of the database, for an export of it (docs/export.md)."""


@index.command()
@client_command
def check(target: Target, screen: Screen) -> None:
    """Show the state of the index; the exit code is 1 unless it is ready."""

    async def read(client: Client) -> dict[str, Any]:
        return _read_status(await client.get_json(_PATH))

    status = with_client(target, read)
    _show(screen, status)
    if status["state"] != READY:
        if screen.for_people:
            screen.note("The collector works, but slowly. Build it: otel-worker system index rebuild")
        raise click.exceptions.Exit(ExitCode.NOT_FOUND)


@index.command()
@client_command
def drop(target: Target, screen: Screen) -> None:
    """Drop the index; the collector works on, and finds things more slowly."""

    async def drop_index(client: Client) -> dict[str, Any]:
        await client.request("DELETE", _PATH)
        return _read_status(await client.get_json(_PATH))

    _show(screen, with_client(target, drop_index))


@index.command()
@client_command
def rebuild(target: Target, screen: Screen) -> None:
    """Build the index until it is ready; what was interrupted goes on."""

    async def build(client: Client) -> dict[str, Any]:
        with shown_progress(screen, "Building the index", 1.0) as report:
            while True:
                response = await patiently(lambda: client.request("PUT", _PATH))
                status = _read_status(response.json())
                blocks, indexed = status["blocks"], status["indexedBlocks"]
                report(indexed / blocks if blocks else 1.0, f"{indexed:,} of {blocks:,} blocks")
                if status["state"] == READY:
                    return status

    _show(screen, with_client(target, build))


def _read_status(document: Any) -> dict[str, Any]:
    try:
        return {
            "state": str(document["state"]),
            "blocks": int(document["blocks"]),
            "indexedBlocks": int(document["indexedBlocks"]),
        }
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"not the state of an index: {str(document)[:200]}") from error


def _show(screen: Screen, status: dict[str, Any]) -> None:
    if not screen.for_people:
        screen.write_document(status)
        return
    indexed = f"{status['indexedBlocks']:,} of {format_count(status['blocks'], 'block')}"
    screen.show(f"The index is {visible(status['state'])}: it has {indexed}.")
