"""No answer is larger than a model can read, and what is left out can be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from otel_worker_cli.mcp.bounds import MAX_ANSWER_BYTES
from otel_worker_cli.mcp.search import MAX_TRACES
from tests.cli.http_collector import http_collector
from tests.e2e.collector import http_client
from tests.mcp.large import ATTRIBUTES, CHILDREN, LINKS, SPANS, large_trace, store, wordy_trace
from tests.mcp.session import Server, in_process
from tests.samples import NOW_UNIX_NANO


@pytest.fixture(scope="module")
def stored() -> Iterator[tuple[Server, str, list[str]]]:
    """Yield a server, the id of a large trace, and those of wordy ones."""
    with http_collector() as collector, http_client(collector.url, collector.token) as client:
        trace_id, request = large_trace(NOW_UNIX_NANO - 30_000_000_000)
        store(client, request)
        wordy: list[str] = []
        for number, spans in enumerate((150, *([2] * MAX_TRACES))):
            wordy_id, request = wordy_trace(NOW_UNIX_NANO - 1_000_000_000 - number, spans)
            store(client, request)
            wordy.append(wordy_id)
        yield in_process(collector.url, collector.token), trace_id, wordy


def checked(answer: Any) -> Any:
    """Return an answer that is within the bound, and says so if it is not all."""
    size = len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode())
    assert size <= MAX_ANSWER_BYTES, size
    assert answer["truncated"] == ("howToGetMore" in answer)
    return answer


def spans_of(answer: Any) -> list[str]:
    return [span["spanId"] for span in answer["untrustedTelemetry"]["spans"]]


def test_the_topology_of_10_000_spans_page_by_page(stored: tuple[Server, str, list[str]]) -> None:
    server, trace_id, _ = stored
    first = checked(server.call("get_trace_topology", trace_id=trace_id))
    assert (first["spanCount"], first["matchingSpanCount"]) == (SPANS, SPANS)
    shown = first["shownSpanCount"]
    assert f"offset={shown}," in first["howToGetMore"]
    second = checked(server.call("get_trace_topology", trace_id=trace_id, offset=shown))
    assert len(set(spans_of(first) + spans_of(second))) == shown + second["shownSpanCount"]
    last = checked(server.call("get_trace_topology", trace_id=trace_id, offset=SPANS - 100))
    assert (last["shownSpanCount"], last["truncated"]) == (100, False)
    beyond = checked(server.call("get_trace_topology", trace_id=trace_id, offset=SPANS))
    assert spans_of(beyond) == []


def test_a_span_takes_about_200_bytes(stored: tuple[Server, str, list[str]]) -> None:
    server, trace_id, _ = stored
    spans = server.call("get_trace_topology", trace_id=trace_id)["untrustedTelemetry"]["spans"]
    size = len(json.dumps(spans, separators=(",", ":")).encode()) / len(spans)
    assert 150 < size < 230, size


def test_a_large_trace_level_by_level(stored: tuple[Server, str, list[str]]) -> None:
    server, trace_id, _ = stored
    top = checked(server.call("get_trace_topology", trace_id=trace_id, max_depth=1))
    assert (top["shownSpanCount"], top["truncated"]) == (CHILDREN + 1, False)
    child = top["untrustedTelemetry"]["spans"][1]
    below = checked(server.call("get_trace_topology", trace_id=trace_id, root_span_id=child["spanId"]))
    assert below["shownSpanCount"] == child["hiddenBelow"] + 1


def test_the_critical_path_of_10_000_spans(stored: tuple[Server, str, list[str]]) -> None:
    server, trace_id, _ = stored
    answer = checked(server.call("get_critical_path", trace_id=trace_id))
    segments = answer["untrustedTelemetry"]["segments"]
    assert answer["truncated"] is True
    assert len(segments) < answer["segmentCount"]
    shown = sum(segment["durationNano"] for segment in segments)
    assert shown + answer["leftOutNano"] == answer["rootDurationNano"] == 20_000_000_000
    assert segments == sorted(segments, key=lambda segment: segment["startOffsetNano"])


def test_the_errors_of_10_000_spans_page_by_page(stored: tuple[Server, str, list[str]]) -> None:
    server, trace_id, _ = stored
    seen: list[str] = []
    answer = {"truncated": True}
    while answer["truncated"]:
        answer = checked(server.call("get_trace_errors", trace_id=trace_id, offset=len(seen)))
        seen += [error["spanId"] for error in answer["untrustedTelemetry"]["errors"]]
    assert len(seen) == len(set(seen)) == answer["failedSpanCount"] == answer["errorCount"]


def test_long_texts_are_cut_and_counted(stored: tuple[Server, str, list[str]]) -> None:
    server, _, (wordy, *_) = stored
    ids = [f"{number:016x}" for number in range(1, 21)]
    answers = server.call_all(
        ("get_trace_topology", {"trace_id": wordy}),
        ("get_trace_errors", {"trace_id": wordy}),
        ("get_critical_path", {"trace_id": wordy}),
        ("get_span_details", {"trace_id": wordy, "span_ids": ids}),
        ("get_span_details", {"trace_id": wordy, "span_ids": ids[:1]}),
        ("get_service_dependencies", {}),
        ("search_traces", {"limit": MAX_TRACES}),
        ("get_services", {}),
    )
    for answer in answers:
        assert checked(answer)["truncated"] is True
        (entries, *_) = answer["untrustedTelemetry"].values()
        assert entries
    assert [answer.get("cutTexts", 0) > 0 for answer in answers] == [True] * 7 + [False]
    twenty, one = answers[3:5]
    assert len(twenty["untrustedTelemetry"]["spans"]) == 20
    (span,) = one["untrustedTelemetry"]["spans"]
    assert span["leftOut"]["attributes"] == ATTRIBUTES - len(span["attributes"]) > 0
    assert span["leftOut"]["links"] == LINKS - len(span["links"]) > 0
    assert span["events"]


def test_what_a_page_of_traces_leaves_out_is_found(
    stored: tuple[Server, str, list[str]],
) -> None:
    server, trace_id, wordy = stored
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = checked(server.call("search_traces", limit=MAX_TRACES, cursor=cursor))
        seen += [trace["traceId"] for trace in answer["untrustedTelemetry"]["traces"]]
        cursor = answer.get("nextCursor")
        assert answer["truncated"] == (cursor is not None)
        if cursor is None:
            break
    assert seen == [*wordy, trace_id]


def test_all_services_page_by_page(stored: tuple[Server, str, list[str]]) -> None:
    server = stored[0]
    names: list[str] = []
    answer = {"truncated": True}
    while answer["truncated"]:
        answer = checked(server.call("get_services", offset=len(names)))
        names += answer["untrustedTelemetry"]["names"]
    assert len(names) == len(set(names)) == answer["totalCount"]
