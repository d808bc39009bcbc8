"""The messages on the WebSocket, each one JSON text: {"type": ..., "details": {...}}."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from otel_worker.model import Head
from otel_worker.render import JsonObject, render_summary

_encode = msgspec.json.Encoder().encode


def span_added(span_ids: Sequence[tuple[str, str]]) -> str:
    """Return the message that names new spans: {"newSpans": [[trace id, span id], ...]}."""
    return _message("spanAdded", {"newSpans": span_ids})


def trace_updated(head: Head) -> str:
    """Return the message with a trace's new summary, the same object as in the list."""
    return _message("traceUpdated", render_summary(head))


def client_error(message_id: str | None, text: str) -> str:
    """Return the answer to a client message that cannot be carried out."""
    return _encode({"messageId": message_id, "type": "error", "details": {"message": text}}).decode()


def _message(kind: str, details: JsonObject) -> str:
    return _encode({"type": kind, "details": details}).decode()
