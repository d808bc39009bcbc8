"""The hubs that the contract is run against: the one within a process, and the Durable Object in workerd."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import websockets

from otel_worker.api.app import handle
from otel_worker.api.live_protocol import MESSAGE_TOO_BIG
from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.errors import PayloadTooLarge, StorageOverloaded
from otel_worker.live.announcement import Announcement
from otel_worker.live.hub import HubStatus
from otel_worker.settings import Settings
from otel_worker.store.catalog import KnownNames
from otel_worker.store.database import Database, Row, Statement
from otel_worker.store.sharding import ShardedDatabase, shards_of
from otel_worker_cli.hub import LocalHub, Watcher
from tests.contract.hub_contract import WAIT_SECONDS, WatcherHarness

TOKEN = "of-the-contract"
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
_JSON = {"Content-Type": "application/json"}
_CLOSE_SECONDS = 5.0
_POLL_SECONDS = 0.02


class FailingReads:
    """A Database that answers some queries with an overload."""

    def __init__(self, database: Database) -> None:
        """Those of the next queries fail that are in `failures`, which databases may share."""
        self._database = database
        self.failures: list[StorageOverloaded] = []

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        if self.failures:
            raise self.failures.pop()
        return await self._database.query(statement)

    async def batch(self, statements: Any) -> list[int]:
        """See Database.batch."""
        return await self._database.batch(statements)


class _CountingHub(LocalHub):
    """LocalHub, which counts what it is told."""

    announced_count = 0

    def announce(self, announcement: Announcement) -> None:
        self.announced_count += 1
        super().announce(announcement)


class LocalWatcher:
    """A watcher of LocalHub, closed as a server would."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._close_code: int | None = None

    async def send(self, message: str | bytes) -> None:
        try:
            self._watcher.take_message(message)
        except PayloadTooLarge:
            self._close_code = MESSAGE_TOO_BIG
            await self._watcher.close()

    async def receive(self) -> str:
        return await asyncio.wait_for(anext(self._watcher), WAIT_SECONDS)

    async def close(self) -> None:
        await self._watcher.close()

    async def close_code(self) -> int:
        assert self._close_code is not None, "the watcher is open"
        return self._close_code


class LocalHarness:
    """The application and LocalHub over SQLite."""

    def __init__(self, databases: list[Database]) -> None:
        self._reads = [FailingReads(database) for database in databases]
        self.database: Database = self._reads[0] if len(databases) == 1 else ShardedDatabase(self._reads)
        self.hub = _CountingHub(self.database)
        self._collector = Collector(
            Settings(TOKEN),
            self.database,
            self.hub,
            lambda: time.time_ns() // 1_000_000,
            known_names=defaultdict(KnownNames),
        )

    async def watch(self) -> WatcherHarness:
        return LocalWatcher(await self.hub.watch())

    async def export(self, body: bytes) -> None:
        response = await self._answer("POST", "", body)
        assert (response.status, response.body) == (200, b"{}"), response

    async def list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        response = await self._answer("GET", urlencode(query), b"")
        assert response.status == 200, response
        summaries: list[dict[str, Any]] = json.loads(response.body)
        return summaries

    async def status(self) -> HubStatus:
        return await self.hub.status()

    async def announced(self) -> int:
        return self.hub.announced_count

    async def is_watched(self) -> bool:
        statement = Statement("SELECT watched FROM live")
        answers = {bool(row[0]) for each in shards_of(self.database) for row in await each.query(statement)}
        (answer,) = answers
        return answer

    async def fail_next_read(self) -> None:
        failures = [StorageOverloaded("D1 DB is overloaded. Too many requests queued.")]
        for reads in self._reads:
            reads.failures = failures

    async def _answer(self, method: str, query: str, body: bytes) -> Response:
        headers = {name.lower(): value for name, value in {**AUTHORIZATION, **_JSON}.items()}

        async def read_body(limit_bytes: int) -> bytes:
            assert len(body) <= limit_bytes
            return body

        request = Request(method, "/v1/traces", query, lambda name: headers.get(name.lower()), read_body)
        response = await handle(self._collector, request)
        assert isinstance(response, Response)
        return response


