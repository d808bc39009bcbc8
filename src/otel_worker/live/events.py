"""The messages from the collector to a watcher, each one JSON text (docs/live.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from otel_worker.errors import OtelWorkerError
from otel_worker.model import Head
from otel_worker.render import render_summary

_encode = msgspec.json.Encoder().encode


def span_added(span_ids: Sequence[tuple[str, str]]) -> str:
    """Return the message that names new spans: {"newSpans": [[trace id, span id], ...]}."""
    return _text({"type": "spanAdded", "details": {"newSpans": span_ids}})


def trace_updated(head: Head) -> str:
    """Return the message with a trace's new summary, the same object as in the list."""
    return _text({"type": "traceUpdated", "details": render_summary(head)})


def traces_dropped(count: int) -> str:
    """Return the message that says how many updates of traces were not sent: the list has them."""
    return _text({"type": "tracesDropped", "details": {"count": count}})


def acknowledgement(message_id: str) -> str:
    """Return the answer to a client message that was carried out."""
    return _text({"messageId": message_id, "type": "ack"})


def client_error(message_id: str | None, error: OtelWorkerError) -> str:
    """Return the answer to a client message that cannot be carried out."""
    details = {"code": error.code, "message": error.message}
    return _text({"messageId": message_id, "type": "error", "details": details})


def ping(message_id: str) -> str:
    """Return the question whether the watcher still reads; it answers with the same id."""
    return _text({"messageId": message_id, "type": "ping"})


# A client's own question and its answer, as the runtime compares and sends them, letter by letter.
CLIENT_PING = '{"type":"ping"}'
CLIENT_PONG = '{"type":"pong"}'


def frames_of(messages: Sequence[str], is_batched: bool, limit_bytes: int) -> list[str]:
    """Return what is sent for messages: one frame each, or JSON arrays of up to about `limit_bytes`."""
    if not is_batched or len(messages) < 2:
        return list(messages)
    frames: list[list[str]] = []
    frame_bytes = limit_bytes
    for message in messages:
        if frame_bytes + len(message) > limit_bytes:
            frames.append([])
            frame_bytes = 0
        frames[-1].append(message)
        frame_bytes += len(message)
    return [frame[0] if len(frame) == 1 else f"[{','.join(frame)}]" for frame in frames]


def _text(message: dict[str, Any]) -> str:
    return _encode(message).decode()
