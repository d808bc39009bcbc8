"""The protobuf decoder against the official classes: the same bytes, the same model, and no other outcome."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from otel_worker.errors import InvalidOtlp
from otel_worker.model import (
    Event,
    Export,
    Link,
    Resource,
    Scope,
    Span,
    SpanExtras,
    SpanGroup,
    TracePart,
    Value,
)
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from tests.core.otlp_oracle import expected_parts, official_parser
from tests.core.otlp_strategies import requests, scrambled, varint
from tests.samples import NOW_UNIX_NANO, key_values, rich_request, small_request, span_id, trace_id

RICH = rich_request().SerializeToString()
RICH_VALUES: dict[str, Value] = {
    "text": "naïve 🦄",
    "empty": "",
    "yes": True,
    "no": False,
    "zero": 0,
    "int": -9223372036854775808,
    "double": 2.0,
    "nan": {"double": "NaN"},
    "infinity": {"double": "-Infinity"},
    "bytes": {"bytes": "AP8="},
    "unset": None,
    "array": ["a", 1, None, [True], {"map": {"k": {"bytes": ""}}}],
    "map": {"map": {"a": 1.5, "b": {"map": {"c": []}}}},
}


accepted = official_parser(ExportTraceServiceRequest, common_pb2, resource_pb2, trace_pb2, trace_service_pb2)


def test_every_field_of_every_message_is_decoded() -> None:
    resource = Resource({"service.name": "shop", **RICH_VALUES}, 1, "https://example.org/resource")
    scope = Scope("library", "1.2.3", RICH_VALUES, 2, "https://example.org/scope")
    event = Event(NOW_UNIX_NANO + 1, "exception", RICH_VALUES, 6)
    link = Link(trace_id(2), span_id(3), "other=2", RICH_VALUES, 7, 0x100)
    extras = SpanExtras("boom", "vendor=1", [event], [link], 3, 4, 5)
    span = Span(span_id(1), span_id(2), "GET /cart", 2, NOW_UNIX_NANO, 7, 2, 0x301, RICH_VALUES, extras)
    part = TracePart(trace_id(1), [SpanGroup(resource, scope, [span])])
    assert decode_export_protobuf(RICH) == Export([part], 0, [])


def test_integers_and_doubles_of_one_value_stay_apart() -> None:
    request = small_request((1, 1))
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(
        key_values({"i": 3, "d": 3.0, "b": True})
    )
    ((group,),) = [part.groups for part in decode_export_protobuf(request.SerializeToString()).parts]
    assert [type(value) for value in group.spans[0].attributes.values()] == [int, float, bool]


@given(requests())
def test_a_request_becomes_the_model_that_the_official_parser_gives(request: Any) -> None:
    assert decode_export_protobuf(request.SerializeToString()) == Export(expected_parts(request), 0, [])


@given(requests(), st.randoms(use_true_random=False))
def test_field_order_and_unknown_fields_change_nothing(request: Any, random: Random) -> None:
    body = scrambled(request, random)
    parsed = ExportTraceServiceRequest.FromString(body)
    parsed.DiscardUnknownFields()
    assert parsed.SerializeToString(deterministic=True) == request.SerializeToString(deterministic=True)
    assert decode_export_protobuf(body) == Export(expected_parts(request), 0, [])


@pytest.mark.parametrize(
    "request_message",
    [
        ExportTraceServiceRequest(),
        ExportTraceServiceRequest(resource_spans=[trace_pb2.ResourceSpans()]),
        ExportTraceServiceRequest(
            resource_spans=[trace_pb2.ResourceSpans(scope_spans=[trace_pb2.ScopeSpans()])]
        ),
    ],
    ids=["no resource", "no scope", "no span"],
)
def test_empty_envelopes_are_an_empty_export(request_message: Any) -> None:
    assert decode_export_protobuf(request_message.SerializeToString()) == Export([], 0, [])


def test_text_that_is_not_utf8_keeps_its_valid_part() -> None:
    body = small_request((1, 1)).SerializeToString().replace(b"GET /", b"G\xff\xc3 /")
    assert decode_export_protobuf(body).parts[0].groups[0].spans[0].name == "G\ufffd\ufffd /"


def test_a_prefix_is_taken_only_where_the_official_parser_takes_it() -> None:
    outcomes = set()
    for length in range(len(RICH) + 1):
        taken = True
        try:
            decode_export_protobuf(RICH[:length])
        except InvalidOtlp:
            taken = False
        outcomes.add((taken, accepted(RICH[:length])))
    assert outcomes == {(True, True), (False, False)}


def test_no_changed_byte_gets_through_that_the_official_parser_refuses() -> None:
    wrongly_taken = []
    for position, byte in enumerate(RICH):
        for changed in {byte ^ 1 << bit for bit in range(8)} | {0x00, 0x7F, 0x80, 0xFF}:
            body = RICH[:position] + bytes([changed]) + RICH[position + 1 :]
            with suppress(InvalidOtlp):
                export = decode_export_protobuf(body)
                if not accepted(body) and "\ufffd" not in repr(export):
                    wrongly_taken.append((position, changed))
    assert wrongly_taken == []


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda tail: RICH[:60] + tail))
def test_random_bytes_are_an_export_or_refused(body: bytes) -> None:
    with suppress(InvalidOtlp):
        assert isinstance(decode_export_protobuf(body), Export)


def message(field: int, body: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(field << 3 | 2) + varint(len(body)) + body


def in_span(body: bytes) -> bytes:
    return message(1, message(2, message(2, body)))


def in_value(body: bytes) -> bytes:
    return in_span(message(9, message(2, body)))


PAST_END = "goes past the end of its message"
TOO_LONG = "varint longer than 10 bytes at byte"
REFUSED = {
    "length past the end": (b"\x0a\x05\x00", f"length 5 at byte 2 {PAST_END}"),
    "length of 2**62": (b"\x0a" + varint(2**62), f"length {2**62} at byte 10 {PAST_END}"),
    "length past its message": (message(1, b"\x12\x03\x00") + bytes(9), f"length 3 at byte 4 {PAST_END}"),
    "length past the span": (in_span(b"\x2a\x05abc") + bytes(9), f"length 5 at byte 8 {PAST_END}"),
    "length without its end": (b"\x0a\x80", "the protobuf message is cut off at its end, byte 2"),
    "tag without its value": (b"\x0a", "the protobuf message is cut off at its end, byte 1"),
    "varint of 11 bytes": (in_span(b"\x30" + b"\x80" * 10 + b"\x01"), f"{TOO_LONG} 7"),
    "tag of 11 bytes": (b"\x80" * 10 + b"\x01", f"{TOO_LONG} 0"),
    "length of 11 bytes": (b"\x0a" + b"\x80" * 10 + b"\x01", f"{TOO_LONG} 1"),
    "varint past its message": (message(1, message(1, b"\x10\x80")) + b"\x01", PAST_END),
    "varint past the attribute": (in_span(message(9, b"\x20\x80")) + b"\x0a\x00", PAST_END),
    "varint past the value": (in_value(b"\x18\x80") + b"\x01", f"a field before byte 13 {PAST_END}"),
    "number past the span": (in_span(b"\x30\x80") + b"\x01", f"a field before byte 9 {PAST_END}"),
    "double past the value": (in_value(b"\x21" + bytes(4)) + bytes(4), f"a field before byte 19 {PAST_END}"),
    "time past the span": (in_span(b"\x39" + bytes(4)) + bytes(4), f"a field before byte 15 {PAST_END}"),
    "flags past the span": (in_span(b"\x85\x01" + bytes(2)) + bytes(4), f"a field before byte 12 {PAST_END}"),
    "group": (b"\x83\x01\x84\x01", "wire type 3 of field 16 before byte 2 is not supported"),
    "end of a group": (in_span(b"\x8c\x01"), "wire type 4 of field 17 before byte 8 is not supported"),
    "wire type 6": (in_value(b"\x7e"), "wire type 6 of field 15 before byte 11 is not supported"),
    "wire type 7": (b"\x17", "wire type 7 of field 2 before byte 1 is not supported"),
    "resource_spans as a number": (b"\x08\x00", "field 1 has wire type 0"),
    "scope_spans as a number": (message(1, b"\x10\x00"), "field 2 has wire type 0"),
    "scope as a fixed64": (message(1, message(2, b"\x09" + bytes(8))), "field 1 has wire type 1"),
    "resource count as text": (message(1, message(1, b"\x12\x00")), "field 2 has wire type 2"),
    "scope name as a number": (message(1, message(2, message(1, b"\x08\x00"))), "field 1 has wire type 0"),
    "name as a number": (in_span(b"\x28\x00"), "field 5 has wire type 0"),
    "kind as bytes": (in_span(b"\x32\x00"), "field 6 has wire type 2"),
    "start as a number": (in_span(b"\x38\x00"), "field 7 has wire type 0"),
    "flags as a number": (in_span(b"\x80\x01\x00"), "field 16 has wire type 0"),
    "status code as text": (in_span(message(15, b"\x1a\x00")), "field 3 has wire type 2"),
    "event time as a number": (in_span(message(11, b"\x08\x00")), "field 1 has wire type 0"),
    "link flags as a number": (in_span(message(13, b"\x30\x00")), "field 6 has wire type 0"),
    "key as a number": (in_span(message(9, b"\x08\x00")), "field 1 has wire type 0"),
    "int_value as a fixed64": (in_value(b"\x19" + bytes(8)), "field 3 has wire type 1"),
    "array_value as a number": (in_value(b"\x28\x00"), "field 5 has wire type 0"),
    "array values as a number": (in_value(message(5, b"\x08\x00")), "field 1 has wire type 0"),
    "map values as a number": (in_value(message(6, b"\x08\x00")), "field 1 has wire type 0"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_malformed_bytes_are_refused_with_the_byte_or_the_field(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidOtlp) as caught:
        decode_export_protobuf(body)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    "field", [b"\x00\x00", b"\x01" + bytes(8), b"\x02\x00", b"\x05" + bytes(4)], ids=repr
)
@pytest.mark.parametrize(
    "place",
    [
        bytes,
        lambda field: message(1, field),
        lambda field: message(1, message(1, field)),
        lambda field: message(1, message(2, field)),
        lambda field: message(1, message(2, message(1, field))),
        in_span,
        lambda field: in_span(message(11, field)),
        lambda field: in_span(message(13, field)),
        lambda field: in_span(message(15, field)),
        lambda field: in_span(message(9, field)),
        in_value,
        lambda field: in_value(message(5, field)),
        lambda field: in_value(message(6, field)),
    ],
    ids=[
        "request", "resource_spans", "resource", "scope_spans", "scope", "span", "event", "link", "status",
        "attribute", "value", "array", "map",
    ],
)  # fmt: skip
def test_field_number_0_is_refused_everywhere(place: Any, field: bytes) -> None:
    assert not accepted(place(field))
    with pytest.raises(InvalidOtlp, match="field number 0"):
        decode_export_protobuf(place(field))


def nested_value(depth: int, field: int, innermost: bytes) -> bytes:
    """Return a span with a value inside `depth` arrays (field 5) or maps (field 6)."""
    value = innermost
    for _ in range(depth):
        value = message(field, message(1, value if field == 5 else message(2, value)))
    return in_value(value)


@pytest.mark.parametrize("field", [5, 6], ids=["arrays", "maps"])
@pytest.mark.parametrize("innermost", [b"\x18\x01", b""], ids=["a number", "an unset value"])
def test_values_are_nested_32_deep_and_no_deeper(field: int, innermost: bytes) -> None:
    assert decode_export_protobuf(nested_value(32, field, innermost)).rejected_count == 1
    with pytest.raises(InvalidOtlp, match="nested deeper than 32 levels at byte"):
        decode_export_protobuf(nested_value(33, field, innermost))
    with pytest.raises(InvalidOtlp, match="nested deeper than 32 levels at byte"):
        decode_export_protobuf(nested_value(5000, field, innermost))
