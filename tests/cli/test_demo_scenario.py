"""The sample shop as it is made up: the same for a seed, whole, and with its three problems every time."""

from __future__ import annotations

import random
import statistics
from pathlib import Path
from typing import Any

import pytest

from otel_worker_cli.demo.checkout import FRAUD_TIMEOUT_MS
from otel_worker_cli.demo.problems import STORIES, Problem
from otel_worker_cli.demo.recording import MILLISECOND_NANO, Kind, MadeUpSpan, Recorder
from otel_worker_cli.demo.scenario import CERTAIN, LONGEST_SECONDS, SECOND_NANO, MadeUpTrace, tell_traces
from otel_worker_cli.demo.services import CART, CART_NEW, SERVICES
from otel_worker_cli.demo.shop import CARRIER, GATEWAY_ATTEMPTS, SHIPPING_ATTEMPTS

ROOT = Path(__file__).resolve().parents[2]
SECONDS, RATE = 1800.0, 1.0

# Usual ones, and so few requests that chance alone would leave a problem out.
PLAYS = [(SECONDS, RATE, seed) for seed in range(4)] + [(60.0, 0.05, 5), (3600.0, 0.01, 6)]


def told(seconds: float = SECONDS, rate: float = RATE, seed: int = 1) -> list[MadeUpTrace]:
    return list(tell_traces(seconds, rate, seed))


def shape(span: MadeUpSpan) -> Any:
    """Return all that a span is, and what is below it."""
    linked = span.linked.attributes if span.linked else None
    return (
        (span.service, span.name, span.kind, span.start_nano, span.end_nano, span.attributes, span.events),
        (linked, span.has_failed, span.status_message),
        [shape(child) for child in span.children],
    )


def failed_below(span: MadeUpSpan) -> MadeUpSpan:
    """Return where a failure comes from: the failed span that has no failed one below it."""
    failed = [child for child in span.children if child.has_failed]
    assert len(failed) <= 1, "a person follows one line of errors"
    return failed_below(failed[0]) if failed else span


