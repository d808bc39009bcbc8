"""Rules V5 to V20: what becomes of unusual spans."""

from __future__ import annotations

from typing import cast

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.conformance.exchange import (
    ENCODINGS,
    check_rejected,
    encoded,
    refusal,
    shown_spans,
    span_json,
    store,
    store_json,
    stored_resources,
    stored_spans,
    summary_of,
    violated_fields,
)
from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.otlp import export_request, make_span, text_attribute
from tests.samples import any_value, key_values, rich_request

MAX_TIME = 2**63 - 1


def test_rule_v5_a_span_without_a_name_is_stored(collector: Collector, trace_id: str, start: int) -> None:
    store(collector, make_span(trace_id, 1, start, name=""))
    assert [span["name"] for span in shown_spans(collector, trace_id)] == [""]
    assert summary_of(collector, trace_id, start)["rootName"] == ""


@pytest.mark.parametrize("end_offset", [0, -1, -1_000_000_000, None])
def test_rule_v6_an_end_that_is_not_after_the_start(
    end_offset: int | None, collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.end_time_unix_nano = 0 if end_offset is None else start + end_offset
    store(collector, span)
    assert stored_spans(collector, trace_id) == [span]
    (shown,) = shown_spans(collector, trace_id)
    assert (shown["durationNano"], shown["endTimeUnixNano"]) == (0, str(span.end_time_unix_nano))
    assert summary_of(collector, trace_id, start)["durationNano"] == 0


def test_rule_v7_times_are_exact(collector: Collector, trace_id: str) -> None:
    spans = [make_span(trace_id, 1, 1), make_span(trace_id, 2, MAX_TIME), make_span(trace_id, 3, 2**53 + 1)]
    spans[1].end_time_unix_nano = MAX_TIME
    spans[2].events.add(time_unix_nano=2**64 - 1)
    store(collector, *spans)
    assert stored_spans(collector, trace_id) == spans
    starts = [span["startTimeUnixNano"] for span in shown_spans(collector, trace_id)]
    assert starts == ["1", str(2**53 + 1), str(MAX_TIME)]


@pytest.mark.parametrize("time", [2**63, 2**64 - 1])
@pytest.mark.parametrize("name", ["start", "end"])
def test_rule_v7_later_times_are_rejected(name: str, time: int, collector: Collector, trace_id: str) -> None:
    check_rejected(collector, trace_id, f"{name}TimeUnixNano", **{f"{name}_time_unix_nano": time})


def test_rule_v8_kinds(collector: Collector, trace_id: str, start: int) -> None:
    spans = [make_span(trace_id, number, start + number) for number in range(1, 7)]
    for kind, span in enumerate(spans):
        span.kind = cast("Span.SpanKind.ValueType", kind)
    store(collector, *spans)
    kinds = [span["kind"] for span in shown_spans(collector, trace_id)]
    assert kinds == ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
    assert stored_spans(collector, trace_id) == spans


@pytest.mark.parametrize(
    ("status", "code"), [(None, "UNSET"), ({}, "UNSET"), ({"code": 1}, "OK"), ({"code": 2}, "ERROR")]
)
def test_rule_v9_the_status(
    status: dict[str, int] | None, code: str, collector: Collector, trace_id: str
) -> None:
    store_json(collector, span_json(trace_id, status=status and {**status, "message": "why"}))
    (shown,) = shown_spans(collector, trace_id)
    assert shown["status"] == {"code": code, "message": "why" if status else ""}


@pytest.mark.parametrize("flags", [0, 1, 0x101, 0x301, 2**32 - 1])
def test_rule_v10_flags_are_kept(flags: int, collector: Collector, trace_id: str, start: int) -> None:
    span = make_span(trace_id, 1, start)
    span.flags = flags
    span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8, flags=flags)
    store(collector, span)
    assert stored_spans(collector, trace_id) == [span]
    assert shown_spans(collector, trace_id)[0]["flags"] == flags


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_v11_of_equal_keys_the_last_one_is_kept(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start, k="first", other="x")
    span.attributes.append(text_attribute("k", "last"))
    answer = collector.export(encoded(media_type, export_request([span])), media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")
    assert shown_spans(collector, trace_id)[0]["attributes"] == {"k": "last", "other": "x"}


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_v12_every_kind_of_value_is_kept_everywhere(
    media_type: str, collector: Collector, trace_id: str
) -> None:
    request = rich_request()
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.trace_id = bytes.fromhex(trace_id)
    # NaN, which is not equal to itself, has a test of its own (rule 49).
    for carrier in (
        request.resource_spans[0].resource,
        request.resource_spans[0].scope_spans[0].scope,
        span,
        span.events[0],
        span.links[0],
    ):
        kept = [pair for pair in carrier.attributes if pair.key != "nan"]
        del carrier.attributes[:]
        carrier.attributes.extend(kept)
        carrier.attributes.append(key_values({"mixed": ["", 0, 0.0, False, None, b"", [], {}]})[0])
    answer = collector.export(encoded(media_type, request), media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")
    assert stored_resources(collector, trace_id) == list(request.resource_spans)


@pytest.mark.parametrize(
    "ids", [(b"", b""), (bytes(16), b"\x01" * 8), (b"\x01" * 16, b"\x01" * 7), (b"\x01" * 17, b"\x01" * 8)]
)
def test_rule_v13_an_invalid_link_is_dropped_and_counted(
    ids: tuple[bytes, bytes], collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.dropped_links_count = 5
    valid = span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    span.links.add(trace_id=ids[0], span_id=ids[1])
    store(collector, span)
    (stored,) = stored_spans(collector, trace_id)
    assert (list(stored.links), stored.dropped_links_count) == ([valid], 6)


def test_rule_v13_events_without_names_or_times_are_kept(
    collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.events.add()
    span.events.add(name="late", time_unix_nano=start + 10**15)
    store(collector, span)
    assert stored_spans(collector, trace_id) == [span]


@pytest.mark.parametrize("count", [1, 2**32 - 1])
def test_rule_v14_dropped_counts_are_kept(
    count: int, collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.dropped_attributes_count = span.dropped_events_count = span.dropped_links_count = count
    store(collector, span)
    assert stored_spans(collector, trace_id) == [span]
    (shown,) = shown_spans(collector, trace_id)
    names = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
    assert [shown[name] for name in names] == [count] * 3


def test_rule_v14_a_count_of_more_than_32_bits_is_refused_in_json(
    collector: Collector, trace_id: str
) -> None:
    assert violated_fields(refusal(collector, span_json(trace_id, droppedEventsCount=2**32)))


@pytest.mark.parametrize("name", [None, "", 5, ["a"]])
def test_rule_v15_without_a_service_name(
    name: object, collector: Collector, trace_id: str, start: int
) -> None:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    if name is not None:
        resource_spans.resource.attributes.add(key="service.name", value=any_value(name))
    resource_spans.scope_spans.add().spans.append(make_span(trace_id, 1, start))
    answer = collector.export(encoded(PROTOBUF, request))
    assert (answer.status_code, answer.content) == (200, b"")
    assert summary_of(collector, trace_id, start)["rootService"] == "unknown_service"
    (shown,) = shown_spans(collector, trace_id)
    assert (shown["scope"]["name"], shown["scope"]["version"]) == ("", "")
    (stored,) = stored_resources(collector, trace_id)
    assert list(stored.resource.attributes) == list(resource_spans.resource.attributes)


@pytest.mark.parametrize("text", ["", "https://opentelemetry.io/schemas/1.30.0", "not, a=valid\x00 é"])
def test_rule_v16_schema_url_and_trace_state_are_kept_as_sent(
    text: str, collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.trace_state = text
    request = export_request([span])
    request.resource_spans[0].schema_url = text
    request.resource_spans[0].scope_spans[0].schema_url = text
    assert collector.export(encoded(PROTOBUF, request)).content == b""
    (stored,) = stored_resources(collector, trace_id)
    scope_spans = stored.scope_spans[0]
    assert (stored.schema_url, scope_spans.schema_url, scope_spans.spans[0]) == (text, text, span)


def test_rule_v18_children_before_parents_orphans_and_cycles(
    collector: Collector, trace_id: str, start: int
) -> None:
    # 1 and 2 are each other's parent, the parent of 3 never comes, 4 comes before its parent 5.
    parents = {1: 2, 2: 1, 3: 99, 4: 5, 5: None}
    spans = {number: make_span(trace_id, number, start + number, name=str(number)) for number in parents}
    for number, parent in parents.items():
        if parent is not None:
            spans[number].parent_span_id = parent.to_bytes(8, "big")
    for number in (4, 3, 2, 1):
        store(collector, spans[number])
    assert summary_of(collector, trace_id, start + 1)["rootName"] == "1"
    store(collector, spans[5])
    assert stored_spans(collector, trace_id) == list(spans.values())
    summary = summary_of(collector, trace_id, start + 1)
    assert (summary["rootName"], summary["spanCount"]) == ("5", 5)


def test_rule_v19_of_a_span_that_comes_twice_the_one_that_ends_last_is_read(
    collector: Collector, trace_id: str, start: int
) -> None:
    running, ended = make_span(trace_id, 1, start), make_span(trace_id, 1, start, name="ended")
    running.end_time_unix_nano = 0
    for span in (running, ended, running):
        store(collector, span)
    assert stored_spans(collector, trace_id) == [ended]
    assert summary_of(collector, trace_id, start)["spanCount"] == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [(b"a\xff", "a\ufffd"), (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"), (b"\xe2\x82", "\ufffd")],
)
def test_rule_v20_text_that_is_no_utf_8(
    text: bytes, shown: str, collector: Collector, trace_id: str, start: int
) -> None:
    size = len(text)
    span = make_span(trace_id, 1, start, name="n" * size, k="v" * size)
    body = encoded(PROTOBUF, export_request([span]))
    body = body.replace(b"n" * size, text).replace(b"v" * size, text)
    answer = collector.export(body)
    assert (answer.status_code, answer.content) == (200, b"")
    (found,) = shown_spans(collector, trace_id)
    assert (found["name"], found["attributes"]) == (shown, {"k": shown})
    assert collector.export(span_body_in_json(trace_id), JSON).status_code == 400


def span_body_in_json(trace_id: str) -> bytes:
    """Return a request in JSON with a name that is no UTF-8."""
    span = b'{"traceId":"%s","spanId":"00f067aa0ba902b7","name":"\xff"}' % trace_id.encode()
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' % span
