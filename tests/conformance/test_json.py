"""Rules 43 to 53: OTLP in JSON."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.conformance.exchange import (
    FIRST_SPAN,
    SPAN_ID,
    partial_success_of,
    refusal,
    request_json,
    shown_spans,
    shown_value,
    span_json,
    status_of,
    store_json,
    stored_spans,
    value_json,
    violated_fields,
)
from tests.e2e.collector import JSON, Collector


def _check_value_is_refused(collector: Collector, trace_id: str, value: Any) -> None:
    answer = collector.export(value_json(trace_id, value), JSON)
    assert answer.status_code == 400
    assert violated_fields(status_of(answer))[0].startswith(FIRST_SPAN)
    assert shown_spans(collector, trace_id) == []


def _stored_value(collector: Collector, trace_id: str, value: Any) -> AnyValue:
    """Return an attribute value that was sent in JSON as protobuf gives it back."""
    answer = collector.export(value_json(trace_id, value), JSON)
    assert (answer.status_code, answer.content) == (200, b"{}"), answer.text
    (span,) = stored_spans(collector, trace_id)
    (attribute,) = span.attributes
    return attribute.value


@pytest.mark.parametrize("written", [str.lower, str.upper, str.title])
def test_rule_43_ids_are_hex_of_any_case(written: Any, collector: Collector, trace_id: str) -> None:
    ids = {"traceId": written(trace_id), "spanId": written("00f067aa0ba902b7")}
    link = {"traceId": written("ab" * 16), "spanId": written("cd" * 8)}
    store_json(collector, {**ids, "parentSpanId": written("0123456789abcdef"), "links": [link]})
    (span,) = shown_spans(collector, trace_id)
    assert (span["traceId"], span["spanId"], span["parentSpanId"]) == (trace_id, SPAN_ID, "0123456789abcdef")
    assert (span["links"][0]["traceId"], span["links"][0]["spanId"]) == ("ab" * 16, "cd" * 8)
    (stored,) = stored_spans(collector, trace_id)
    assert stored.trace_id == bytes.fromhex(trace_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"traceId": "EjRWeJCrze8SNFZ4kKvN7w=="},
        {"traceId": "1" * 31},
        {"traceId": "1" * 64},
        {"traceId": "g" * 32},
        {"traceId": "é" * 16},
        {"spanId": "APBnqgupArc="},
        {"spanId": "0x00f067aa0ba902"},
        {"parentSpanId": "APBnqgupArc="},
        {"parentSpanId": "1"},
        {"parentSpanId": " " * 16},
    ],
)
def test_rule_43_base64_and_other_lengths_are_rejected(
    fields: dict[str, str], collector: Collector, trace_id: str
) -> None:
    (name,) = fields
    answer = collector.export(request_json(span_json(trace_id), span_json(trace_id, **fields)), JSON)
    count, message = partial_success_of(answer)
    assert (count, f"spans[1].{name}" in message) == (1, True)
    assert [span["spanId"] for span in shown_spans(collector, trace_id)] == [SPAN_ID]


def test_rule_44_enums_are_integers(collector: Collector, trace_id: str) -> None:
    store_json(collector, span_json(trace_id, kind=2, status={"code": 2}))
    (span,) = shown_spans(collector, trace_id)
    assert (span["kind"], span["status"]["code"]) == ("SERVER", "ERROR")


@pytest.mark.parametrize("number", ["SPAN_KIND_SERVER", "SERVER", "2", 2.5, True])
def test_rule_44_names_of_enums_are_refused(number: Any, collector: Collector, trace_id: str) -> None:
    assert violated_fields(refusal(collector, span_json(trace_id, kind=number))) == [f"{FIRST_SPAN}.kind"]
    status = refusal(collector, span_json(trace_id, status={"code": number}))
    assert violated_fields(status) == [f"{FIRST_SPAN}.status.code"]
    assert shown_spans(collector, trace_id) == []


def test_rule_45_unknown_enum_numbers_are_kept(collector: Collector, trace_id: str) -> None:
    store_json(collector, span_json(trace_id, kind=99, status={"code": -7}))
    (shown,) = shown_spans(collector, trace_id)
    assert (shown["kind"], shown["status"]["code"]) == ("UNSPECIFIED", "UNSET")
    (stored,) = stored_spans(collector, trace_id)
    assert (stored.kind, stored.status.code) == (99, -7)


def test_rule_46_unknown_fields_are_ignored_at_every_level(collector: Collector, trace_id: str) -> None:
    def with_unknown(message: dict[str, Any]) -> dict[str, Any]:
        return {"unknown": {"a": [1, {"b": None}]}, **message, "x": "y", "": 0}

    value = with_unknown({"arrayValue": with_unknown({"values": [with_unknown({"stringValue": "v"})]})})
    pair = with_unknown({"key": "k", "value": value})
    kvlist = {"key": "m", "value": {"kvlistValue": with_unknown({"values": [pair]})}}
    span = span_json(
        trace_id,
        attributes=[pair, kvlist],
        events=[with_unknown({"name": "e"})],
        links=[with_unknown(span_json(trace_id))],
        status=with_unknown({"code": 1}),
    )
    resource_spans = {
        "resource": with_unknown({"attributes": [pair]}),
        "scopeSpans": [with_unknown({"scope": with_unknown({"name": "s"}), "spans": [with_unknown(span)]})],
    }
    body = json.dumps(with_unknown({"resourceSpans": [with_unknown(resource_spans)]})).encode()
    answer = collector.export(body, JSON)
    assert (answer.status_code, answer.content) == (200, b"{}")
    (shown,) = shown_spans(collector, trace_id)
    assert shown["attributes"] == {"k": ["v"], "m": {"k": ["v"]}}
    assert (shown["scope"]["name"], shown["resource"]["attributes"]) == ("s", {"k": ["v"]})
    assert (shown["events"][0]["name"], len(shown["links"]), shown["status"]["code"]) == ("e", 1, "OK")


def test_rule_47_snake_case_keys_are_unknown(collector: Collector, trace_id: str) -> None:
    snake = {"trace_id": trace_id, "span_id": SPAN_ID}
    assert violated_fields(refusal(collector, snake)) == [f"{FIRST_SPAN}.traceId"]
    assert collector.export(b'{"resource_spans":1}', JSON).content == b"{}"
    store_json(collector, span_json(trace_id, start_time_unix_nano="5", dropped_events_count=3))
    (span,) = shown_spans(collector, trace_id)
    assert (span["startTimeUnixNano"], span["droppedEventsCount"]) == ("0", 0)


@pytest.mark.parametrize("written", [str, int])
def test_rule_48_integers_are_strings_or_numbers(written: Any, collector: Collector, trace_id: str) -> None:
    start, end = 1_544_712_660_000_000_001, 1_544_712_660_000_000_003
    values = [-(2**63), 2**63 - 1, 0, 2**53 + 1]
    attributes = [{"key": str(number), "value": {"intValue": written(number)}} for number in values]
    store_json(
        collector,
        span_json(
            trace_id,
            startTimeUnixNano=written(start),
            endTimeUnixNano=written(end),
            flags=written(2**32 - 1),
            droppedLinksCount=written(7),
            events=[{"timeUnixNano": written(2**64 - 1)}],
            attributes=attributes,
        ),
    )
    (stored,) = stored_spans(collector, trace_id)
    assert (stored.start_time_unix_nano, stored.end_time_unix_nano) == (start, end)
    assert (stored.flags, stored.dropped_links_count) == (2**32 - 1, 7)
    assert stored.events[0].time_unix_nano == 2**64 - 1
    assert {pair.key: pair.value.int_value for pair in stored.attributes} == {str(n): n for n in values}
    (shown,) = shown_spans(collector, trace_id)
    assert (shown["startTimeUnixNano"], shown["durationNano"]) == (str(start), 2)


@pytest.mark.parametrize(
    "number",
    ["", "x", "1.5", "1e3", " 1", "+1", "0x1", "\uff11", 1.5, 1.0, True, [], 2**63, str(-(2**63) - 1)],
)
def test_rule_48_what_is_no_integer_is_refused(number: Any, collector: Collector, trace_id: str) -> None:
    _check_value_is_refused(collector, trace_id, {"intValue": number})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (3, 3.0),
        (-0.5, -0.5),
        ("3", 3.0),
        ("1.5e-3", 0.0015),
        ("Infinity", float("inf")),
        ("-Infinity", float("-inf")),
        (5e-324, 5e-324),
        (2**53, 2.0**53),
    ],
)
def test_rule_49_doubles(written: Any, expected: float, collector: Collector, trace_id: str) -> None:
    value = _stored_value(collector, trace_id, {"doubleValue": written})
    assert (value.WhichOneof("value"), value.double_value) == ("double_value", expected)


def test_rule_49_not_a_number(collector: Collector, trace_id: str) -> None:
    assert repr(_stored_value(collector, trace_id, {"doubleValue": "NaN"}).double_value) == "nan"


@pytest.mark.parametrize("written", ["", "nan", "inf", "Infinit", "1,5", "1_0", " 1", "0x1p3", True, []])
def test_rule_49_what_is_no_double_is_refused(written: Any, collector: Collector, trace_id: str) -> None:
    _check_value_is_refused(collector, trace_id, {"doubleValue": written})


@pytest.mark.parametrize("text", ["++//", "--__", "+-/_", "/w==", "_w==", "/w", "_w", "AAE=", "AAE", ""])
def test_rule_50_bytes_are_base64_of_either_alphabet(text: str, collector: Collector, trace_id: str) -> None:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    expected = b64decode(standard + "=" * (-len(standard) % 4))
    value = _stored_value(collector, trace_id, {"bytesValue": text})
    assert (value.WhichOneof("value"), value.bytes_value) == ("bytes_value", expected)


@pytest.mark.parametrize("text", ["A", "A===", "AA=A", "!!!!", "AA AA", "é", 5])
def test_rule_50_what_is_no_base64_is_refused(text: Any, collector: Collector, trace_id: str) -> None:
    _check_value_is_refused(collector, trace_id, {"bytesValue": text})


def test_rule_51_null_is_absent(collector: Collector, trace_id: str) -> None:
    names = ["parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"]
    names += ["attributes", "droppedAttributesCount", "events", "droppedEventsCount", "links"]
    names += ["droppedLinksCount", "status"]
    store_json(
        collector,
        span_json(trace_id, **dict.fromkeys(names)),
        span_json(trace_id, spanId="1" * 16),
        span_json(trace_id, spanId="2" * 16, attributes=[], events=[], links=[], status={}),
    )
    first, *others = shown_spans(collector, trace_id)
    assert [{**other, "spanId": SPAN_ID} for other in others] == [first] * 2
    body = {"resourceSpans": [{"resource": None, "schemaUrl": None, "scopeSpans": None}]}
    assert collector.export(json.dumps(body).encode(), JSON).content == b"{}"
    assert collector.export(b'{"resourceSpans":[null]}', JSON).status_code == 400


def test_rule_51_null_within_values(collector: Collector, trace_id: str) -> None:
    value = {"stringValue": None, "arrayValue": {"values": [None, {}, {"intValue": None}]}}
    assert collector.export(value_json(trace_id, value), JSON).content == b"{}"
    assert shown_value(collector, trace_id) == [None, None, None]


def test_rule_52_the_last_of_duplicate_keys_wins(collector: Collector, trace_id: str) -> None:
    body = request_json(span_json(trace_id, name="@")).replace(b'"name": "@"', b'"name":"a","name":"b"')
    assert collector.export(body, JSON).content == b"{}"
    assert [span["name"] for span in shown_spans(collector, trace_id)] == ["b"]


@pytest.mark.parametrize("trailing", [b"x", b"{}", b"]", b"\0", b",", b"\n\n1"])
def test_rule_52_trailing_bytes_are_refused(trailing: bytes, collector: Collector, trace_id: str) -> None:
    answer = collector.export(request_json(span_json(trace_id)) + trailing, JSON)
    assert (answer.status_code, status_of(answer).code) == (400, 3)
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize(("depth", "status"), [(32, 200), (33, 400), (100, 400), (10_000, 400)])
def test_rule_52_deep_values_are_refused(
    depth: int, status: int, collector: Collector, trace_id: str
) -> None:
    nested = '{"arrayValue":{"values":[' * depth + "]}}" * depth
    body = value_json(trace_id, "@").replace(b'"@"', nested.encode())
    assert collector.export(body, JSON).status_code == status
    collector.check_alive()


def test_rule_53_odd_text_does_no_harm(collector: Collector, trace_id: str) -> None:
    name = r"nul \u0000, half \ud800, other half \udc00, whole \ud83d\ude80, é"
    body = request_json(span_json(trace_id, name="@")).replace(b"@", name.encode())
    assert collector.export(body, JSON).content == b"{}"
    (span,) = shown_spans(collector, trace_id)
    assert span["name"] == "nul \0, half \ufffd, other half \ufffd, whole \U0001f680, é"


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_rule_53_text_that_is_no_utf_8_is_refused(text: bytes, collector: Collector, trace_id: str) -> None:
    body = request_json(span_json(trace_id, name="@")).replace(b"@", text)
    answer = collector.export(body, JSON)
    assert (answer.status_code, status_of(answer).code) == (400, 3)
    assert shown_spans(collector, trace_id) == []
