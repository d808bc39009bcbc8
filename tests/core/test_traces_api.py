"""Traces over HTTP: what a client sees of them, page by page, one by one, and when they are gone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.core.harness import JSON, PROTOBUF, Api, count_rows
from tests.core.otlp_oracle import request_as_json
from tests.samples import NOW_UNIX_NANO, rich_request, small_request, span_id, trace_id

TRACE = f"/v1/traces/{trace_id(1)}"
START = str(NOW_UNIX_NANO)


def ids(summaries: list[dict[str, Any]]) -> list[str]:
    return [summary["traceId"] for summary in summaries]


def next_target(api: Api, target: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page and the target of the next one, out of the Link header."""
    response = api.respond("GET", target)
    assert response.status == 200
    link = dict(response.headers).get("Link")
    if link is not None:
        match = re.fullmatch(r'<(/v1/traces\?[^>]+)>; rel="next"', link)
        assert match
        link = match[1]
    return msgspec.json.decode(response.body), link


def test_without_traces_the_list_is_empty(api: Api) -> None:
    response = api.respond("GET", "/v1/traces")
    assert (response.status, response.body, response.content_type, response.headers) == (200, b"[]", JSON, ())


def test_a_list_shows_summaries(api: Api) -> None:
    api.export(rich_request())
    assert api.get("/v1/traces") == [
        {
            "traceId": trace_id(1),
            "rootName": "GET /cart",
            "rootService": "shop",
            "services": ["shop"],
            "startTimeUnixNano": START,
            "durationNano": 7,
            "spanCount": 1,
            "errorCount": 1,
        }
    ]


def test_a_page_holds_20_traces_unless_another_limit_is_asked_for(api: Api) -> None:
    api.export(small_request(*((number, number) for number in range(1, 31))))
    newest_first = [trace_id(number) for number in range(30, 0, -1)]
    page, link = next_target(api, "/v1/traces")
    assert (ids(page), link is not None) == (newest_first[:20], True)
    assert ids(api.get("/v1/traces?limit=1000")) == newest_first
    assert ids(api.get("/v1/traces?limit=1")) == newest_first[:1]


@pytest.mark.parametrize(("limit", "pages"), [(1, 7), (2, 4), (3, 3), (6, 2), (7, 1), (100, 1)])
def test_the_links_lead_through_all_pages_and_keep_the_filters(limit: int, pages: int, api: Api) -> None:
    api.export(small_request(*((number, number) for number in range(1, 11))))
    target: str | None = f"/v1/traces?limit={limit}&start={NOW_UNIX_NANO + 2}&time={NOW_UNIX_NANO + 8}"
    seen, count = [], 0
    while target is not None:
        page, target = next_target(api, target)
        count += 1
        seen += ids(page)
        if target is not None:
            parameters = dict(parse_qsl(target.partition("?")[2]))
            assert {**parameters, "cursor": ""} == {
                "limit": str(limit),
                "start": str(NOW_UNIX_NANO + 2),
                "time": str(NOW_UNIX_NANO + 8),
                "cursor": "",
            }
    assert (seen, count) == ([trace_id(number) for number in range(8, 1, -1)], pages)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("start=2026-01-01T00:00:00.000000002Z", [3, 2]),
        ("end=2026-01-01T00:00:00.000000002Z", [2, 1]),
        ("time=2026-01-01T01:00:00.000000002%2B01:00", [2, 1]),
        ("time=2026-01-01T01:00:00.000000002+01:00", [2, 1]),
        (f"start={NOW_UNIX_NANO + 2}&end={NOW_UNIX_NANO + 2}", [2]),
        ("start=&end=&limit=&cursor=", [3, 2, 1]),
        ("end=0", []),
    ],
)
def test_the_list_can_be_narrowed_to_a_time(query: str, expected: list[int], api: Api) -> None:
    api.export(small_request((1, 1), (2, 2), (3, 3)))
    assert ids(api.get(f"/v1/traces?{query}")) == [trace_id(number) for number in expected]


