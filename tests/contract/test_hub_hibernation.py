"""Sockets that sleep: the runtime evicts an idle hub, and its sockets stay open and keep what they asked for.

Four objects fall asleep in one wait: each is woken by another event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from otel_worker_cli.runtime.session import DevSession
from tests.contract.hub_contract import ask, hear
from tests.contract.hub_harness import SocketWatcher, WorkerHarness, worker_harness
from tests.contract.hub_story import Message, SpanOf, Story, read_frame, updated

# The runtime evicts an object with nothing but sockets about 10 s after its last event. The objects have
# names of their own: what other tests left waiting in the usual one would keep it awake.
IDLE_SECONDS = 16.0

SPANS = (
    SpanOf(1, 1, "checkout", "GET /cart", is_error=True, for_nano=10**9),
    SpanOf(2, 1, "checkout", "charge"),
    SpanOf(3, 1, "payment", "GET /cart"),
    SpanOf(4, 1, "payment", "charge", is_error=True),
    SpanOf(5, 1, "payment", "charge", for_nano=10**9),
)
SUBSCRIPTIONS: tuple[tuple[dict[str, str], tuple[int, ...]], ...] = (
    ({}, (1, 2, 3, 4, 5)),
    ({"service": "checkout"}, (1, 2)),
    ({"name": "GET /cart"}, (1, 3)),
    ({"status": "error"}, (1, 4)),
    ({"minDuration": "1s"}, (1, 5)),
    ({"service": "payment", "name": "charge", "status": "error", "minDuration": "1ms"}, (4,)),
)


def test_sockets_outlive_the_memory_of_the_hub(live_worker: DevSession) -> None:
    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            by_export, by_message, by_close, by_last_close = [
                await stack.enter_async_context(worker_harness(live_worker.url, name))
                for name in ("export", "message", "close", "last-close")
            ]
            objects = (by_export, by_message, by_close, by_last_close)
            subscribed = [await _subscribed(by_export, details) for details, _ in SUBSCRIPTIONS]
            untouched, silent = await by_export.watch(), await by_export.watch()
            await ask(silent, "unsubscribe")
            asking = [await _subscribed(by_message, {"service": name}) for name in ("a", "b")]
            closing, staying = await by_close.watch(), await _subscribed(by_close, {"service": "a"})
            last = await by_last_close.watch()
            before = [await each.instance() for each in objects]

            await asyncio.sleep(IDLE_SECONDS)

            await _wake_by_export(by_export, subscribed, untouched, silent)
            await _wake_by_message(by_message, *asking)
            await _wake_by_close(by_close, closing, staying)
            await _wake_by_last_close(by_last_close, last)
            after = [await each.instance() for each in objects]
            assert not {*before} & {*after}, "the objects were not evicted: this test shows nothing"

    asyncio.run(run())


async def _subscribed(harness: WorkerHarness, details: dict[str, str]) -> SocketWatcher:
    watcher = await harness.watch()
    await ask(watcher, "subscribe", **details)
    return watcher


async def _wake_by_export(
    harness: WorkerHarness, subscribed: list[SocketWatcher], untouched: SocketWatcher, silent: SocketWatcher
) -> None:
    story = Story()
    await harness.export(story.body(*SPANS))
    for watcher, (details, traces) in zip(subscribed, SUBSCRIPTIONS, strict=True):
        heard = await hear(watcher, story, *(SpanOf(trace) for trace in traces))
        assert updated(heard) == [story.trace_id(trace) for trace in traces], details
    heard = await hear(untouched, story, *SPANS)
    assert updated(heard) == [story.trace_id(span.trace) for span in SPANS]
    # What was asked for before the sleep can be changed after it.
    await ask(silent, "subscribe", service="checkout")
    await ask(subscribed[0], "unsubscribe")
    await ask(subscribed[1], "subscribe", service="payment")
    await harness.export(story.body(SpanOf(6, 1, "checkout"), SpanOf(7, 1, "payment")))
    assert updated(await hear(silent, story, SpanOf(6))) == [story.trace_id(6)]
    assert updated(await hear(subscribed[1], story, SpanOf(7))) == [story.trace_id(7)]
    await ask(subscribed[0], "subscribe")
    await harness.export(story.body(SpanOf(8)))
    assert updated(await hear(subscribed[0], story, SpanOf(8))) == [story.trace_id(8)]
    assert (await harness.status()).watchers == len(subscribed) + 2


async def _wake_by_message(harness: WorkerHarness, first: SocketWatcher, second: SocketWatcher) -> None:
    story = Story()
    await first.send(json.dumps({"messageId": "x", "type": "subscribe", "details": {"service": "c"}}))
    assert read_frame(await first.receive()) == [Message("ack", None, "x")]
    await harness.export(story.body(*(SpanOf(number, 1, name) for number, name in enumerate("abc", 1))))
    assert updated(await hear(first, story, SpanOf(3))) == [story.trace_id(3)]
    assert updated(await hear(second, story, SpanOf(2))) == [story.trace_id(2)]


async def _wake_by_close(harness: WorkerHarness, closing: SocketWatcher, staying: SocketWatcher) -> None:
    story = Story()
    await closing.connection.close(4000, "bye")
    assert (closing.connection.close_code, closing.connection.close_reason) == (4000, "bye")
    harness.watchers.remove(closing)
    await harness.until_watchers(1)
    assert await harness.is_watched()
    await harness.export(story.body(SpanOf(1, 1, "a"), SpanOf(2, 1, "b")))
    assert updated(await hear(staying, story, SpanOf(1))) == [story.trace_id(1)]


async def _wake_by_last_close(harness: WorkerHarness, last: SocketWatcher) -> None:
    # The objects of this test have one record, and this one takes it that nobody watches.
    await last.connection.close(1000, "bye")
    harness.watchers.remove(last)
    await harness.until_unwatched()
