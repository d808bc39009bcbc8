"""What all OTLP/HTTP endpoints do with a request before it is decoded."""

from __future__ import annotations

from otel_worker.api.message import Request
from otel_worker.errors import UnsupportedMediaType
from otel_worker.otlp.compression import inflate
from otel_worker.otlp.response import JSON, PROTOBUF, media_type_of


def export_media_type(request: Request) -> str:
    """Return PROTOBUF or JSON; raises UnsupportedMediaType for anything else."""
    media_type = media_type_of(request.header("Content-Type"))
    if media_type is None:
        raise UnsupportedMediaType(f"Content-Type must be {PROTOBUF} or {JSON}")
    return media_type


async def read_export_body(request: Request, limit_bytes: int) -> bytes:
    """Return the inflated body; raises PayloadTooLarge, InvalidOtlp or UnsupportedMediaType."""
    coding = request.header("Content-Encoding")
    return inflate(await request.read_body(limit_bytes), coding, limit_bytes)
