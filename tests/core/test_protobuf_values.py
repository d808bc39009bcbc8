"""Attributes in protobuf: each kind of value, defaults that are written out, and what was seen before."""

from __future__ import annotations

from typing import Any

import pytest

from otel_worker.model import Event, Link, Resource, Scope, Span, SpanExtras, Value
from otel_worker.otlp import protobuf_values
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from tests.samples import key_values, small_request, span_id, trace_id


def message(field: int, body: bytes) -> bytes:
    """Return a length-delimited field of fewer than 16 and a body of fewer than 128 bytes."""
    return bytes([field << 3 | 2, len(body)]) + body


IDS = message(1, bytes.fromhex(trace_id(1))) + message(2, bytes.fromhex(span_id(1)))


def decode_span(fields: bytes) -> Span:
    """Return the only span of a request whose span has its ids and these bytes."""
    export = decode_export_protobuf(message(1, message(2, message(2, IDS + fields))))
    return export.parts[0].groups[0].spans[0]


PLAIN = Span(span_id(1), "", "", 0, 0, 0, 0, 0, {}, None)


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"\x22\x00\x2a\x00\x30\x00\x39" + bytes(8) + b"\x41" + bytes(8),
        b"\x85\x01" + bytes(4),
        b"\x7a\x00",
        b"\x7a\x04\x12\x00\x18\x00",
        b"\x1a\x00",
        b"\x50\x00\x60\x00\x70\x00",
    ],
    ids=["nothing", "parent, name, kind, times", "flags", "status", "status fields", "trace_state", "counts"],
)
def test_a_default_that_is_written_out_is_as_good_as_absent(fields: bytes) -> None:
    assert decode_span(fields) == PLAIN


def test_the_last_of_a_repeated_singular_field_stays() -> None:
    span = decode_span(b"\x2a\x01a\x2a\x01b" + b"\x30\x01\x30\x02" + b"\x50\x01\x50\x02")
    assert span == Span(span_id(1), "", "b", 2, 0, 0, 0, 0, {}, SpanExtras(dropped_attributes_count=2))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", None),
        (b"\x0a\x00", ""),
        (b"\x10\x00", False),
        (b"\x10\x02", True),
        (b"\x18\x00", 0),
        (b"\x18" + b"\xff" * 9 + b"\x01", -1),
        (b"\x18" + b"\xff" * 8 + b"\x7f", 2**63 - 1),
        (b"\x2a\x00", []),
        (b"\x2a\x02\x0a\x00", [None]),
        (b"\x32\x00", {"map": {}}),
        (b"\x32\x02\x0a\x00", {"map": {"": None}}),
        (b"\x3a\x00", {"bytes": ""}),
        (b"\x40\x07", None),
        (b"\x18\x01\x0a\x01x", "x"),
    ],
    ids=[
        "unset", "empty string", "false", "a bool of 2", "zero", "minus one", "largest int", "empty array",
        "array of an unset value", "empty map", "map of an empty pair", "empty bytes",
        "string_value_strindex", "two kinds: the last",
    ],
)  # fmt: skip
def test_a_value_is_decoded_by_its_kind(value: bytes, expected: Value) -> None:
    attributes = decode_span(message(9, message(1, b"k") + message(2, value))).attributes
    assert repr(attributes) == repr({"k": expected})


def test_of_two_attributes_with_one_key_the_later_stays() -> None:
    attributes = b"".join(message(9, pair.SerializeToString()) for pair in key_values({"a": 1, "b": 2}))
    again = message(9, key_values({"a": "x"})[0].SerializeToString())
    assert decode_span(attributes + again).attributes == {"a": "x", "b": 2}


def test_an_attribute_without_a_key_or_with_an_index_for_one_is_kept_under_the_empty_key() -> None:
    assert decode_span(message(9, b"\x18\x05" + message(2, b"\x18\x01"))).attributes == {"": 1}


def test_an_attribute_that_repeats_in_many_requests_is_decoded_alike_each_time() -> None:
    attributes: dict[str, Any] = {f"key {n}": [n, f"value {n}"] for n in range(10_000)}
    request = small_request((1, 1), (1, 2))
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.attributes.extend(key_values(attributes))
    for _ in range(2):
        ((group,),) = [part.groups for part in decode_export_protobuf(request.SerializeToString()).parts]
        assert [span.attributes for span in group.spans] == [attributes, attributes]
    assert 0 < len(protobuf_values.known_pairs) <= 8192


def test_long_attributes_that_differ_in_the_last_byte_stay_apart() -> None:
    long = {"a": "x" * 500 + "1", "b": "x" * 500 + "2"}
    request = small_request((1, 1))
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(key_values(long))
    assert decode_export_protobuf(request.SerializeToString()).parts[0].groups[0].spans[0].attributes == long


def test_spans_with_an_equal_attribute_do_not_share_the_dictionary_they_are_in() -> None:
    request = small_request((1, 1), (1, 2))
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.attributes.extend(key_values({"k": "v"}))
    spans = decode_export_protobuf(request.SerializeToString()).parts[0].groups[0].spans
    spans[0].attributes["new"] = 1
    assert spans[1].attributes == {"k": "v"}


def test_empty_messages_are_their_defaults() -> None:
    body = message(1, message(1, b"") + message(2, message(1, b"") + message(2, IDS + b"\x5a\x00")))
    (group,) = decode_export_protobuf(body).parts[0].groups
    assert (group.resource, group.scope) == (Resource(), Scope())
    assert group.spans[0].extras == SpanExtras(events=[Event()])


def test_link_ids_are_hex_and_times_of_events_are_unsigned() -> None:
    link = message(13, message(1, b"\xab" * 16) + message(2, b"\xcd" * 8) + b"\x35\xff\xff\xff\xff")
    event = message(11, b"\x09" + b"\xff" * 8)
    extras = decode_span(link + event).extras
    assert extras == SpanExtras(
        links=[Link("ab" * 16, "cd" * 8, flags=2**32 - 1)], events=[Event(time_unix_nano=2**64 - 1)]
    )
