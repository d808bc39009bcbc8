"""The spans of a trace over HTTP, page by page, and traces that are larger than one answer."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from otel_worker.api.handlers import trace as trace_handlers
from tests.core.harness import JSON, PROTOBUF, Api
from tests.samples import NOW_UNIX_NANO, small_request, span_id, trace_id

TRACE = f"/v1/traces/{trace_id(1)}"
GONE = (404, "not_found", f"there is no trace {trace_id(1)}")


def read_pages(api: Api, target: str | None, accept: str = JSON) -> list[bytes]:
    """Return the bodies of a page and of all that its links lead to."""
    bodies = []
    while target is not None:
        response = api.respond("GET", target, Accept=accept)
        assert response.status == 200, response
        bodies.append(response.body)
        link = dict(response.headers).get("Link")
        match = re.fullmatch(r'<(/v1/traces/[0-9a-f]{32}/spans\?[^>]+)>; rel="next"', link) if link else None
        assert (match is None) == (link is None), link
        target = match[1] if match else None
    return bodies


def ids(body: bytes) -> list[str]:
    return [span["spanId"] for span in msgspec.json.decode(body)]


@pytest.fixture
def stored(api: Api) -> Api:
    """Ten spans in three requests, one of them sent twice."""
    for numbers in ((7, 1, 4), (2, 9, 5, 4), (3, 8, 6, 10)):
        api.export(small_request(*((1, number) for number in numbers)))
    return api


ALL_IDS = [span_id(number) for number in range(1, 11)]


@pytest.mark.parametrize(("limit", "pages"), [(1, 10), (3, 4), (5, 2), (9, 2), (10, 1), (1000, 1)])
def test_links_lead_through_all_spans_by_start(limit: int, pages: int, stored: Api) -> None:
    bodies = read_pages(stored, f"{TRACE}/spans?limit={limit}")
    assert [span for body in bodies for span in ids(body)] == ALL_IDS
    assert len(bodies) == pages


def test_a_page_without_a_limit_has_1000_spans(api: Api) -> None:
    api.export(small_request(*((1, number) for number in range(1, 1003))))
    assert [len(ids(body)) for body in read_pages(api, f"{TRACE}/spans")] == [1000, 2]
    assert len(api.get(TRACE)["spans"]) == 1002


@pytest.mark.parametrize(("query", "accept"), [("&format=otlp", JSON), ("", PROTOBUF)])
def test_pages_are_given_as_otlp_too(query: str, accept: str, stored: Api) -> None:
    bodies = read_pages(stored, f"{TRACE}/spans?limit=4{query}", accept)
    found: list[str] = []
    for body in bodies:
        if accept == PROTOBUF:
            resources: Any = TracesData.FromString(body).resource_spans
            page = [span.span_id.hex() for r in resources for s in r.scope_spans for span in s.spans]
        else:
            resources = msgspec.json.decode(body)["resourceSpans"]
            page = [span["spanId"] for r in resources for s in r["scopeSpans"] for span in s["spans"]]
        found += sorted(page)
    assert (found, len(bodies)) == (ALL_IDS, 3)


LATE_CURSOR = f"{2**63}-{span_id(1)}"
BAD_CURSOR = 'cursor must be taken from the Link header of the page before, rel="next"; found '
BAD_QUERIES = {
    "limit": ("limit=10001", "limit must be 1 to 10000, such as 20; found '10001'"),
    "cursor": ("cursor=x", f"{BAD_CURSOR}'x'"),
    "late cursor": (f"cursor={LATE_CURSOR}", f"{BAD_CURSOR}'{LATE_CURSOR}'"),
    "format": ("format=xml", "format must be otlp, or left out; found 'xml'"),
    "unknown": ("page=1", "query parameter must be one of cursor, format, limit; found 'page'"),
}


@pytest.mark.parametrize(("query", "message"), BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_parameter_outside_of_its_format_is_refused(query: str, message: str, stored: Api) -> None:
    assert stored.refusal("GET", f"{TRACE}/spans?{query}") == (400, "invalid_parameter", message)


def test_behind_the_last_span_there_is_an_empty_page_and_no_trace_is_404(stored: Api) -> None:
    assert stored.get(f"{TRACE}/spans?cursor={NOW_UNIX_NANO + 10}-{span_id(10)}") == []
    assert stored.refusal("GET", f"/v1/traces/{trace_id(2)}/spans")[0] == 404
    stored.respond("DELETE", TRACE)
    assert stored.refusal("GET", f"{TRACE}/spans") == GONE


def test_a_span_that_is_deleted_between_two_pages_is_not_on_the_next(stored: Api) -> None:
    first = stored.respond("GET", f"{TRACE}/spans?limit=3")
    target = dict(first.headers)["Link"].partition(">")[0][1:]
    # Also the span that the cursor names.
    for number in (3, 4):
        assert stored.respond("DELETE", f"{TRACE}/spans/{span_id(number)}").status == 204
    rest = [span for body in read_pages(stored, target) for span in ids(body)]
    assert ids(first.body) + rest == [span_id(number) for number in (1, 2, 3, 5, 6, 7, 8, 9, 10)]


@pytest.mark.parametrize(("name", "bound"), [("MAX_TRACE_SPANS", 4), ("MAX_TRACE_BYTES", 900)])
def test_a_trace_larger_than_an_answer_begins_with_its_summary_and_links_to_the_rest(
    name: str, bound: int, stored: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stored.get(TRACE)
    monkeypatch.setattr(trace_handlers, name, bound)
    first, *others = read_pages(stored, TRACE)
    trace = msgspec.json.decode(first)
    spans = trace.pop("spans")
    assert 0 < len(spans) < 10
    assert spans + [span for body in others for span in msgspec.json.decode(body)] == whole.pop("spans")
    # Summed up from the heads of its blocks, so that the copy counts.
    assert trace == {**whole, "spanCount": 11}


@pytest.mark.parametrize("accept", [JSON, PROTOBUF])
def test_otlp_of_a_trace_larger_than_an_answer_goes_on_as_otlp(
    accept: str, stored: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_handlers, "MAX_TRACE_SPANS", 4)
    query = "?format=otlp" if accept == JSON else ""
    bodies = read_pages(stored, f"{TRACE}{query}", accept)
    assert len(bodies) == 2
    for body in bodies:
        assert b"resourceSpans" in body if accept == JSON else TracesData.FromString(body).resource_spans
