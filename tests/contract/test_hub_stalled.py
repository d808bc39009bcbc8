"""Watchers that do not read beside those that do, in workerd."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed

from otel_worker.api.live_protocol import TRY_AGAIN_LATER
from otel_worker.cloudflare.live_sockets import MAX_UNCONFIRMED_BYTES_EACH
from otel_worker_cli.runtime.session import DevSession
from tests.contract.hub_contract import WAIT_SECONDS
from tests.contract.hub_harness import SocketWatcher, WorkerHarness, worker_harness
from tests.contract.hub_story import Message, SpanOf, Story, new_spans, read_frame, updated

NAME_BYTES = 60_000
TRACES_PER_EXPORT = 60
# Three exports are above the bound, and the fourth finds that out.
EXPORT_COUNT = 6
assert 3 * NAME_BYTES * TRACES_PER_EXPORT > MAX_UNCONFIRMED_BYTES_EACH

# Each of four watchers is sent 21 MB, through two processes and two Python programs on as many cores.
READ_SECONDS = 120.0

_TEXT_FRAME, _CLOSE_FRAME = 0x81, 0x88


@contextlib.asynccontextmanager
async def _stalled(harness: WorkerHarness) -> AsyncIterator[asyncio.StreamReader]:
    """Yield what comes behind the handshake of a client that reads nothing until it is asked to."""
    address = urlsplit(harness.url)
    assert address.hostname
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**16)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "Host": address.netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **harness.headers,
    }
    lines = ["GET /api/ws HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_SECONDS)
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    try:
        yield reader
    finally:
        writer.close()


async def _close_code(reader: asyncio.StreamReader) -> int:
    """Read all frames up to the closing one, and return its code."""
    while True:
        kind, length = await reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await reader.readexactly(8), "big")
        payload = await reader.readexactly(length)
        if kind == _CLOSE_FRAME:
            return int.from_bytes(payload[:2], "big")
        assert kind == _TEXT_FRAME, hex(kind)


async def _read_all(watcher: SocketWatcher, last_trace_id: str) -> list[Message]:
    """Return what a reader hears that answers each ping."""
    heard: list[Message] = []
    while last_trace_id not in updated(heard[-1:]):
        for message in read_frame(await watcher.receive()):
            if message.kind == "ping":
                await watcher.send(json.dumps({"messageId": message.message_id, "type": "pong"}))
            else:
                heard.append(message)
    return heard


async def _read_silently(watcher: SocketWatcher) -> int:
    """Read all frames and answer none; return the code of the closing one."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await watcher.receive()
    return await watcher.close_code()


def test_who_does_not_read_is_closed_and_the_readers_get_everything_in_order(
    live_worker: DevSession,
) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url, "stalled") as harness, _stalled(harness) as stalled:
            story = Story()
            before = (await harness.status()).dropped_watchers
            assert before is not None
            readers = [await harness.watch() for _ in range(2)]
            # It reads, and does not say so.
            mute = await harness.watch()
            spans = [
                SpanOf(number, name=f"{number} ".ljust(NAME_BYTES, "x"))
                for number in range(1, EXPORT_COUNT * TRACES_PER_EXPORT + 1)
            ]
            last_trace_id = story.trace_id(len(spans))
            reading = [
                asyncio.create_task(_read_all(reader, last_trace_id), name="reader") for reader in readers
            ]
            muted = asyncio.create_task(_read_silently(mute), name="mute")
            for first in range(0, len(spans), TRACES_PER_EXPORT):
                await harness.export(story.body(*spans[first : first + TRACES_PER_EXPORT]))
            for task in reading:
                heard = await asyncio.wait_for(task, READ_SECONDS)
                assert new_spans(heard) == story.ids(*spans)
                assert updated(heard) == [story.trace_id(span.trace) for span in spans]
            # Before the hub may sleep: it counts since it woke.
            status = await harness.status()
            assert (status.watchers, status.dropped_watchers) == (len(readers), before + 2)
            assert await asyncio.wait_for(_close_code(stalled), READ_SECONDS) == TRY_AGAIN_LATER
            assert await asyncio.wait_for(muted, READ_SECONDS) == TRY_AGAIN_LATER

    asyncio.run(run())