class SocketWatcher:
    """A WebSocket of the live hub."""

    def __init__(self, connection: websockets.ClientConnection, harness: WorkerHarness) -> None:
        self.connection = connection
        self._harness = harness

    async def send(self, message: str | bytes) -> None:
        await self.connection.send(message)

    async def receive(self) -> str:
        message = await asyncio.wait_for(self.connection.recv(), WAIT_SECONDS)
        assert isinstance(message, str)
        return message

    async def close(self) -> None:
        await self.connection.close()
        self._harness.watchers.remove(self)
        await self._harness.until_watchers(len(self._harness.watchers))

    async def close_code(self) -> int:
        await asyncio.wait_for(self.connection.wait_closed(), WAIT_SECONDS)
        self._harness.watchers.remove(self)
        await self._harness.until_watchers(len(self._harness.watchers))
        assert self.connection.close_code is not None
        return self.connection.close_code


class WorkerHarness:
    """The collector in workerd, with the hub of tests/workerd/live_entry.py; `name` is that of its object."""

    def __init__(self, url: str, client: httpx.AsyncClient, name: str = "live") -> None:
        self.url = url
        self.client = client
        self.headers = {**AUTHORIZATION, "Live-Object": name}
        self.watchers: list[SocketWatcher] = []

    async def watch(self) -> SocketWatcher:
        connection = await websockets.connect(
            f"{self.url.replace('http', 'ws', 1)}/api/ws",
            additional_headers=self.headers,
            proxy=None,
            # Not a frame the tests do not know of; the hub's own pings are JSON.
            ping_interval=None,
            open_timeout=WAIT_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            max_size=None,
        )
        watcher = SocketWatcher(connection, self)
        self.watchers.append(watcher)
        return watcher

    async def export(self, body: bytes) -> None:
        response = await self.client.post(
            f"{self.url}/v1/traces", content=body, headers={**self.headers, **_JSON}
        )
        assert (response.status_code, response.content) == (200, b"{}"), response.text

    async def list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        summaries: list[dict[str, Any]] = await self.get("/v1/traces", query)
        return summaries

    async def status(self) -> HubStatus:
        live = (await self.get("/v1/stats"))["live"]
        return HubStatus(live["watchers"], live["droppedWatchers"], live["droppedTraces"])

    async def announced(self) -> int:
        return int((await self.get("/hub"))["announced"])

    async def instance(self) -> str:
        """Return what the object called itself when it was made; another one after an eviction."""
        return str((await self.get("/hub"))["instance"])

    async def is_watched(self) -> bool:
        return bool((await self.get("/hub"))["watched"])

    async def fail_next_read(self) -> None:
        await self.behave(failing_reads=1)

    async def behave(self, **behaviour: object) -> None:
        """Have the hub misbehave, see live_entry.Behaviour; without arguments it works again."""
        response = await self.client.put(f"{self.url}/hub", json=behaviour, headers=self.headers)
        response.raise_for_status()

    async def get(self, path: str, query: dict[str, str] | None = None) -> Any:
        """Return the JSON answer to a GET that has to succeed."""
        response = await self.client.get(f"{self.url}{path}", params=query, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def until_watchers(self, count: int) -> None:
        """Wait until the hub knows of so many watchers."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (await self.status()).watchers != count:
            assert time.monotonic() < deadline, f"the hub does not come to {count} watchers"
            await asyncio.sleep(_POLL_SECONDS)

    async def until_unwatched(self) -> None:
        """Wait until the database says that nobody watches."""
        deadline = time.monotonic() + WAIT_SECONDS
        while await self.is_watched():
            assert time.monotonic() < deadline, "the database goes on to say that somebody watches"
            await asyncio.sleep(_POLL_SECONDS)


@contextlib.asynccontextmanager
async def worker_harness(url: str, name: str = "live") -> AsyncIterator[WorkerHarness]:
    """Yield the harness; in the end nobody watches."""
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as client:
        harness = WorkerHarness(url, client, name)
        try:
            yield harness
        finally:
            await harness.behave()
            for watcher in list(harness.watchers):
                await watcher.close()
            await harness.until_unwatched()
