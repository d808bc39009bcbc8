"""Millions of empty messages in a body of few megabytes are refused before they fill memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from otel_worker.errors import TooManyMessages
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.message_count import MAX_MESSAGES
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.otlp.wire import length_field
from tests.samples import dense_json, dense_protobuf

BODY_BYTES = 4 * 1024 * 1024
# Far below what as many objects would take: 4 MiB of them are more than 100 MB.
LIMIT_BYTES = 80 * 1024 * 1024

DENSE = {
    **{
        f"protobuf {name}": (decode_export_protobuf, body)
        for name, body in dense_protobuf(BODY_BYTES).items()
    },
    **{f"JSON {name}": (decode_export_json, body) for name, body in dense_json(BODY_BYTES).items()},
}


@pytest.mark.parametrize(("decode", "body"), DENSE.values(), ids=DENSE)
def test_millions_of_empty_messages_are_refused_in_bounded_memory(
    decode: Callable[[bytes], object], body: bytes
) -> None:
    assert len(body) <= BODY_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(TooManyMessages, match="send smaller batches"):
            decode(body)
        assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES
    finally:
        tracemalloc.stop()


def test_as_many_as_allowed_are_taken() -> None:
    spans = b"\x12\x00" * (MAX_MESSAGES - 2)
    export = decode_export_protobuf(length_field(1, length_field(2, spans)))
    assert export.rejected_count == MAX_MESSAGES - 2


def test_braces_in_strings_are_no_messages() -> None:
    attribute = '{"key":"k","value":{"stringValue":"' + "{" * (MAX_MESSAGES + 1) + '"}}'
    body = '{"resourceSpans":[{"resource":{"attributes":[' + attribute + ']},"scopeSpans":[]}]}'
    assert decode_export_json(body.encode()).parts == []