def test_a_seed_tells_the_same_traces_again() -> None:
    first, again, other = ([(t.at_nano, shape(t.root)) for t in told(seed=seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(("seconds", "rate", "seed"), PLAYS)
def test_traces_come_in_order_and_end_in_time(seconds: float, rate: float, seed: int) -> None:
    traces = told(seconds, rate, seed)
    assert [trace.at_nano for trace in traces] == sorted(trace.at_nano for trace in traces)
    assert all(trace.at_nano >= 0 for trace in traces)
    assert max(trace.at_nano + trace.root.end_nano for trace in traces) <= seconds * SECOND_NANO


def test_a_span_lies_within_its_parent() -> None:
    spans = [span for trace in told() for span in trace.root.walk()]
    for span in spans:
        assert 0 <= span.start_nano <= span.end_nano
        assert all(span.start_nano <= event.at_nano <= span.end_nano for event in span.events)
        for child in span.children:
            assert span.start_nano <= child.start_nano <= child.end_nano <= span.end_nano, child


def test_every_service_has_its_part() -> None:
    assert {span.service for trace in told() for span in trace.root.walk()} == set(SERVICES)
    assert len({service.name for service in SERVICES}) == 12


def test_the_rate_is_that_of_requests() -> None:
    requests = [trace for trace in told(rate=2.0) if trace.root.kind is not Kind.CONSUMER]
    assert len(requests) == pytest.approx(2.0 * (SECONDS - LONGEST_SECONDS), rel=0.05)


def test_latencies_have_their_median_and_a_long_tail() -> None:
    recorder = Recorder(random.Random(1))
    latencies_ms = sorted(recorder.latency_ms(40, 0.5) for _ in range(4001))
    assert statistics.median(latencies_ms) == pytest.approx(40, rel=0.05)
    assert latencies_ms[-40] > 3 * 40


@pytest.mark.parametrize(("seconds", "rate", "seed"), PLAYS)
def test_the_slowest_failing_checkout_waits_for_the_fraud_check(
    seconds: float, rate: float, seed: int
) -> None:
    checkouts = [trace for trace in told(seconds, rate, seed) if trace.root.name == "POST /api/checkout"]
    failed = [trace.root for trace in checkouts if trace.root.has_failed]
    slowest = max(failed, key=lambda root: root.end_nano)
    fault = failed_below(slowest)
    assert (fault.service.name, fault.name) == ("payments", "POST /v2/assessments")
    assert fault.end_nano - fault.start_nano == FRAUD_TIMEOUT_MS * MILLISECOND_NANO
    assert fault.attributes["error.type"] == "timeout"
    assert fault.attributes["service.peer.name"] == "fraud-check"
    assert fault.status_message == "fraud-check did not answer within 8 s"
    (event,) = fault.events
    assert "FraudCheckClient.java" in str(event.attributes["exception.stacktrace"])
    # Whatever else fails is over long before.
    others = [root for root in failed if failed_below(root).attributes["error.type"] != "timeout"]
    assert all(root.end_nano < slowest.end_nano / 4 for root in others)
    assert len(failed) - len(others) >= CERTAIN


@pytest.mark.parametrize(("seconds", "rate", "seed"), PLAYS)
def test_only_the_new_release_of_the_cart_fails(seconds: float, rate: float, seed: int) -> None:
    traces = told(seconds, rate, seed)
    carts = [
        (trace.at_nano, span)
        for trace in traces
        for span in trace.root.walk()
        if span.name == "POST /v1/items" and span.kind is Kind.SERVER
    ]
    failed = [(at_nano, span) for at_nano, span in carts if span.has_failed]
    assert len(failed) >= CERTAIN
    assert {span.service for _, span in failed} == {CART_NEW}
    assert all(span.attributes["app.cart.has_gift_card"] for _, span in failed)
    assert all(span.events[0].attributes["exception.type"] == "TypeError" for _, span in failed)
    assert {span.attributes["error.type"] for _, span in failed} == {"TypeError"}
    assert all("currency" in span.status_message for _, span in failed)
    out_since = STORIES[Problem.FAILING_RELEASE].begins * (seconds - LONGEST_SECONDS) * SECOND_NANO
    assert all(at_nano >= out_since for at_nano, span in carts if span.service is CART_NEW)


def test_both_releases_also_work() -> None:
    worked = [
        span.service
        for trace in told()
        for span in trace.root.walk()
        if span.name == "POST /v1/items" and span.kind is Kind.SERVER and not span.has_failed
    ]
    assert set(worked) == {CART, CART_NEW}


@pytest.mark.parametrize(("seconds", "rate", "seed"), PLAYS)
def test_a_storm_multiplies_the_calls_to_the_carrier(seconds: float, rate: float, seed: int) -> None:
    story = STORIES[Problem.RETRY_STORM]
    stormy = 0
    for trace in told(seconds, rate, seed):
        calls = [span for span in trace.root.walk() if span.attributes.get("server.address") == CARRIER]
        resent = [int(str(span.attributes.get("http.request.resend_count", 0))) for span in calls]
        if len(calls) > 1:
            stormy += 1
            assert resent == [*range(SHIPPING_ATTEMPTS)] * GATEWAY_ATTEMPTS
            assert len(calls) == 12
            assert trace.root.has_failed
            share = trace.at_nano / SECOND_NANO / (seconds - LONGEST_SECONDS)
            assert story.begins <= share <= story.ends
    assert stormy >= CERTAIN


def test_a_mail_is_linked_to_the_order_it_is_about() -> None:
    producers: dict[MadeUpSpan, int] = {}
    mails = 0
    for trace in told():
        if trace.root.linked is not None:
            mails += 1
            producer = trace.root.linked
            assert trace.at_nano > producers.pop(producer), "it was sent before, and is taken once"
            assert trace.root.attributes["app.order.id"] == producer.attributes["app.order.id"]
        for span in trace.root.walk():
            if span.kind is Kind.PRODUCER:
                producers[span] = trace.at_nano + span.end_nano
    assert mails > 50
    assert producers == {}


def test_the_page_about_it_has_the_questions_and_the_answers() -> None:
    page = " ".join((ROOT / "docs" / "demo.md").read_text(encoding="utf-8").split())
    for problem, story in STORIES.items():
        assert story.question in page
        assert f"A {problem.value}. {story.answer}" in page
