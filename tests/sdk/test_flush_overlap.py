"""Flushes that overlap, are cancelled, or die with their request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.sdk.harness import OK, Bench
from tests.sdk.points import counts, data_points
from workers_otel import Answer, FlushResult, Metrics

Meanwhile = Callable[[Metrics], Awaitable[FlushResult | None]]


def while_sending(bench: Bench, meanwhile: Meanwhile) -> tuple[FlushResult, FlushResult | None]:
    """Flush, and have something run before the first answer; return the results of both."""
    results: list[FlushResult | None] = []

    async def answer() -> Answer:
        results.append(await meanwhile(bench.metrics))
        return OK

    bench.replies.insert(0, answer)
    return bench.flush(), results[0]


def test_a_record_made_during_a_flush_belongs_to_the_next_one() -> None:
    async def record(metrics: Metrics) -> None:
        metrics.counter("count", 10)

    bench = Bench()
    bench.metrics.counter("count", 1)
    while_sending(bench, record)
    bench.flush()
    assert [counts(received) for received in bench.sent] == [{"count": 1}, {"count": 10}]


def test_a_flush_during_a_flush_is_done_by_the_first_one_in_turn() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        metrics.counter("count", 10)
        return await metrics.flush()

    bench = Bench()
    bench.metrics.counter("count", 1)
    first, second = while_sending(bench, record_and_flush)
    assert (first, second) == (FlushResult("sent", 2, status=200), FlushResult("joined"))
    assert [counts(received) for received in bench.sent] == [{"count": 1}, {"count": 10}]
    assert bench.flush() == FlushResult("nothing")


def test_a_flush_during_a_flush_without_a_record_of_its_own_sends_nothing_more() -> None:
    bench = Bench()
    bench.metrics.counter("count", 1)
    first, second = while_sending(bench, Metrics.flush)
    assert (first, second) == (FlushResult("sent", 1, status=200), FlushResult("joined"))
    assert len(bench.sent) == 1


def test_what_others_flushed_waits_for_what_had_no_answer() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        metrics.counter("count", 10)
        return await metrics.flush()

    async def record_and_flush_and_fail() -> Answer:
        await record_and_flush(bench.metrics)
        raise ConnectionError("gone")

    bench = Bench()
    bench.replies = [record_and_flush_and_fail, ConnectionError("gone")]
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("kept", error="ConnectionError: gone")
    assert bench.flush() == FlushResult("sent", 2, status=200)
    assert [counts(received) for received in bench.sent[2:]] == [{"count": 1}, {"count": 10}]


def test_the_second_post_of_a_flush_gets_what_is_left_of_the_time() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        bench.pass_seconds(2)
        metrics.counter("count", 10)
        return await metrics.flush()

    bench = Bench(timeout_ms=5_000)
    bench.metrics.counter("count", 1)
    while_sending(bench, record_and_flush)
    assert bench.timeouts_ms == [2_500, 1_500]


def test_a_flush_has_no_second_post_when_half_of_its_time_is_over() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        bench.pass_seconds(3)
        metrics.counter("count", 10)
        return await metrics.flush()

    bench = Bench(timeout_ms=5_000)
    bench.metrics.counter("count", 1)
    while_sending(bench, record_and_flush)
    assert len(bench.sent) == 1
    bench.flush()
    assert counts(bench.sent[1]) == {"count": 10}


def test_series_recorded_while_a_body_is_kept_have_their_own_limit() -> None:
    bench = Bench(max_series=2)
    bench.replies = [Answer(503)]
    for key in ("a", "b"):
        bench.metrics.counter("count", 1, {"key": key})
    assert bench.flush().outcome == "kept"
    for key in ("a", "c", "d"):
        bench.metrics.counter("count", 10, {"key": key})
    assert bench.flush().dropped == {"too_many_series": 1}
    points = data_points(bench.sent[2])["count"]
    assert [(attributes["key"], point.as_int) for attributes, point in points] == [("a", 10), ("c", 10)]


def test_a_cancelled_flush_raises_and_keeps_the_counts() -> None:
    async def cancelled() -> Answer:
        raise asyncio.CancelledError

    bench = Bench()
    bench.replies = [cancelled]
    bench.metrics.counter("count", 1)
    with pytest.raises(asyncio.CancelledError):
        bench.flush()
    bench.metrics.counter("count", 2)
    assert bench.flush() == FlushResult("sent", 2, status=200)
    assert bench.sent[0].body == bench.sent[1].body
    assert counts(bench.sent[2]) == {"count": 2}


def test_a_flush_that_died_with_its_request_does_not_block_the_next_ones() -> None:
    async def scene() -> list[FlushResult]:
        bench.metrics.counter("count", 1)
        # The runtime ends a request without a word: its coroutines are never resumed.
        dead = asyncio.ensure_future(bench.metrics.flush())
        await asyncio.sleep(0)
        bench.metrics.counter("count", 2)
        results = [await bench.metrics.flush()]
        bench.pass_seconds(7)
        results.append(await bench.metrics.flush())
        # Should it live after all, its late answer changes nothing.
        is_late.set()
        results.append(await dead)
        results.append(await bench.metrics.flush())
        return results

    async def late() -> Answer:
        await is_late.wait()
        return OK

    bench = Bench(timeout_ms=5_000)
    bench.replies = [late]
    is_late = asyncio.Event()
    results = asyncio.run(scene())
    assert [result.outcome for result in results] == ["joined", "sent", "sent", "nothing"]
    assert bench.sent[0].body == bench.sent[1].body
    assert [counts(received) for received in bench.sent[1:]] == [{"count": 1}, {"count": 2}]
