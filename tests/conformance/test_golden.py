"""The exact bytes of answers, which generated code of every language reads."""

from __future__ import annotations

import pytest

from otel_worker.errors import FieldViolation, InvalidOtlp, StorageUnavailable
from otel_worker.otlp.response import encode_export_response, encode_status
from tests.conformance.exchange import FIRST_SPAN, request_in
from tests.e2e.collector import JSON, PROTOBUF, Collector


@pytest.mark.parametrize(("media_type", "expected"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_golden_success(
    media_type: str, expected: bytes, collector: Collector, trace_id: str, start: int
) -> None:
    assert encode_export_response(media_type, 0, "") == expected
    assert collector.export(request_in(media_type, trace_id, start), media_type).content == expected


def test_golden_partial() -> None:
    assert encode_export_response(PROTOBUF, 1, "x") == bytes.fromhex("0a050801120178")
    expected = b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"x"}}'
    assert encode_export_response(JSON, 1, "x") == expected


def test_golden_error() -> None:
    assert encode_status(PROTOBUF, InvalidOtlp("bad")) == bytes.fromhex("08031203626164")
    assert encode_status(JSON, InvalidOtlp("bad")) == b'{"code":3,"message":"bad"}'


def test_golden_details() -> None:
    error = InvalidOtlp("bad", (FieldViolation(f"{FIRST_SPAN}.traceId", "must be 32 hex digits"),))
    assert encode_status(JSON, error) == (
        b'{"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",'
        b'"fieldViolations":[{"field":"resourceSpans[0].scopeSpans[0].spans[0].traceId",'
        b'"description":"must be 32 hex digits"}]}]}'
    )


def test_golden_retry() -> None:
    error = StorageUnavailable("busy")
    error.retry_after_seconds = 5
    assert encode_status(JSON, error) == (
        b'{"code":14,"message":"busy","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",'
        b'"retryDelay":"5s"}]}'
    )
