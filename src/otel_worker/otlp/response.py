"""What an OTLP endpoint answers, in the request's encoding: the export response and google.rpc.Status."""

from __future__ import annotations

import msgspec

from otel_worker.otlp.wire import length_field, varint_field

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def media_type_of(content_type: str | None) -> str | None:
    """Return PROTOBUF or JSON for a Content-Type header, or None for any other; parameters are ignored."""
    media_type = (content_type or "").split(";", 1)[0].strip().lower()
    return media_type if media_type in (PROTOBUF, JSON) else None


def encode_export_response(media_type: str, rejected_count: int, error_message: str) -> bytes:
    """Return an ExportTraceServiceResponse (trace_service.proto); without a message it is full success."""
    if media_type == JSON:
        if not error_message:
            return b"{}"
        # A 64-bit integer in JSON is a decimal string.
        partial_success = {"rejectedSpans": str(rejected_count), "errorMessage": error_message}
        return msgspec.json.encode({"partialSuccess": partial_success})
    if not error_message:
        return b""
    partial = varint_field(1, rejected_count) + length_field(2, error_message.encode("utf-8", "replace"))
    return length_field(1, partial)


def encode_status(media_type: str, code: int, message: str) -> bytes:
    """Return a google.rpc.Status; `code` is a google.rpc.Code."""
    if media_type == JSON:
        return msgspec.json.encode({"code": code, "message": message})
    return varint_field(1, code) + length_field(2, message.encode("utf-8", "replace"))