BAD_QUERIES = {
    "limit": ("/v1/traces?limit=0", "limit must be 1 to 1000, such as 20; found '0'"),
    "high limit": ("/v1/traces?limit=1001", "limit must be 1 to 1000, such as 20; found '1001'"),
    "both names of end": (
        "/v1/traces?end=1&time=2",
        "time must be left out when end is given: they are the same; found '2'",
    ),
    "unknown": (f"{TRACE}?limit=5", "query parameter must be one of format; found 'limit'"),
    "format": (f"{TRACE}?format=jaeger", "format must be otlp, or left out; found 'jaeger'"),
    "trace id": (
        "/v1/traces/abc",
        "trace id must be 32 hex digits such as 0af7651916cd43dd8448eb211c80319c; found 'abc'",
    ),
    "trace id of spans": (
        "/v1/traces/abc/spans",
        "trace id must be 32 hex digits such as 0af7651916cd43dd8448eb211c80319c; found 'abc'",
    ),
    "span id": (f"{TRACE}/spans/xyz", "span id must be 16 hex digits such as 00f067aa0ba902b7; found 'xyz'"),
}


@pytest.mark.parametrize(("target", "message"), BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_parameter_outside_of_its_format_is_refused_by_name(target: str, message: str, api: Api) -> None:
    assert api.refusal("GET", target) == (400, "invalid_parameter", message)


@pytest.mark.parametrize("name", ["start", "end", "time", "cursor"])
def test_a_refusal_names_the_parameter_as_the_client_wrote_it(name: str, api: Api) -> None:
    status, code, message = api.refusal("GET", f"/v1/traces?{name}=nonsense")
    assert (status, code, message.split(" must be ")[0]) == (400, "invalid_parameter", name)


RICH_VALUES = {
    "text": "naïve 🦄",
    "empty": "",
    "yes": True,
    "no": False,
    "zero": 0,
    "int": -(2**63),
    "double": 2.0,
    "nan": "NaN",
    "infinity": "-Infinity",
    "bytes": "AP8=",
    "unset": None,
    "array": ["a", 1, None, [True], {"k": ""}],
    "map": {"a": 1.5, "b": {"c": []}},
}
RICH_SPAN = {
    "traceId": trace_id(1),
    "spanId": span_id(1),
    "parentSpanId": span_id(2),
    "name": "GET /cart",
    "kind": "SERVER",
    "startTimeUnixNano": START,
    "endTimeUnixNano": str(NOW_UNIX_NANO + 7),
    "durationNano": 7,
    "attributes": RICH_VALUES,
    "resource": {
        "attributes": {"service.name": "shop", **RICH_VALUES},
        "schemaUrl": "https://example.org/resource",
    },
    "scope": {
        "name": "library",
        "version": "1.2.3",
        "attributes": RICH_VALUES,
        "schemaUrl": "https://example.org/scope",
    },
    "status": {"code": "ERROR", "message": "boom"},
    "events": [
        {
            "name": "exception",
            "timeUnixNano": str(NOW_UNIX_NANO + 1),
            "attributes": RICH_VALUES,
            "droppedAttributesCount": 6,
        }
    ],
    "links": [
        {
            "traceId": trace_id(2),
            "spanId": span_id(3),
            "traceState": "other=2",
            "attributes": RICH_VALUES,
            "droppedAttributesCount": 7,
            "flags": 0x100,
        }
    ],
    "flags": 0x301,
    "traceState": "vendor=1",
    "droppedAttributesCount": 3,
    "droppedEventsCount": 4,
    "droppedLinksCount": 5,
}


def test_a_trace_is_its_summary_with_its_spans(api: Api) -> None:
    api.export(rich_request())
    assert api.get(TRACE) == {**api.get("/v1/traces")[0], "spans": [RICH_SPAN]}
    assert api.get(f"{TRACE}/spans") == [RICH_SPAN]
    assert api.get(f"{TRACE}/spans/{span_id(1)}") == RICH_SPAN


def test_ids_in_a_path_may_be_in_capitals(api: Api) -> None:
    api.export(rich_request())
    assert api.get(f"/v1/traces/{trace_id(1).upper()}/spans/{span_id(1).upper()}") == RICH_SPAN


def test_the_spans_of_all_requests_are_shown_by_their_start(api: Api) -> None:
    api.export(small_request((1, 5), (1, 3), service="shop"))
    api.export(small_request((1, 4), (2, 1), service="till"))
    spans = api.get(f"{TRACE}/spans")
    assert [(span["spanId"], span["resource"]["attributes"]["service.name"]) for span in spans] == [
        (span_id(3), "shop"),
        (span_id(4), "till"),
        (span_id(5), "shop"),
    ]
    trace = api.get(TRACE)
    assert (trace["spanCount"], sorted(trace["services"]), trace["startTimeUnixNano"]) == (
        3,
        ["shop", "till"],
        str(NOW_UNIX_NANO + 3),
    )


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", PROTOBUF),
        ("", f"text/html, {PROTOBUF};q=0.9"),
        ("?format=otlp", PROTOBUF),
        ("", PROTOBUF.upper()),
    ],
)
def test_a_trace_is_given_back_as_otlp_protobuf(query: str, accept: str, api: Api) -> None:
    api.export(rich_request())
    response = api.respond("GET", f"{TRACE}{query}", Accept=accept)
    assert (response.status, response.content_type) == (200, PROTOBUF)
    expected = rich_request().SerializeToString(deterministic=True)
    assert TracesData.FromString(response.body).SerializeToString(deterministic=True) == expected


