"""What the API and the WebSocket show of the model, and that both show the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from otel_worker.errors import BadRequest
from otel_worker.live.events import client_error, span_added, trace_updated
from otel_worker.model import Resource, Scope, Span, Value
from otel_worker.render import (
    render_resource,
    render_scope,
    render_span,
    render_spans,
    render_summary,
    render_value,
)
from otel_worker.store.blocks import summarize_part
from tests.samples import make_part, make_span, span_id, trace_id


def shown(span: Span) -> dict[str, Any]:
    return render_span(trace_id(1), span, {}, {})


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "UNSPECIFIED"), (1, "INTERNAL"), (2, "SERVER"), (3, "CLIENT"), (4, "PRODUCER"), (5, "CONSUMER"),
        (6, "UNSPECIFIED"), (-1, "UNSPECIFIED"),
    ],
)  # fmt: skip
def test_a_kind_has_its_name(number: int, name: str) -> None:
    assert shown(make_span(kind=number))["kind"] == name


@pytest.mark.parametrize(
    ("number", "name"), [(0, "UNSET"), (1, "OK"), (2, "ERROR"), (3, "UNSET"), (-2, "UNSET")]
)
def test_a_status_has_its_name(number: int, name: str) -> None:
    assert shown(make_span(status_code=number))["status"] == {"code": name, "message": ""}


@pytest.mark.parametrize(
    ("start", "duration", "end_text", "duration_shown"),
    [(5, 7, "12", 7), (5, -5, "0", 0), (5, -2, "3", 0), (2**62, 2**62, str(2**63), 2**62)],
    ids=["usual", "unfinished", "end before start", "exact"],
)
def test_times_are_exact_and_a_duration_is_never_negative(
    start: int, duration: int, end_text: str, duration_shown: int
) -> None:
    span = shown(make_span(1, start, duration))
    times = (span["startTimeUnixNano"], span["endTimeUnixNano"], span["durationNano"])
    assert times == (str(start), end_text, duration_shown)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (None, None),
        (True, True),
        (1.0, 1.0),
        ({"bytes": "AP8="}, "AP8="),
        ({"double": "NaN"}, "NaN"),
        ({"map": {"bytes": "text", "map": {"map": {}}}}, {"bytes": "text", "map": {}}),
        ([{"double": "Infinity"}, [{"bytes": ""}]], ["Infinity", [""]]),
    ],
    ids=["string", "unset", "bool", "double", "bytes", "NaN", "maps with such keys", "array"],
)
def test_a_value_is_shown_as_plain_json(value: Value, expected: object) -> None:
    assert repr(render_value(value)) == repr(expected)


def test_a_span_without_extras_has_every_field_all_the_same() -> None:
    span = shown(make_span(1, 5, 7))
    assert span == {
        "traceId": trace_id(1),
        "spanId": span_id(1),
        "parentSpanId": "",
        "name": "GET /",
        "kind": "SERVER",
        "startTimeUnixNano": "5",
        "endTimeUnixNano": "12",
        "durationNano": 7,
        "attributes": {},
        "resource": {},
        "scope": {},
        "status": {"code": "UNSET", "message": ""},
        "events": [],
        "links": [],
        "flags": 0,
        "traceState": "",
        "droppedAttributesCount": 0,
        "droppedEventsCount": 0,
        "droppedLinksCount": 0,
    }


def test_no_resource_and_no_scope_are_empty_ones() -> None:
    assert render_resource(Resource()) == {"attributes": {}, "schemaUrl": ""}
    assert render_scope(Scope()) == {"name": "", "version": "", "attributes": {}, "schemaUrl": ""}


def test_spans_are_in_the_order_of_their_start_and_those_that_start_together_as_they_came() -> None:
    part = make_part(1, make_span(1, 9), make_span(2, 3), make_span(3, 9), make_span(4, 3))
    assert [span["spanId"] for span in render_spans(part)] == [span_id(n) for n in (2, 4, 1, 3)]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"service.name": "shop"}, "shop"),
        ({"service.name": ""}, "unknown_service"),
        ({"service.name": 5}, "unknown_service"),
        ({"service.name": None}, "unknown_service"),
        ({}, "unknown_service"),
        ({"service.name": "cloudflare-workers-observability", "faas.name": "cart"}, "cart"),
        ({"service.name": "cloudflare-workers-observability", "cloudflare.script_name": "cart"}, "cart"),
        ({"service.name": "cloudflare-workers-observability"}, "cloudflare-workers-observability"),
        ({"service.name": "shop", "faas.name": "cart"}, "shop"),
        ({"faas.name": "cart"}, "cart"),
    ],
    ids=[
        "its name", "empty", "a number", "unset", "none", "dummy with a function", "dummy with a script",
        "dummy alone", "name before function", "function alone",
    ],
)  # fmt: skip
def test_a_service_is_named(attributes: dict[str, Value], expected: str) -> None:
    assert Resource(attributes).service_name == expected


def test_new_spans_are_told_by_trace_and_span_id() -> None:
    message = msgspec.json.decode(span_added([(trace_id(1), span_id(1)), (trace_id(2), span_id(3))]))
    pairs = [[trace_id(1), span_id(1)], [trace_id(2), span_id(3)]]
    assert message == {"type": "spanAdded", "details": {"newSpans": pairs}}


def test_an_update_has_the_summary_of_the_list() -> None:
    head = summarize_part(make_part(1, make_span(1, 5, 7, status_code=2)))
    summary = {
        "traceId": trace_id(1),
        "rootName": "GET /",
        "rootService": "shop",
        "services": ["shop"],
        "startTimeUnixNano": "5",
        "durationNano": 7,
        "spanCount": 1,
        "errorCount": 1,
    }
    assert render_summary(head) == summary
    assert msgspec.json.decode(trace_updated(head)) == {"type": "traceUpdated", "details": summary}


@pytest.mark.parametrize("message_id", ["1", None])
def test_a_client_is_answered_under_the_id_of_its_message(message_id: str | None) -> None:
    assert msgspec.json.decode(client_error(message_id, BadRequest("no"))) == {
        "messageId": message_id,
        "type": "error",
        "details": {"code": "invalid_argument", "message": "no"},
    }
