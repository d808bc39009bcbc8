"""One input of the fuzzer: a request body with its two headers, and where it came from."""

from __future__ import annotations

from typing import NamedTuple

from otel_worker.otlp.response import JSON, PROTOBUF
from otel_worker.settings import DEFAULT_MAX_BODY_BYTES

__all__ = ["JSON", "LIMIT_BYTES", "METRICS", "PROTOBUF", "TRACES", "FuzzInput"]

# Which export request a body is meant to be.
TRACES, METRICS = "traces", "metrics"

# The collector's own default, so that the same inputs mean the same over HTTP.
LIMIT_BYTES = DEFAULT_MAX_BODY_BYTES


class FuzzInput(NamedTuple):
    """A request body; `content_encoding` is None where the header is absent."""

    generator: str
    body: bytes
    content_type: str
    content_encoding: str | None = None
    signal: str = TRACES
