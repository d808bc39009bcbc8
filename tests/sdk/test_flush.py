"""What a flush does with each answer, and with another flush at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.sdk.harness import OK, Bench
from tests.sdk.points import counts, data_points
from workers_otel import Answer, FlushResult, Metrics, create_metrics


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://host", "https://host/v1/metrics"),
        ("https://host/", "https://host/v1/metrics"),
        ("https://host/v1/metrics", "https://host/v1/metrics"),
        (" https://host/v1/metrics/\n", "https://host/v1/metrics"),
        ("http://host:9090/api/v1/otlp", "http://host:9090/api/v1/otlp/v1/metrics"),
        ("http://host:9090/api/v1/otlp/v1/metrics", "http://host:9090/api/v1/otlp/v1/metrics"),
    ],
)
def test_the_endpoint_is_a_base_or_the_whole_url(endpoint: str, url: str) -> None:
    bench = Bench(endpoint=endpoint, token=" secret\n")
    bench.metrics.counter("count")
    assert bench.flush() == FlushResult("sent", 1, status=200)
    (received,) = bench.sent
    assert (received.path, dict(received.headers)) == (
        url,
        {"Content-Type": "application/json", "Authorization": "Bearer secret"},
    )
    assert bench.timeouts_ms == [5_000]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"endpoint": None}, "no endpoint is set"),
        ({"endpoint": " "}, "no endpoint is set"),
        ({"token": None}, "no token is set"),
        ({"token": ""}, "no token is set"),
        ({"endpoint": "otlp.test"}, "the endpoint is not an http or https URL"),
        ({"endpoint": "ftp://otlp.test"}, "the endpoint is not an http or https URL"),
        ({"endpoint": "https://"}, "the endpoint is not an http or https URL"),
        ({"endpoint": "https://me:pw@otlp.test"}, "the endpoint has more than scheme, host and path"),
        ({"endpoint": "https://otlp.test?key=pw"}, "the endpoint has more than scheme, host and path"),
        ({"endpoint": "https://otlp.test/a b"}, "the endpoint has more than scheme, host and path"),
        ({"token": "sec\nret"}, "the token has characters that no header can carry"),
        ({"token": "sécret"}, "the token has characters that no header can carry"),
    ],
)
def test_without_a_usable_endpoint_and_token_nothing_happens(options: dict[str, str], error: str) -> None:
    bench = Bench(**options)
    bench.metrics.counter("count")
    bench.metrics.before_flush(lambda: pytest.fail("called"))
    assert bench.flush() == FlushResult("off", error=error)
    assert not bench.metrics.is_on
    assert bench.sent == []


def test_outside_of_a_worker_a_transport_has_to_be_given() -> None:
    metrics = create_metrics(service_name="shop", endpoint="https://otlp.test", token="t")
    metrics.counter("count")
    result = asyncio.run(metrics.flush())
    assert result == FlushResult("off", error="no transport is given, and this is no Worker")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_asks_to_retry_keeps_the_counts(status: int) -> None:
    bench = Bench()
    bench.replies = [Answer(status, "", '{"code": 14, "message": "later"}')]
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("kept", status=status, error="later")
    bench.metrics.counter("count", 2)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert counts(bench.sent[1]) == {"count": 3}


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 500, 501])
def test_an_answer_that_is_for_good_drops_the_points_and_says_so(status: int) -> None:
    bench = Bench()
    bench.replies = [Answer(status, "", "no such thing")]
    bench.metrics.counter("count", 1)
    bench.metrics.gauge("load", 1)
    expected = FlushResult("refused", 0, {f"http_{status}": 2}, status=status, error="no such thing")
    assert bench.flush() == expected
    assert bench.flush() == FlushResult("nothing")


def test_no_answer_keeps_the_counts() -> None:
    bench = Bench()
    bench.replies = [ConnectionError("refused")]
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("kept", error="ConnectionError: refused")
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert counts(bench.sent[1]) == {"count": 1}


@pytest.mark.parametrize(
    ("body", "rejected", "error"),
    [
        ("", 0, ""),
        ("{}", 0, ""),
        ("not JSON", 0, ""),
        ("[]", 0, ""),
        ('{"partialSuccess": null}', 0, ""),
        ('{"partialSuccess": {}}', 0, ""),
        ('{"partialSuccess": {"rejectedDataPoints": "1", "errorMessage": "too old"}}', 1, "too old"),
        ('{"partialSuccess": {"rejectedDataPoints": 2}}', 2, ""),
        ('{"partialSuccess": {"rejectedDataPoints": "99"}}', 2, ""),
        ('{"partialSuccess": {"rejectedDataPoints": -5}}', 0, ""),
        ('{"partialSuccess": {"errorMessage": "use another name"}}', 0, "use another name"),
    ],
)
def test_a_partial_success_is_reported(body: str, rejected: int, error: str) -> None:
    bench = Bench()
    bench.replies = [Answer(200, "", body)]
    bench.metrics.counter("a")
    bench.metrics.counter("b")
    dropped = {"rejected": rejected} if rejected else {}
    assert bench.flush() == FlushResult("sent", 2 - rejected, dropped, status=200, error=error)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("30", 30), ("0", 0), ("", 0), ("soon", 0), ("999999999", 300), ("\u0663", 0)],
)
def test_an_endpoint_gets_the_time_it_asks_for(retry_after: str, seconds: int) -> None:
    bench = Bench()
    bench.replies = [Answer(503, retry_after)]
    bench.metrics.counter("count", 1)
    assert bench.flush().outcome == "kept"
    if seconds:
        bench.pass_seconds(seconds - 1)
        assert bench.flush() == FlushResult("waiting")
        bench.pass_seconds(1)
    assert bench.flush().outcome == "sent"
    assert [counts(received) for received in bench.sent] == [{"count": 1}, {"count": 1}]


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


def test_what_others_flushed_is_kept_with_the_rest_if_there_is_no_answer() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        metrics.counter("count", 10)
        return await metrics.flush()

    bench = Bench()
    bench.replies = [ConnectionError("gone")]
    bench.metrics.counter("count", 1)
    first, _ = while_sending(bench, record_and_flush)
    assert first == FlushResult("kept", 1, error="ConnectionError: gone")
    bench.flush()
    assert counts(bench.sent[-1]) == {"count": 10}


def test_the_second_post_of_a_flush_gets_what_is_left_of_the_time() -> None:
    async def record_and_flush(metrics: Metrics) -> FlushResult:
        bench.pass_seconds(2)
        metrics.counter("count", 10)
        return await metrics.flush()

    bench = Bench(timeout_ms=5_000)
    bench.metrics.counter("count", 1)
    while_sending(bench, record_and_flush)
    assert bench.timeouts_ms == [5_000, 3_000]


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


def test_series_recorded_during_a_flush_count_with_those_it_puts_back() -> None:
    async def record_and_fail() -> Answer:
        for key in ("a", "c", "d"):
            bench.metrics.counter("count", 10, {"key": key})
        raise ConnectionError

    bench = Bench(max_series=2)
    bench.replies = [record_and_fail]
    for key in ("a", "b"):
        bench.metrics.counter("count", 1, {"key": key})
    assert bench.flush().outcome == "kept"
    assert bench.flush().dropped == {"too_many_series": 2}
    points = data_points(bench.sent[1])["count"]
    assert [(attributes["key"], point.as_int) for attributes, point in points] == [("a", 11), ("b", 1)]


def test_a_cancelled_flush_raises_and_keeps_the_counts() -> None:
    async def cancelled() -> Answer:
        raise asyncio.CancelledError

    bench = Bench()
    bench.replies = [cancelled]
    bench.metrics.counter("count", 1)
    with pytest.raises(asyncio.CancelledError):
        bench.flush()
    bench.metrics.counter("count", 2)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert counts(bench.sent[-1]) == {"count": 3}


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
    assert [counts(received) for received in bench.sent] == [{"count": 1}, {"count": 3}]
