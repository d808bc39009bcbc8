"""`otel-worker ws`: the messages of the live protocol as they are, for debugging."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncGenerator
from typing import Any

import click
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

from otel_worker_cli.client import Client
from otel_worker_cli.client.connection import closing_error
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.screen import Screen


@click.command()
@click.option("--frames", type=click.IntRange(min=1), help="End after so many frames.  [default: none]")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Seconds to go on reading after the end of stdin.",
)
@client_command
def ws(target: Target, screen: Screen, frames: int | None, wait_seconds: float) -> None:
    """Talk to GET /api/ws: lines of stdin become messages, frames become lines of stdout.

    docs/live.md has the protocol. For example: {"messageId": "1", "type": "subscribe"}
    """

    async def talk(client: Client) -> None:
        socket = await client.open_socket()
        try:
            screen.note(f"Connected to {target.url}; Ctrl-C ends it.")
            await screen.write_list(_frames(socket, frames, wait_seconds, screen.for_people), show, live=True)
        finally:
            await socket.close()

    def show(frame: Any) -> None:
        # For a pipe a frame stays as it is.
        sys.stdout.write(f"{visible(frame) if screen.is_terminal else frame}\n")

    with_client(target, talk)


async def _frames(
    socket: ClientConnection, limit: int | None, wait_seconds: float, as_text: bool
) -> AsyncGenerator[Any, None]:
    """Yield frames, while the lines of stdin are sent; Ctrl-C is their end."""
    sending = asyncio.create_task(_send_lines(socket, wait_seconds))
    left = limit
    try:
        while left is None or left > 0:
            frame = await _next_frame(socket)
            if frame is None:
                return
            yield frame if as_text else _document(frame)
            left = None if left is None else left - 1
    except asyncio.CancelledError:
        return
    finally:
        sending.cancel()


async def _next_frame(socket: ClientConnection) -> str | None:
    """Return the next frame, or None after the end of the connection; raises a ClientError for a bad end."""
    try:
        frame = await socket.recv()
    except ConnectionClosedOK:
        return None
    except ConnectionClosed as error:
        raise closing_error(error) from error
    return frame if isinstance(frame, str) else frame.decode("utf-8", "backslashreplace")


async def _send_lines(socket: ClientConnection, wait_seconds: float) -> None:
    """Send the lines of stdin, and close the connection a while after the last one."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        # The loop may be gone when a line comes.
        with contextlib.suppress(RuntimeError):
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line.strip())
            loop.call_soon_threadsafe(lines.put_nowait, None)

    # Not one of asyncio's threads: those are waited for at the end, and this one may wait for a person.
    threading.Thread(target=read, name="otel-worker stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line:
            await socket.send(line)
    await asyncio.sleep(wait_seconds)
    await socket.close()


def _document(frame: str) -> Any:
    """Return a frame as JSON; one that is none as its text."""
    try:
        return msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return {"text": frame}
