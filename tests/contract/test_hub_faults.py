"""A hub that fails, hangs or is slow, and watchers that do not read: no exporter and no reader notices."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.exceptions import InvalidStatus

from otel_worker.cloudflare.live_client import DELIVERY_TIMEOUT_SECONDS, MAX_DELIVERIES
from otel_worker_cli.runtime.session import DevSession
from tests.contract.hub_contract import hear
from tests.contract.hub_harness import WorkerHarness, worker_harness
from tests.contract.hub_story import SpanOf, Story, read_frame

# Of a hub that answers nobody; far above what the test takes.
FOR_EVER_SECONDS = 3_600.0
SLOW_SECONDS = 6.0
EXPORT_COUNT = 5


async def _export_all(harness: WorkerHarness, story: Story, count: int) -> float:
    """Return the longest time in seconds that an export took; each stores a trace."""
    longest = 0.0
    for number in range(1, count + 1):
        began = time.monotonic()
        await harness.export(story.body(SpanOf(number)))
        longest = max(longest, time.monotonic() - began)
    assert len(await harness.list(story.query({}))) == count
    return longest


async def _dropped(harness: WorkerHarness) -> int:
    return (await harness.status()).dropped_traces


async def _until_dropped(harness: WorkerHarness, count: int) -> None:
    deadline = time.monotonic() + 3 * DELIVERY_TIMEOUT_SECONDS
    while (found := await _dropped(harness)) < count:
        assert time.monotonic() < deadline, f"{found} of {count} traces are counted as dropped"
        await asyncio.sleep(0.1)


def test_a_hub_that_raises_is_not_noticed_and_the_watchers_hear_what_they_missed(
    live_worker: DevSession,
) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            story, watcher = Story(), await harness.watch()
            before = await _dropped(harness)
            await harness.behave(raises=True)
            await _export_all(harness, story, EXPORT_COUNT)
            await _until_dropped(harness, before + EXPORT_COUNT)
            await harness.behave()
            await harness.export(story.body(SpanOf(99)))
            heard = await hear(watcher, story, SpanOf(99))
            if not any(each.kind == "tracesDropped" for each in heard):
                heard += read_frame(await watcher.receive())
            dropped = [each.details for each in heard if each.kind == "tracesDropped"]
            assert dropped == [{"count": EXPORT_COUNT}]
            assert await _dropped(harness) == before + EXPORT_COUNT

    asyncio.run(run())


def test_a_slow_hub_keeps_no_exporter_waiting(live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            story, watcher = Story(), await harness.watch()
            await harness.behave(delay_seconds=SLOW_SECONDS)
            longest = await _export_all(harness, story, EXPORT_COUNT)
            assert longest < SLOW_SECONDS / 2
            spans = [SpanOf(number) for number in range(1, EXPORT_COUNT + 1)]
            await hear(watcher, story, *spans)

    asyncio.run(run())


def test_an_isolate_whose_announcements_hang_drops_more_and_recovers(live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            story, watcher = Story(), await harness.watch()
            before, told_before = await _dropped(harness), await harness.announced()
            await harness.behave(delay_seconds=FOR_EVER_SECONDS)
            longest = await _export_all(harness, story, MAX_DELIVERIES + EXPORT_COUNT)
            assert longest < DELIVERY_TIMEOUT_SECONDS / 2
            await _until_dropped(harness, before + MAX_DELIVERIES + EXPORT_COUNT)
            await harness.behave()
            await harness.export(story.body(SpanOf(999)))
            heard = await hear(watcher, story, SpanOf(999))
            if not any(each.kind == "tracesDropped" for each in heard):
                heard += read_frame(await watcher.receive())
            dropped = [each.details for each in heard if each.kind == "tracesDropped"]
            assert dropped == [{"count": MAX_DELIVERIES + EXPORT_COUNT}]
            # The hub was called no more often than there may be deliveries at once, and once in the end.
            assert await harness.announced() - told_before == MAX_DELIVERIES + 1
            assert await _dropped(harness) == before + MAX_DELIVERIES + EXPORT_COUNT

    asyncio.run(run())


def test_who_watches_is_recorded_before_the_handshake_is_answered(live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            await harness.behave(failing_writes=1)
            with pytest.raises(InvalidStatus) as caught:
                await harness.watch()
            assert caught.value.response.status_code == 503
            assert ((await harness.status()).watchers, await harness.is_watched()) == (0, False)
            story, watcher = Story(), await harness.watch()
            await harness.export(story.body(SpanOf(1)))
            await hear(watcher, story, SpanOf(1))

    asyncio.run(run())


def test_a_record_that_nobody_took_back_heals_itself(live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            story, watcher = Story(), await harness.watch()
            await harness.behave(failing_writes=1)
            await watcher.close()
            told_before = await harness.announced()
            assert await harness.is_watched()
            # It is announced to nobody, and that takes the record back.
            await harness.export(story.body(SpanOf(1)))
            await harness.until_unwatched()
            await harness.export(story.body(SpanOf(2)))
            assert await harness.announced() - told_before == 1

    asyncio.run(run())


def test_statistics_do_not_wait_for_a_hub_that_does_not_answer(live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            await harness.behave(is_mute=True)
            status = await harness.status()
            assert (status.watchers, status.dropped_watchers) == (None, None)
            await harness.behave()
            assert (await harness.status()).watchers == 0

    asyncio.run(run())
