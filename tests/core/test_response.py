"""What an OTLP client is answered: the golden bytes, and the official classes read the same out of them."""

from __future__ import annotations

from typing import Any

import pytest
from google.rpc.error_details_pb2 import BadRequest as BadRequestDetail
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_worker.errors import FieldViolation, InvalidOtlp, OtelWorkerError, StorageUnavailable
from otel_worker.otlp.response import (
    JSON,
    PROTOBUF,
    encode_export_response,
    encode_status,
    media_type_of,
)

VIOLATION = FieldViolation("resourceSpans[0].scopeSpans[0].spans[0].traceId", "must be 32 hex digits")


@pytest.mark.parametrize(
    ("media_type", "rejected_count", "message", "expected"),
    [
        (PROTOBUF, 0, "", b""),
        (JSON, 0, "", b"{}"),
        (PROTOBUF, 1, "x", bytes.fromhex("0a050801120178")),
        (JSON, 1, "x", b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"x"}}'),
        (PROTOBUF, 0, "x", bytes.fromhex("0a03120178")),
        (JSON, 0, "x", b'{"partialSuccess":{"rejectedSpans":"0","errorMessage":"x"}}'),
    ],
    ids=[
        "success in protobuf", "success in JSON", "partial in protobuf", "partial in JSON",
        "warning in protobuf", "warning in JSON",
    ],
)  # fmt: skip
def test_an_export_response_is_the_golden_bytes(
    media_type: str, rejected_count: int, message: str, expected: bytes
) -> None:
    assert encode_export_response(media_type, rejected_count, message) == expected


@pytest.mark.parametrize(
    ("media_type", "error", "expected"),
    [
        (PROTOBUF, InvalidOtlp("bad"), bytes.fromhex("08031203626164")),
        (JSON, InvalidOtlp("bad"), b'{"code":3,"message":"bad"}'),
        (
            JSON,
            InvalidOtlp("bad", (VIOLATION,)),
            b'{"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",'
            b'"fieldViolations":[{"field":"resourceSpans[0].scopeSpans[0].spans[0].traceId",'
            b'"description":"must be 32 hex digits"}]}]}',
        ),
        (
            JSON,
            StorageUnavailable("busy"),
            b'{"code":14,"message":"busy","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",'
            b'"retryDelay":"2s"}]}',
        ),
    ],
    ids=["error in protobuf", "error in JSON", "with field violations", "with a delay"],
)
def test_a_status_is_the_golden_bytes(media_type: str, error: OtelWorkerError, expected: bytes) -> None:
    assert encode_status(media_type, error) == expected


@pytest.mark.parametrize(
    ("rejected_count", "message"), [(300, "naïve 🦄"), (2**40, "x" * 300), (0, "warning")]
)
def test_the_official_classes_read_a_partial_success(rejected_count: int, message: str) -> None:
    body = encode_export_response(PROTOBUF, rejected_count, message)
    partial = ExportTraceServiceResponse.FromString(body).partial_success
    assert (partial.rejected_spans, partial.error_message) == (rejected_count, message)


def test_the_official_classes_read_a_status_and_its_field_violations() -> None:
    other = FieldViolation("résumé", "")
    status = Status.FromString(encode_status(PROTOBUF, InvalidOtlp("näh", (VIOLATION, other))))
    assert (status.code, status.message, len(status.details)) == (3, "näh", 1)
    detail = BadRequestDetail()
    assert status.details[0].Unpack(detail)
    assert [(found.field, found.description) for found in detail.field_violations] == [VIOLATION, other]


def test_the_official_classes_read_a_status_and_its_delay() -> None:
    status = Status.FromString(encode_status(PROTOBUF, StorageUnavailable("busy")))
    assert (status.code, status.message, len(status.details)) == (14, "busy", 1)
    detail = RetryInfo()
    assert status.details[0].Unpack(detail)
    assert (detail.retry_delay.seconds, detail.retry_delay.nanos) == (2, 0)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", JSON),
        ("application/x-protobuf", PROTOBUF),
        ("APPLICATION/JSON", JSON),
        ("application/json; charset=utf-8", JSON),
        (" application/x-protobuf ;x=y", PROTOBUF),
        ("application/json;charset", JSON),
        (None, None),
        ("", None),
        ("text/plain", None),
        ("application/protobuf", None),
        ("application/json, text/plain", None),
        ("application/jsonp", None),
    ],
)  # fmt: skip
def test_the_encoding_is_read_from_the_content_type(content_type: Any, expected: str | None) -> None:
    assert media_type_of(content_type) == expected
