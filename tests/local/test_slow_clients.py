"""Clients that send or read too slowly, or stop in between: none of them keeps a connection for ever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from otel_worker.api.app import handle
from otel_worker.api.router import Collector
from otel_worker.settings import Settings
from otel_worker_cli.hub import QUEUE_LIMIT_BYTES, LocalHub, Watcher
from otel_worker_cli.local import http_server
from otel_worker_cli.local.asgi import AsgiApp
from otel_worker_cli.local.http_server import HttpServer
from otel_worker_cli.local.migrations import migrations_folder
from otel_worker_cli.sqlite import SqliteDatabase
from tests.samples import NOW_UNIX_MS

WAIT_SECONDS = 20.0
SHORT_SECONDS = 0.2
TOKEN = "token"
AUTHORIZATION = f"Authorization: Bearer {TOKEN}\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPLOAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + AUTHORIZATION


class RecordingHub(LocalHub):
    """A hub that says who watches."""

    def __init__(self, database: SqliteDatabase, queue_limit_bytes: int) -> None:
        super().__init__(database, queue_limit_bytes)
        self.watchers: list[Watcher] = []

    async def watch(self) -> Watcher:
        """See LocalHub.watch."""
        self.watchers.append(await super().watch())
        return self.watchers[-1]


class Running:
    """A server within the test's own loop."""

    def __init__(self, port: int, hub: RecordingHub, server: HttpServer) -> None:
        self.port = port
        self.hub = hub
        self._server = server

    @property
    def connection_count(self) -> int:
        return len(self._server.server_state.connections)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def watching(self) -> connect:
        """Return a WebSocket that is not open yet, and asks for nothing by itself."""
        return connect(
            f"ws://127.0.0.1:{self.port}/api/ws",
            additional_headers={"Authorization": f"Bearer {TOKEN}"},
            proxy=None,
            ping_interval=None,
            # Frames of one letter would be nothing on the wire.
            compression=None,
        )


@contextlib.asynccontextmanager
async def running(queue_limit_bytes: int = QUEUE_LIMIT_BYTES) -> AsyncIterator[Running]:
    """Serve an empty database in memory."""
    with SqliteDatabase(":memory:") as database, socket.create_server(("127.0.0.1", 0)) as listener:
        database.migrate(migrations_folder())
        hub = RecordingHub(database, queue_limit_bytes)
        collector = Collector(Settings(auth_token=TOKEN), database, hub, lambda: NOW_UNIX_MS)
        is_ready = asyncio.Event()
        server = HttpServer(AsgiApp(lambda request: handle(collector, request), hub), is_ready.set)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.wait_for(is_ready.wait(), WAIT_SECONDS)
        try:
            yield Running(listener.getsockname()[1], hub, server)
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, WAIT_SECONDS)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /hea",
        HEALTH[:-2],
        UPLOAD + b"Content-Length: 100\r\n\r\n{",
        UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        # A whole request before it changes nothing.
        HEALTH + b"GET /hea",
        # Nor does a refusal: what is left of the body is awaited, but not for ever.
        UPLOAD.replace(b"token", b"wrong") + b"Content-Length: 100\r\n\r\n{",
    ],
)
def test_a_request_that_does_not_arrive_is_cut(beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", SHORT_SECONDS)

    async def scenario() -> None:
        async with running() as server:
            reader, writer = await server.open()
            writer.write(beginning)
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), WAIT_SECONDS)
            assert reader.at_eof() or reader.exception() is not None
            writer.close()

    asyncio.run(scenario())


def test_a_connection_between_two_requests_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", SHORT_SECONDS)

    async def scenario() -> None:
        async with running() as server:
            reader, writer = await server.open()
            for _ in range(3):
                writer.write(HEALTH)
                answer = await asyncio.wait_for(reader.readuntil(b'{"status":"ok"}'), WAIT_SECONDS)
                assert answer.startswith(b"HTTP/1.1 200 ")
                await asyncio.sleep(2 * SHORT_SECONDS)
            writer.close()

    asyncio.run(scenario())


def test_a_watcher_is_not_cut_for_being_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_SECONDS", SHORT_SECONDS)

    async def scenario() -> None:
        async with running() as server, server.watching() as watching:
            await asyncio.sleep(2 * SHORT_SECONDS)
            await watching.send('{"type":"ping"}')
            assert await asyncio.wait_for(watching.recv(), WAIT_SECONDS) == '{"type":"pong"}'

    asyncio.run(scenario())


def test_a_head_without_end_is_refused() -> None:
    async def scenario() -> None:
        async with running() as server:
            reader, writer = await server.open()
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
            answer = b""
            with contextlib.suppress(ConnectionError):
                for number in range(20_000):
                    writer.write(b"X-Header-%d: %s\r\n" % (number, b"x" * 1_000))
                    await writer.drain()
                    if reader.at_eof():
                        break
            with contextlib.suppress(ConnectionError):
                answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
            assert reader.at_eof() or reader.exception() is not None
            writer.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(("token", "status"), [("token", b"100"), ("wrong", b"401")])
def test_a_body_that_waits_for_a_word_is_asked_for_only_if_it_is_wanted(token: str, status: bytes) -> None:
    async def scenario() -> None:
        async with running() as server:
            reader, writer = await server.open()
            head = UPLOAD.replace(b"token", token.encode())
            writer.write(head + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            line = await asyncio.wait_for(reader.readline(), WAIT_SECONDS)
            assert line.split()[1] == status
            if status == b"100":
                writer.write(b"{}")
                await asyncio.wait_for(reader.readuntil(b"HTTP/1.1 200 "), WAIT_SECONDS)
            writer.close()

    asyncio.run(scenario())


def test_more_connections_than_can_be_served_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", 3)

    async def scenario() -> None:
        async with running() as server:
            statuses: list[bytes] = []
            writers = []
            for _ in range(3):
                reader, writer = await server.open()
                writer.write(HEALTH)
                statuses.append((await asyncio.wait_for(reader.readline(), WAIT_SECONDS)).split()[1])
                writers.append(writer)
            for writer in writers:
                writer.close()
            assert statuses == [b"200", b"200", b"503"]

    asyncio.run(scenario())


def test_a_watcher_that_does_not_read_is_dropped_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "STALLED_SECONDS", SHORT_SECONDS)

    async def scenario() -> None:
        async with running(queue_limit_bytes=1_000_000) as server, server.watching() as stalled:
            stalled.transport.pause_reading()
            (watcher,) = server.hub.watchers
            frame = "f" * 100_000
            while watcher.offer([frame]):
                # What the connection and the system still take, they take now.
                await asyncio.sleep(0.01)
            await _until(lambda: server.connection_count == 0)
            # Whoever served the watcher hears of the end of its connection a moment later.
            async with asyncio.timeout(WAIT_SECONDS):
                while (await server.hub.status()).watchers:
                    await asyncio.sleep(0.005)
            stalled.transport.resume_reading()

    asyncio.run(scenario())


def test_a_watcher_that_reads_too_slowly_is_told() -> None:
    async def scenario() -> None:
        async with running() as server, server.watching() as slow:
            (watcher,) = server.hub.watchers
            watcher.offer(["last"])
            watcher.end()
            assert await asyncio.wait_for(slow.recv(), WAIT_SECONDS) == "last"
            with pytest.raises(ConnectionClosedError):
                await asyncio.wait_for(slow.recv(), WAIT_SECONDS)
            assert slow.close_code == 1013

    asyncio.run(scenario())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)
