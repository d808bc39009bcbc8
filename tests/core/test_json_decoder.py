"""The JSON decoder: the model of the same request in protobuf, and a path in every refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.model import Event, Export, Span, SpanExtras, Value
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from tests.core.otlp_oracle import expected_parts, request_as_json
from tests.core.otlp_strategies import requests
from tests.samples import rich_request, span_id, trace_id

RICH = request_as_json(rich_request())
PATH = "resourceSpans[0].scopeSpans[0].spans[0]"
IDS = {"traceId": trace_id(1), "spanId": span_id(1)}


def encode(**fields: Any) -> bytes:
    """Return a request with one span that has its ids and these fields."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{**IDS, **fields}]}]}]}).encode()


def decode_span(**fields: Any) -> Span:
    """Return the only span of a request whose span has its ids and these fields."""
    return decode_export_json(encode(**fields)).parts[0].groups[0].spans[0]


def decode_value(value: Any) -> Value:
    """Return an AnyValue in JSON as the model has it."""
    return decode_span(attributes=[{"key": "k", "value": value}]).attributes["k"]


@given(requests(), st.booleans(), st.booleans())
def test_a_request_in_json_becomes_the_model_of_the_same_in_protobuf(
    request: Any, upper_case_ids: bool, null_for_absent: bool
) -> None:
    body = request_as_json(request, upper_case_ids=upper_case_ids, null_for_absent=null_for_absent)
    assert decode_export_json(body) == Export(expected_parts(request), 0, [])


def test_every_field_of_every_message_is_decoded() -> None:
    assert decode_export_json(RICH) == decode_export_protobuf(rich_request().SerializeToString())


def test_unknown_keys_are_ignored_at_every_level() -> None:
    def with_unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {"unknown": {"a": [1, None]}, **{key: with_unknown(item) for key, item in value.items()}}
        return [with_unknown(item) for item in value] if isinstance(value, list) else value

    assert decode_export_json(json.dumps(with_unknown(json.loads(RICH))).encode()) == decode_export_json(RICH)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"resourceSpans": null}\n',
        b'{"resourceSpans":[]}',
        b'{"resourceSpans":[{}]}',
        b'{"resourceSpans":[{"resource":null,"scopeSpans":[{"scope":null,"spans":[]}]}]}',
        b'{"resource_spans":[{"scopeSpans":[{"spans":[{}]}]}]}',
    ],
    ids=["empty", "null", "no resource", "no scope", "no span", "a name from the .proto"],
)
def test_empty_envelopes_are_an_empty_export(body: bytes) -> None:
    assert decode_export_json(body) == Export([], 0, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, None),
        (None, None),
        ({"stringValue": ""}, ""),
        ({"stringValue": "nul \x00 and 🦄"}, "nul \x00 and 🦄"),
        ({"boolValue": False}, False),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"intValue": 9223372036854775807}, 2**63 - 1),
        ({"intValue": 0}, 0),
        ({"doubleValue": 3}, 3.0),
        ({"doubleValue": "2.5"}, 2.5),
        ({"doubleValue": "NaN"}, {"double": "NaN"}),
        ({"doubleValue": "Infinity"}, {"double": "Infinity"}),
        ({"doubleValue": "-Infinity"}, {"double": "-Infinity"}),
        ({"bytesValue": ""}, {"bytes": ""}),
        ({"bytesValue": "+/8="}, {"bytes": "+/8="}),
        ({"bytesValue": "-_8"}, {"bytes": "+/8="}),
        ({"arrayValue": {}}, []),
        ({"arrayValue": {"values": [None, {}, {"intValue": "1"}]}}, [None, None, 1]),
        ({"kvlistValue": {"values": None}}, {"map": {}}),
        ({"kvlistValue": {"values": [{"key": "a"}, {"value": {}}]}}, {"map": {"a": None, "": None}}),
        ({"stringValue": None, "intValue": "7"}, 7),
        ({"stringValueStrindex": 3}, None),
    ],
    ids=[
        "unset", "null", "empty string", "NUL and astral", "false", "smallest int as text",
        "largest int as number", "zero", "whole double", "double as text", "NaN", "Infinity", "-Infinity",
        "no bytes", "base64", "base64url", "empty array", "array of unset values", "empty map",
        "pairs without key or value", "null beside a kind", "an index of profiles",
    ],
)  # fmt: skip
def test_a_value_is_decoded_by_its_kind(value: Any, expected: Value) -> None:
    assert repr(decode_value(value)) == repr(expected)


