"""Runs every case of the hub contract against the in-process hub and the Durable Object in workerd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import websockets

from otel_worker_cli.hub import LocalHub, Watcher
from otel_worker_cli.runtime.session import DevSession
from tests.contract.hub_contract import HubHarness, WatcherHarness, hub_contract

WAIT_SECONDS = 20.0
CLOSE_SECONDS = 5.0


class LocalWatcher:
    """A watcher of LocalHub."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    async def receive(self) -> str:
        return await asyncio.wait_for(anext(self._watcher), WAIT_SECONDS)

    async def close(self) -> None:
        self._watcher.close()


class LocalHarness:
    """LocalHub as the contract wants it."""

    def __init__(self) -> None:
        self._hub = LocalHub()

    async def watch(self) -> WatcherHarness:
        return LocalWatcher(self._hub.watch())

    async def watcher_count(self) -> int:
        return await self._hub.watcher_count()

    async def publish(self, message: str) -> int:
        return await self._hub.publish(message)


class SocketWatcher:
    """A WebSocket of the live hub."""

    def __init__(self, connection: websockets.ClientConnection, harness: WorkerHarness) -> None:
        self.connection = connection
        self._harness = harness

    async def receive(self) -> str:
        message = await asyncio.wait_for(self.connection.recv(), WAIT_SECONDS)
        assert isinstance(message, str)
        return message

    async def close(self) -> None:
        await self.connection.close()
        self._harness.watchers.remove(self)


class WorkerHarness:
    """The hub of the test Worker: watched by WebSocket, published to through DurableObjectHub."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self.watchers: list[SocketWatcher] = []

    async def watch(self) -> WatcherHarness:
        connection = await websockets.connect(
            f"{self._url.replace('http', 'ws', 1)}/watch",
            proxy=None,
            open_timeout=WAIT_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=None,
        )
        watcher = SocketWatcher(connection, self)
        self.watchers.append(watcher)
        return watcher

    async def watcher_count(self) -> int:
        response = await self._client.get(f"{self._url}/watchers")
        response.raise_for_status()
        return int(response.json()["watchers"])

    async def publish(self, message: str) -> int:
        response = await self._client.post(f"{self._url}/publish", content=message.encode())
        response.raise_for_status()
        return int(response.json()["watchers"])


@asynccontextmanager
async def worker_harness(url: str) -> AsyncIterator[WorkerHarness]:
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as client:
        harness = WorkerHarness(url, client)
        try:
            yield harness
        finally:
            for watcher in list(harness.watchers):
                await watcher.close()


@pytest.mark.parametrize("name", hub_contract.cases)
def test_local_hub(name: str) -> None:
    async def run() -> None:
        await hub_contract.cases[name](LocalHarness())

    asyncio.run(run())


@pytest.mark.parametrize("name", hub_contract.cases)
def test_live_hub(name: str, test_worker: DevSession) -> None:
    case: Callable[[HubHarness], Awaitable[None]] = hub_contract.cases[name]

    async def run() -> None:
        async with worker_harness(test_worker.url) as harness:
            await case(harness)

    asyncio.run(run())


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_the_live_hub_answers_the_closing_handshake(code: int, test_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(test_worker.url) as harness:
            watcher = await harness.watch()
            assert isinstance(watcher, SocketWatcher)
            await watcher.connection.close(code, "bye")
            assert (watcher.connection.close_code, watcher.connection.close_reason) == (code, "bye")

    asyncio.run(run())


def test_a_full_local_watcher_is_dropped_after_what_it_was_promised() -> None:
    async def run() -> None:
        hub = LocalHub(queue_limit=2)
        slow, fast = hub.watch(), hub.watch()
        counts = []
        received = []
        for number in range(4):
            counts.append(await hub.publish(str(number)))
            received.append(await anext(fast))
        assert counts == [2, 2, 1, 1]
        assert received == ["0", "1", "2", "3"]
        assert [message async for message in slow] == ["0", "1"]

    asyncio.run(run())


def test_closing_a_local_watcher_ends_whoever_waits_for_its_messages() -> None:
    async def run() -> None:
        hub = LocalHub()
        watcher = hub.watch()

        async def read() -> list[str]:
            return [message async for message in watcher]

        reader = asyncio.create_task(read(), name="reader")
        await hub.publish("one")
        await asyncio.sleep(0)
        watcher.close()
        watcher.close()
        assert await asyncio.wait_for(reader, WAIT_SECONDS) == ["one"]
        assert await hub.publish("two") == 0

    asyncio.run(run())
