"""What a collector answers to an export request, in both encodings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from otel_worker.errors import InvalidOtlp
from otel_worker.otlp.response import PROTOBUF
from otel_worker.otlp.wire import LENGTH, read_fields
from otel_worker_cli.client.errors import UnexpectedAnswer


class ExportResult(NamedTuple):
    """How many spans were rejected, and why; 0 and "": everything is stored."""

    rejected_spans: int
    message: str


def read_export_result(content_type: str, body: bytes) -> ExportResult:
    """Return what an ExportTraceServiceResponse says; raises UnexpectedAnswer."""
    try:
        return _read_protobuf(body) if content_type.startswith(PROTOBUF) else _read_json(body)
    # msgspec's errors are ValueErrors.
    except (InvalidOtlp, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnexpectedAnswer(f"not the answer to an export request: {body[:200]!r}") from error


def _read_json(body: bytes) -> ExportResult:
    partial = msgspec.json.decode(body).get("partialSuccess") or {}
    return ExportResult(int(partial.get("rejectedSpans", 0)), str(partial.get("errorMessage", "")))


def _read_protobuf(body: bytes) -> ExportResult:
    rejected, message = 0, ""
    for partial in _messages(body, field=1):
        for tag, value, stop in read_fields(partial, 0, len(partial)):
            # ExportTracePartialSuccess: rejected_spans = 1, error_message = 2
            if tag == 1 << 3:
                rejected = value
            elif tag == 2 << 3 | LENGTH:
                message = partial[value:stop].decode("utf-8", "replace")
    return ExportResult(rejected, message)


def _messages(body: bytes, field: int) -> Iterator[bytes]:
    for tag, start, stop in read_fields(body, 0, len(body)):
        if tag == field << 3 | LENGTH:
            yield body[start:stop]
