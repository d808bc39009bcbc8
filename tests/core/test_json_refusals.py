"""What the JSON decoder refuses, and how it names the place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.otlp.json_decoder import decode_export_json
from tests.samples import span_id, trace_id

IDS = {"traceId": trace_id(1), "spanId": span_id(1)}
PATH = "resourceSpans[0].scopeSpans[0].spans[0]"


def encode(**fields: Any) -> bytes:
    """Return a request with one span that has its ids and these fields."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{**IDS, **fields}]}]}]}).encode()


def refusal(body: bytes) -> tuple[str, tuple[FieldViolation, ...]]:
    """Return message and violations of the refusal of a body."""
    with pytest.raises(InvalidOtlp) as caught:
        decode_export_json(body)
    return caught.value.message, caught.value.violations


NO_JSON = {
    "nothing": (b"", "Input data was truncated"),
    "cut off": (b'{"resourceSpans":[', "Input data was truncated"),
    "trailing": (b"{} x", "JSON is malformed: trailing characters (byte 4)"),
    "no UTF-8": (
        b'{"resourceSpans":[{"schemaUrl":"\xff"}]}',
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
}


@pytest.mark.parametrize(("body", "reason"), NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_is_refused(body: bytes, reason: str) -> None:
    assert refusal(body) == (f"the body is not valid JSON: {reason}", ())


WRONG_TYPES = {
    "a number": (b"1234", "", "Expected `object`, got `int`"),
    "an array": (b"[]", "", "Expected `object`, got `array`"),
    "a string": (b'"x"', "", "Expected `object`, got `str`"),
    "kind by name": (encode(kind="SPAN_KIND_SERVER"), f"{PATH}.kind", "Expected `int | null`, got `str`"),
    "kind as a double": (encode(kind=1.5), f"{PATH}.kind", "Expected `int | null`, got `float`"),
    "name as a number": (encode(name=3), f"{PATH}.name", "Expected `str | null`, got `int`"),
    "time as a double": (
        encode(endTimeUnixNano=1.5e18), f"{PATH}.endTimeUnixNano", "Expected `int | str | null`, got `float`"
    ),
    "span is null": (
        encode().replace(b'[{"traceId"', b'[null,{"traceId"'), PATH, "Expected `object`, got `null`"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "path", "description"), WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_a_field_of_the_wrong_type_is_refused_with_its_path(body: bytes, path: str, description: str) -> None:
    message = f"invalid OTLP JSON at {path or 'the top'}: {description}"
    assert refusal(body) == (message, (FieldViolation(path, description),))


WRONG_VALUES = {
    "time as words": ({"startTimeUnixNano": "now"}, "expected a decimal integer, found 'now'"),
    "time with a sign": ({"startTimeUnixNano": "+1"}, "expected a decimal integer, found '+1'"),
    "time above 64 bits": (
        {"endTimeUnixNano": str(2**64)},
        f"expected an integer from 0 to {2**64 - 1}, found {2**64}",
    ),
    "count as words": ({"droppedLinksCount": "x" * 99}, f"expected a decimal integer, found '{'x' * 40}'"),
    "event time": ({"events": [{"timeUnixNano": ""}]}, "expected a decimal integer, found ''"),
    "kind": ({"kind": 2**31}, f"expected an integer from {-(2**31)} to {2**31 - 1}, found {2**31}"),
}


@pytest.mark.parametrize(("fields", "description"), WRONG_VALUES.values(), ids=WRONG_VALUES.keys())
def test_a_number_that_is_none_is_refused_with_the_place_of_its_span(
    fields: dict[str, Any], description: str
) -> None:
    message = f"invalid OTLP JSON at {PATH}: {description}"
    assert refusal(encode(**fields)) == (message, (FieldViolation(PATH, description),))


@pytest.mark.parametrize("place", ["resource", "scope"])
def test_a_number_that_is_none_is_refused_with_the_place_of_its_resource_or_scope(place: str) -> None:
    scope_spans: dict[str, Any] = {"scope": {"droppedAttributesCount": "x"}}
    entry: dict[str, Any] = {"scopeSpans": [{}, scope_spans]}
    path = "resourceSpans[1].scopeSpans[1].scope"
    if place == "resource":
        entry, path = {"resource": {"droppedAttributesCount": "x"}}, "resourceSpans[1].resource"
    _, violations = refusal(json.dumps({"resourceSpans": [{}, entry]}).encode())
    assert violations == (FieldViolation(path, "expected a decimal integer, found 'x'"),)


INT64 = f"expected an integer from {-(2**63)} to {2**63 - 1}, found"
WRONG_KINDS = {
    "double": ({"doubleValue": "three"}, "expected a number, NaN or Infinity, found 'three'"),
    "double with a grouping": ({"doubleValue": "1_0"}, "expected a number, NaN or Infinity, found '1_0'"),
    "int above": ({"intValue": str(2**63)}, f"{INT64} {2**63}"),
    "int far above": ({"intValue": 2**64 - 1}, f"{INT64} {2**64 - 1}"),
    "int below": ({"intValue": str(-(2**63) - 1)}, f"{INT64} {-(2**63) - 1}"),
}


@pytest.mark.parametrize(("value", "description"), WRONG_KINDS.values(), ids=WRONG_KINDS.keys())
def test_a_value_outside_of_its_kind_is_refused(value: Any, description: str) -> None:
    _, violations = refusal(encode(attributes=[{"key": "k", "value": value}]))
    assert violations == (FieldViolation(PATH, description),)


@pytest.mark.parametrize("text", ["a", "!!!!", "AA=A"])
def test_bytes_that_are_not_base64_are_refused(text: str) -> None:
    message, _ = refusal(encode(attributes=[{"key": "k", "value": {"bytesValue": text}}]))
    assert message.startswith(f"invalid OTLP JSON at {PATH}: bytesValue is not base64: ")


@pytest.mark.parametrize(
    "fields",
    [
        {"events": [{"timeUnixNano": "-5"}]},
        {"events": [{"droppedAttributesCount": -1}]},
        {"links": [{**IDS, "flags": 2**32}]},
        {"droppedLinksCount": "-1"},
        {"flags": -1},
        {"kind": 2**31},
        {"kind": 2**63},
        {"status": {"code": -(2**31) - 1}},
    ],
    ids=[
        "event time below 0", "event count below 0", "link flags above 32 bits", "count below 0",
        "flags below 0", "kind above int32", "kind above int64", "status code below int32",
    ],
)  # fmt: skip
def test_a_number_that_its_protobuf_type_cannot_hold_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidOtlp):
        decode_export_json(encode(**fields))