@pytest.mark.parametrize("accept", [JSON, "*/*"])
def test_a_trace_is_given_back_as_otlp_json(accept: str, api: Api) -> None:
    api.export(rich_request())
    response = api.respond("GET", f"{TRACE}?format=otlp", Accept=accept)
    assert (response.status, response.content_type) == (200, JSON)
    body = response.body.replace(b'{"values":[]}', b"{}")
    assert msgspec.json.decode(body) == msgspec.json.decode(request_as_json(rich_request()))


MISSING = {
    "trace": (f"/v1/traces/{trace_id(9)}", f"there is no trace {trace_id(9)}"),
    "trace as OTLP": (f"/v1/traces/{trace_id(9)}?format=otlp", f"there is no trace {trace_id(9)}"),
    "spans of no trace": (f"/v1/traces/{trace_id(9)}/spans", f"there is no trace {trace_id(9)}"),
    "span of no trace": (f"/v1/traces/{trace_id(9)}/spans/{span_id(1)}", f"there is no trace {trace_id(9)}"),
    "span": (f"{TRACE}/spans/{span_id(9)}", f"there is no span {span_id(9)} in trace {trace_id(1)}"),
}


@pytest.mark.parametrize(("target", "message"), MISSING.values(), ids=MISSING.keys())
def test_what_is_not_there_is_not_found(target: str, message: str, api: Api) -> None:
    api.export(small_request((1, 1)))
    assert api.refusal("GET", target) == (404, "not_found", message)


def test_a_deleted_trace_is_gone_and_the_others_are_not(api: Api) -> None:
    api.export(small_request((1, 1), (2, 2)))
    response = api.respond("DELETE", TRACE)
    assert (response.status, response.body) == (204, b"")
    gone = (404, "not_found", f"there is no trace {trace_id(1)}")
    assert (api.refusal("GET", TRACE), api.refusal("DELETE", TRACE)) == (gone, gone)
    assert ids(api.get("/v1/traces")) == [trace_id(2)]
    assert api.respond("DELETE", f"/v1/traces/{trace_id(2)}").status == 204
    assert count_rows(api.database) == (0, 0)


def test_a_deleted_span_is_gone_and_the_others_are_not(api: Api) -> None:
    api.export(small_request((1, 1), (1, 2)))
    target = f"{TRACE}/spans/{span_id(1)}"
    assert api.respond("DELETE", target).status == 204
    gone = (404, "not_found", f"there is no span {span_id(1)} in trace {trace_id(1)}")
    assert (api.refusal("GET", target), api.refusal("DELETE", target)) == (gone, gone)
    assert [span["spanId"] for span in api.get(f"{TRACE}/spans")] == [span_id(2)]
