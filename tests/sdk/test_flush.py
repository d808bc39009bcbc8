"""What a flush does with each answer, and without one."""

from __future__ import annotations

import asyncio

import pytest

from tests.sdk.harness import OK, Bench
from tests.sdk.points import counts
from workers_otel import Answer, FlushResult, create_metrics


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
    # Half of the limit: the rest is for a second attempt.
    assert bench.timeouts_ms == [2_500]


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
    assert bench.flush() == FlushResult("sent", 2, status=200)
    assert bench.sent[1].body == bench.sent[0].body
    assert [counts(received) for received in bench.sent[1:]] == [{"count": 1}, {"count": 2}]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 500, 501])
def test_an_answer_that_is_for_good_drops_the_points_and_says_so(status: int) -> None:
    bench = Bench()
    bench.replies = [Answer(status, "", "no such thing")]
    bench.metrics.counter("count", 1)
    bench.metrics.gauge("load", 1)
    expected = FlushResult("refused", 0, {f"http_{status}": 2}, status=status, error="no such thing")
    assert bench.flush() == expected
    assert bench.flush() == FlushResult("nothing")


def test_a_body_without_an_answer_is_sent_once_more_at_once() -> None:
    bench = Bench(timeout_ms=4_000)

    async def stall() -> Answer:
        bench.pass_seconds(2)
        raise TimeoutError

    bench.replies = [stall]
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert bench.timeouts_ms == [2_000, 2_000]
    assert bench.sent[0].body == bench.sent[1].body


def test_a_flush_has_no_second_attempt_beyond_its_time() -> None:
    bench = Bench(timeout_ms=4_000)

    async def stall() -> Answer:
        bench.pass_seconds(4)
        raise TimeoutError

    bench.replies = [stall]
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("kept", error="TimeoutError: ")
    assert len(bench.sent) == 1


def test_without_an_answer_the_same_body_goes_first_with_the_next_flush() -> None:
    bench = Bench()
    bench.replies = [ConnectionError("refused")] * 3
    bench.metrics.counter("count", 1)
    assert bench.flush() == FlushResult("kept", error="ConnectionError: refused")
    bench.metrics.counter("count", 2)
    # Only a new body has two attempts: an endpoint that is gone is not asked more often than that.
    assert bench.flush() == FlushResult("kept", error="ConnectionError: refused")
    assert len(bench.sent) == 3
    assert bench.flush() == FlushResult("sent", 2, status=200)
    assert {received.body for received in bench.sent[:4]} == {bench.sent[0].body}
    assert [counts(received) for received in bench.sent[3:]] == [{"count": 1}, {"count": 2}]


def test_what_is_kept_leaves_what_is_new_to_the_next_flush_when_half_of_the_time_is_over() -> None:
    bench = Bench(timeout_ms=4_000)

    async def slow() -> Answer:
        bench.pass_seconds(3)
        return OK

    bench.replies = [Answer(503), slow]
    bench.metrics.counter("count", 1)
    bench.flush()
    bench.metrics.counter("count", 2)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert [counts(received) for received in bench.sent[1:]] == [{"count": 1}, {"count": 2}]


def test_a_kept_body_that_is_refused_is_gone_and_the_next_flush_goes_on() -> None:
    bench = Bench()
    bench.replies = [Answer(503), Answer(400, "", "no")]
    bench.metrics.counter("count", 1)
    bench.flush()
    bench.metrics.counter("count", 2)
    assert bench.flush() == FlushResult("refused", 0, {"http_400": 1}, status=400, error="no")
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert counts(bench.sent[-1]) == {"count": 2}


def test_no_two_bodies_are_equal_though_they_say_the_same() -> None:
    benches = [Bench() for _ in range(2)]
    for bench in benches:
        bench.metrics.counter("count")
        bench.flush()
    first, second = (bench.sent[0] for bench in benches)
    assert first.parse() == second.parse()
    assert first.body != second.body


def test_what_cannot_be_encoded_is_dropped_and_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.metrics.counter("count")
    with monkeypatch.context() as patch:
        patch.setattr("workers_otel.delivery.encode_request", lambda *_arguments: 1 / 0)
        assert bench.flush() == FlushResult("nothing")
    bench.metrics.counter("count")
    assert bench.flush() == FlushResult("sent", 2, {"invalid_record": 1}, status=200)


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
    assert bench.sent[0].body == bench.sent[1].body