def test_times_and_counts_are_exact_as_text_and_as_numbers() -> None:
    start, end = 1_544_712_660_000_000_001, 1_544_712_660_000_000_004
    for form in (str, int):
        span = decode_span(
            startTimeUnixNano=form(start),
            endTimeUnixNano=form(end),
            flags=form(2**32 - 1),
            droppedAttributesCount=form(2**32 - 2),
            events=[{"timeUnixNano": form(2**64 - 1)}],
        )
        assert (span.start_unix_nano, span.duration_nano, span.flags) == (start, 3, 2**32 - 1)
        assert span.extras == SpanExtras(
            events=[Event(time_unix_nano=2**64 - 1)], dropped_attributes_count=2**32 - 2
        )


def test_enum_numbers_that_nobody_knows_are_kept() -> None:
    span = decode_span(kind=99, status={"code": -3})
    assert (span.kind, span.status_code) == (99, -3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("traceId", "g" * 32),
        ("spanId", "ABCDEF012345678x"),
        ("parentSpanId", "zz"),
        ("spanId", "\uff11" * 16),
    ],
    ids=["trace id", "span id", "parent id", "digits of another script"],
)
def test_an_id_that_is_not_hex_costs_only_its_span(field: str, value: str) -> None:
    good = {**IDS, "spanId": span_id(2)}
    spans = [{**IDS, field: value}, good]
    export = decode_export_json(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())
    violation = FieldViolation(f"{PATH}.{field}", f"must be hex digits; found {value[:40]!r}")
    assert (export.rejected_count, export.rejections) == (1, [violation])
    assert [span.span_id for span in export.parts[0].groups[0].spans] == [span_id(2)]


def test_a_link_with_an_id_that_is_not_hex_is_dropped() -> None:
    assert decode_span(links=[{"traceId": "x" * 32, "spanId": span_id(1)}]).extras == SpanExtras(
        dropped_links_count=1
    )


@pytest.mark.parametrize("kind", ["arrayValue", "kvlistValue"])
@pytest.mark.parametrize(
    "innermost", [{"intValue": "1"}, {}, None], ids=["a number", "an unset value", "null"]
)
def test_values_are_nested_32_deep_and_no_deeper(kind: str, innermost: Any) -> None:
    value = innermost
    for depth in range(1, 34):
        value = {kind: {"values": [value if kind == "arrayValue" else {"key": "k", "value": value}]}}
        if depth == 32:
            decode_value(value)
    with pytest.raises(InvalidOtlp, match=r"attribute values are nested deeper than 32 levels$"):
        decode_value(value)


def test_no_prefix_of_a_request_is_taken() -> None:
    for length in range(len(RICH)):
        with pytest.raises(InvalidOtlp):
            decode_export_json(RICH[:length])


def test_a_changed_byte_gives_an_export_or_a_refusal() -> None:
    for position, byte in enumerate(RICH):
        for changed in (byte ^ 1, byte ^ 0x80, ord('"')):
            with suppress(InvalidOtlp):
                export = decode_export_json(RICH[:position] + bytes([changed]) + RICH[position + 1 :])
                assert isinstance(export, Export)


@given(st.binary(max_size=40) | st.binary(max_size=12).map(lambda part: RICH[:200] + part + RICH[200:]))
def test_random_bytes_are_an_export_or_refused(body: bytes) -> None:
    with suppress(InvalidOtlp):
        assert isinstance(decode_export_json(body), Export)
