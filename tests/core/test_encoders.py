"""The model back to OTLP, in both encodings: nothing is lost and nothing is added."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from otel_worker.model import Export, Resource, Scope, Span, SpanGroup, TracePart
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.json_encoder import encode_traces_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.store.blocks import decode_part, encode_json
from tests.core.otlp_oracle import expected_parts, request_as_json
from tests.core.otlp_strategies import requests
from tests.samples import make_span, rich_request, trace_id


@given(requests())
def test_each_part_in_protobuf_is_read_alike_by_the_official_classes_and_by_the_decoder(request: Any) -> None:
    for part in expected_parts(request):
        body = encode_traces_protobuf(part)
        assert expected_parts(TracesData.FromString(body)) == [part]
        assert decode_export_protobuf(body) == Export([part], 0, [])


@given(requests())
def test_each_part_in_json_is_read_back_as_it_was(request: Any) -> None:
    for part in expected_parts(request):
        assert decode_export_json(encode_traces_json(part)) == Export([part], 0, [])


@given(requests())
def test_each_part_survives_storage(request: Any) -> None:
    for part in expected_parts(request):
        assert repr(decode_part(encode_json(part))) == repr(part)


def test_a_request_with_every_field_comes_back_as_the_very_message() -> None:
    (part,) = decode_export_protobuf(rich_request().SerializeToString()).parts
    expected = rich_request().SerializeToString(deterministic=True)
    assert (
        TracesData.FromString(encode_traces_protobuf(part)).SerializeToString(deterministic=True) == expected
    )


def test_a_request_with_every_field_has_the_json_of_the_specification() -> None:
    (part,) = decode_export_protobuf(rich_request().SerializeToString()).parts
    # An empty list may be left out; the encoder writes it where the kind of a value has to be told.
    encoded = encode_traces_json(part).replace(b'{"values":[]}', b"{}")
    assert msgspec.json.decode(encoded) == msgspec.json.decode(request_as_json(rich_request()))


# A span with nothing but its ids: 1 ResourceSpans, in it 1 empty resource, 2 ScopeSpans, in it 1 empty scope,
# 2 spans, in it 1 trace id, 2 span id.
SMALLEST = TracePart(
    "01" * 16, [SpanGroup(Resource(), Scope(), [Span("02" * 8, "", "", 0, 0, 0, 0, 0, {}, None)])]
)


def test_the_smallest_trace_in_protobuf_byte_by_byte() -> None:
    span = b"\x0a\x10" + b"\x01" * 16 + b"\x12\x08" + b"\x02" * 8
    assert (
        encode_traces_protobuf(SMALLEST)
        == b"\x0a\x24" + b"\x0a\x00" + b"\x12\x20" + b"\x0a\x00\x12\x1c" + span
    )


def test_the_smallest_trace_in_json_byte_by_byte() -> None:
    assert encode_traces_json(SMALLEST) == (
        b'{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s"}]}]}]}'
        % (b"01" * 16, b"02" * 8)
    )


@pytest.mark.parametrize("number", [-1, -(2**31), 99, 2**31 - 1])
def test_enum_numbers_that_nobody_knows_come_back(number: int) -> None:
    span = make_span(kind=number, status_code=number)
    part = TracePart(trace_id(1), [SpanGroup(Resource(), Scope(), [span])])
    (parsed,) = TracesData.FromString(encode_traces_protobuf(part)).resource_spans[0].scope_spans[0].spans
    assert (parsed.kind, parsed.status.code) == (number, number)
    assert decode_export_json(encode_traces_json(part)).parts == [part]


def test_scopes_of_one_resource_share_its_message_and_those_of_another_do_not() -> None:
    shop, till = Resource({"service.name": "shop"}), Resource({"service.name": "till"})
    groups = [
        SpanGroup(resource, Scope(name), [make_span(number)])
        for number, (resource, name) in enumerate([(shop, "a"), (shop, "b"), (till, "a"), (shop, "a")], 1)
    ]
    part = TracePart(trace_id(1), groups)
    expected = [("shop", ["a", "b"]), ("till", ["a"]), ("shop", ["a"])]
    message = TracesData.FromString(encode_traces_protobuf(part))
    assert [
        (entry.resource.attributes[0].value.string_value, [scope.scope.name for scope in entry.scope_spans])
        for entry in message.resource_spans
    ] == expected
    decoded = msgspec.json.decode(encode_traces_json(part))
    assert [
        (
            entry["resource"]["attributes"][0]["value"]["stringValue"],
            [scope["scope"]["name"] for scope in entry["scopeSpans"]],
        )
        for entry in decoded["resourceSpans"]
    ] == expected
    assert decode_export_protobuf(encode_traces_protobuf(part)).parts == [part]
