"""`otel-worker send --demo`: what it sends is stored whole, and its three problems are found by searching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from otel_worker_cli.demo.scenario import MadeUpTrace, tell_traces
from tests.cli.command import CommandLine, in_order, without_colour
from tests.cli.http_collector import HttpCollector
from tests.e2e.collector import Collector

SECONDS, RATE, SEED = 600, 0.5, 7
PLAY = ("send", "--demo", "--back-dated", "10m", "--rate", str(RATE), "--seed", str(SEED))
OURS = {"attr": "service.namespace=sample-shop"}


@pytest.fixture(scope="module")
def summary(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what the command says of a demo that these tests share."""
    folder = tmp_path_factory.mktemp("demo")
    return CommandLine(folder, collector.url, collector.token).succeed(*PLAY, "--json").document


@pytest.fixture(scope="module")
def told() -> list[MadeUpTrace]:
    """Return what that demo is made of."""
    return list(tell_traces(SECONDS, RATE, SEED))


def listed(collector: Collector, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Yield the traces of a search, over all pages."""
    response = collector.client.get("/v1/traces", params={"limit": 1000, **parameters})
    while True:
        assert response.status_code == 200, response.text
        yield from response.json()
        if "next" not in response.links:
            return
        response = collector.client.get(response.links["next"]["url"])


def spans_of(collector: Collector, trace: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all spans of a listed trace."""
    spans = collector.get(f"/v1/traces/{trace['traceId']}")["spans"]
    assert len(spans) == trace["spanCount"]
    return list(spans)


def test_the_collector_has_what_the_exporter_was_given(
    collector: Collector, summary: Any, told: list[MadeUpTrace]
) -> None:
    traces = list(listed(collector, **OURS))
    expected = Counter((trace.root.name, len(list(trace.root.walk()))) for trace in told)
    assert Counter((trace["rootName"], trace["spanCount"]) for trace in traces) == expected
    assert summary["traces"] == len(traces) == len(told)
    assert summary["spans"] == sum(trace["spanCount"] for trace in traces)
    assert summary["rejectedSpans"] == 0
    assert summary["page"] == f"{collector.url}/"
    assert summary["seed"] == SEED


def test_every_trace_is_one_whole_tree(collector: Collector, summary: Any) -> None:
    traces = list(listed(collector, start=summary["start"], **OURS))
    assert traces
    for trace in traces:
        spans = spans_of(collector, trace)
        ids = {span["spanId"] for span in spans}
        assert len(ids) == len(spans)
        roots = [span for span in spans if not span.get("parentSpanId")]
        assert [root["name"] for root in roots] == [trace["rootName"]]
        assert {span["parentSpanId"] for span in spans if span.get("parentSpanId")} <= ids


def test_it_fills_the_time_up_to_now(collector: Collector, summary: Any) -> None:
    within = list(listed(collector, start=summary["start"], end=summary["end"], **OURS))
    assert len(within) == summary["traces"]


def test_the_slowest_failing_checkout_names_the_span_at_fault(collector: Collector, summary: Any) -> None:
    failed = list(
        listed(collector, start=summary["start"], name="POST /api/checkout", status="error", **OURS)
    )
    slowest = max(failed, key=lambda trace: int(trace["durationNano"]))
    spans = spans_of(collector, slowest)
    parents_of_failed = {span.get("parentSpanId") for span in spans if span["status"]["code"] == "ERROR"}
    (fault,) = [
        span
        for span in spans
        if span["status"]["code"] == "ERROR" and span["spanId"] not in parents_of_failed
    ]
    assert fault["name"] == "POST /v2/assessments"
    assert fault["status"]["message"] == "fraud-check did not answer within 8 s"
    found = list(listed(collector, service="payments", status="error", attr="error.type=timeout"))
    assert slowest["traceId"] in {trace["traceId"] for trace in found}


def test_the_failing_release_is_found_by_its_version(collector: Collector, summary: Any) -> None:
    failed = list(listed(collector, service="cart", status="error", **OURS))
    by_version = {
        version: list(listed(collector, service="cart", status="error", attr=f"service.version={version}"))
        for version in ("3.8.1", "3.9.0")
    }
    assert by_version["3.8.1"] == []
    assert [trace["traceId"] for trace in by_version["3.9.0"]] == [trace["traceId"] for trace in failed]
    assert failed


def test_the_retry_storm_is_found_by_its_retries(collector: Collector, summary: Any) -> None:
    stormy = list(listed(collector, attr="http.request.resend_count>=3"))
    assert stormy
    for trace in stormy:
        assert trace["rootName"] == "GET /api/shipping/quotes"
        calls = [span for span in spans_of(collector, trace) if span["name"] == "POST /rates"]
        assert len(calls) == 12


def test_a_parent_is_remote_where_it_is_in_another_service(collector: Collector, summary: Any) -> None:
    trace = next(listed(collector, service="checkout", **OURS))
    spans = {span["spanId"]: span for span in spans_of(collector, trace)}
    for span in spans.values():
        if span.get("parentSpanId"):
            parent = spans[span["parentSpanId"]]
            # The bit SPAN_FLAGS_CONTEXT_IS_REMOTE of opentelemetry/proto/trace/v1/trace.proto.
            is_remote = bool(span["flags"] & 0x200)
            assert is_remote == (span["resource"] != parent["resource"]), span


def test_a_mail_links_to_the_order(collector: Collector, summary: Any) -> None:
    mails = list(listed(collector, service="email-worker", **OURS))
    assert mails
    for mail in mails[:5]:
        (consumer,) = [span for span in spans_of(collector, mail) if not span.get("parentSpanId")]
        (link,) = consumer["links"]
        producer = collector.get(f"/v1/traces/{link['traceId']}/spans/{link['spanId']}")
        assert producer["name"] == "send orders.placed"
        assert producer["kind"] == "PRODUCER"


def test_a_person_is_told_what_to_look_for_and_not_the_answers(
    near: HttpCollector, near_command: CommandLine
) -> None:
    exit_code, output = near_command.in_terminal(
        "send", "--demo", "--back-dated", "1m", "--seed", "3", columns=160
    )
    text = without_colour(output)
    assert exit_code == 0
    assert "Playing the sample shop" in text
    assert in_order(
        text,
        (
            f"to {near.url} (seed 3)",
            f"See them at {near.url}/",
            "slowest failing checkout",
            "--reveal",
        ),
    )
    assert "fraud" not in text
    assert "3.9.0" not in text
