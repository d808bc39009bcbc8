"""What an OTLP endpoint answers, in the request's encoding: the export response and google.rpc.Status."""

from __future__ import annotations

import msgspec

from otel_worker.errors import OtelWorkerError
from otel_worker.otlp.wire import length_field, varint_field

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

# What the partial success of each signal calls its count, in JSON.
REJECTED_SPANS = "rejectedSpans"
REJECTED_DATA_POINTS = "rejectedDataPoints"

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


def media_type_of(content_type: str | None) -> str | None:
    """Return PROTOBUF or JSON for a Content-Type header, or None for any other; parameters are ignored."""
    media_type = (content_type or "").split(";", 1)[0].strip().lower()
    return media_type if media_type in (PROTOBUF, JSON) else None


def encode_export_response(
    media_type: str, rejected_count: int, error_message: str, count_name: str = REJECTED_SPANS
) -> bytes:
    """Return an Export{Trace,Metrics}ServiceResponse; without a message it is full success.

    `count_name` is what the signal calls its count in JSON; in protobuf the messages are the same.
    """
    if media_type == JSON:
        if not error_message:
            return b"{}"
        # A 64-bit integer in JSON is a decimal string.
        partial_success = {count_name: str(rejected_count), "errorMessage": error_message}
        return msgspec.json.encode({"partialSuccess": partial_success})
    if not error_message:
        return b""
    partial = varint_field(1, rejected_count) + length_field(2, _text(error_message))
    return length_field(1, partial)


def encode_status(media_type: str, error: OtelWorkerError) -> bytes:
    """Return an error as google.rpc.Status, with BadRequest and RetryInfo as its details where they apply."""
    if media_type == JSON:
        status: dict[str, object] = {"code": error.grpc_code, "message": error.message}
        details = _details_json(error)
        return msgspec.json.encode({**status, "details": details} if details else status)
    encoded = varint_field(1, error.grpc_code) + length_field(2, _text(error.message))
    return encoded + b"".join(length_field(3, detail) for detail in _details_protobuf(error))


def _details_json(error: OtelWorkerError) -> list[dict[str, object]]:
    details: list[dict[str, object]] = []
    if error.violations:
        violations = [violation._asdict() for violation in error.violations]
        details.append({"@type": _BAD_REQUEST, "fieldViolations": violations})
    if error.retry_after_seconds is not None:
        details.append({"@type": _RETRY_INFO, "retryDelay": f"{error.retry_after_seconds}s"})
    return details


def _details_protobuf(error: OtelWorkerError) -> list[bytes]:
    """Return the details as google.protobuf.Any messages."""
    details: list[bytes] = []
    if error.violations:
        violations = (
            length_field(1, length_field(1, _text(field)) + length_field(2, _text(description)))
            for field, description in error.violations
        )
        details.append(length_field(1, _BAD_REQUEST.encode()) + length_field(2, b"".join(violations)))
    if error.retry_after_seconds is not None:
        # RetryInfo.retry_delay = 1 is a Duration, whose seconds are 1.
        delay = length_field(1, varint_field(1, error.retry_after_seconds))
        details.append(length_field(1, _RETRY_INFO.encode()) + length_field(2, delay))
    return details


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")
