"""The hub within a process: its queues, and what it does when they are full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from otel_worker.errors import PayloadTooLarge, StorageUnavailable
from otel_worker.live.announcement import Announcement, announce_blocks
from otel_worker.store.database import Row, Statement
from otel_worker.store.write import write_blocks
from otel_worker_cli import hub as hub_module
from otel_worker_cli.hub import LocalHub, Watcher
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, rows
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span

WAIT_SECONDS = 20.0
SUBSCRIBE = '{"messageId":"1","type":"subscribe","details":{"service":"%s"}}'


def run_scene(act: Callable[[], Awaitable[None]]) -> None:
    """Run a test on an event loop, for a bounded time."""

    async def bounded() -> None:
        await asyncio.wait_for(act(), WAIT_SECONDS)

    asyncio.run(bounded())


async def stored(database: SqliteDatabase, number: int, name: str = "GET /") -> Announcement:
    """Store a trace, and return what the hub is told of it."""
    blocks = blocks_of(make_part(number, make_span(name=name)))
    await write_blocks(database, blocks, NOW_UNIX_MS)
    return announce_blocks(blocks)


async def frames_of(watcher: Watcher, count: int) -> list[str]:
    return [await anext(watcher) for _ in range(count)]


def is_watched(database: SqliteDatabase) -> bool:
    return rows(database, "SELECT watched FROM live") == [(1,)]


def test_a_watcher_whose_queue_is_full_is_dropped_after_what_it_was_promised(
    database: SqliteDatabase,
) -> None:
    async def act() -> None:
        hub = LocalHub(database, queue_limit_bytes=1_000)
        slow, fast = await hub.watch(), await hub.watch()
        for number in range(1, 4):
            hub.announce(await stored(database, number))
            await frames_of(fast, 2)
        status = await hub.status()
        assert (status.watchers, status.dropped_watchers) == (1, 1)
        # Two windows had room, and of the third it gets nothing.
        assert len([frame async for frame in slow]) == 4
        await slow.close()
        assert is_watched(database)
        await fast.close()
        assert not is_watched(database)

    run_scene(act)


def test_room_is_there_again_when_frames_were_read(database: SqliteDatabase) -> None:
    async def act() -> None:
        hub = LocalHub(database, queue_limit_bytes=500)
        watcher = await hub.watch()
        for number in range(1, 6):
            hub.announce(await stored(database, number))
            await frames_of(watcher, 2)
        assert (await hub.status()) == (1, 0, 0)

    run_scene(act)


def test_closing_ends_whoever_waits_for_frames(database: SqliteDatabase) -> None:
    async def act() -> None:
        hub = LocalHub(database)
        watcher = await hub.watch()

        async def read() -> list[str]:
            return [frame async for frame in watcher]

        reader = asyncio.create_task(read(), name="reader")
        await asyncio.sleep(0)
        await watcher.close()
        await watcher.close()
        assert await reader == []
        assert (await hub.status()).watchers == 0

    run_scene(act)


def test_a_message_that_is_too_large_is_the_caller_s_to_close_with(database: SqliteDatabase) -> None:
    async def act() -> None:
        watcher = await LocalHub(database).watch()
        with pytest.raises(PayloadTooLarge):
            watcher.take_message(" " * 16_385)
        watcher.take_message(SUBSCRIBE % "till")
        assert await anext(watcher) == '{"messageId":"1","type":"ack"}'

    run_scene(act)


class PausedDatabase(WatchedDatabase):
    """A Database whose queries wait until it goes on."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)
        self.goes_on = asyncio.Event()

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        await self.goes_on.wait()
        return await super().query(statement)


def test_announcing_never_waits_and_what_is_too_much_is_counted_and_said(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MAX_DELIVERIES", 2)

    async def act() -> None:
        paused = PausedDatabase(database)
        hub = LocalHub(paused)
        watcher = await hub.watch()
        for number in range(1, 6):
            hub.announce(await stored(database, number))
        assert (await hub.status()).dropped_traces == 3
        paused.goes_on.set()
        heard = await frames_of(watcher, 3)
        assert sum('{"count":3}' in frame for frame in heard) == 1

    run_scene(act)


def test_who_watches_is_recorded_before_he_does(database: SqliteDatabase) -> None:
    async def act() -> None:
        def fail() -> None:
            raise StorageUnavailable("busy")

        failing = WatchedDatabase(database)
        failing.before_batch = fail
        hub = LocalHub(failing)
        with pytest.raises(StorageUnavailable):
            await hub.watch()
        assert (await hub.status()).watchers == 0
        failing.before_batch = lambda: None
        await hub.watch()
        assert is_watched(database)

    run_scene(act)


def test_one_who_comes_while_the_last_one_goes_is_recorded(database: SqliteDatabase) -> None:
    async def act() -> None:
        hub = LocalHub(database)
        first = await hub.watch()
        _, second = await asyncio.gather(first.close(), hub.watch())
        assert is_watched(database)
        await asyncio.gather(second.close(), second.close())
        assert not is_watched(database)

    run_scene(act)


def test_what_breaks_while_announcing_is_logged_and_the_hub_goes_on(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    async def act() -> None:
        def fail() -> None:
            raise RuntimeError("a bug")

        failing = WatchedDatabase(database)
        hub = LocalHub(failing)
        watcher = await hub.watch()
        failing.before_query = fail
        hub.announce(await stored(database, 1))
        await asyncio.sleep(0)
        failing.before_query = lambda: None
        hub.announce(await stored(database, 2))
        assert len(await frames_of(watcher, 2)) == 2

    run_scene(act)
    assert "live: 1 traces could not be announced" in [record.getMessage() for record in caplog.records]
