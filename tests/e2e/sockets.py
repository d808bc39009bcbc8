"""WebSockets of a collector, with the `websockets` client."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.collector import Collector

WAIT_SECONDS = 20.0
CLOSE_SECONDS = 5.0


def open_socket(collector: Collector, token: str | None = None, *subprotocols: str) -> ClientConnection:
    """Connect with the token in the header, or with subprotocols."""
    return connect(
        collector.websocket_url,
        additional_headers={"Authorization": f"Bearer {token}"} if token else {},
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        proxy=None,
        open_timeout=WAIT_SECONDS,
        close_timeout=CLOSE_SECONDS,
    )


def next_message(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message; raises TimeoutError when none comes."""
    message: dict[str, Any] = json.loads(socket.recv(WAIT_SECONDS))
    return message


def heard_until(socket: ClientConnection, trace_id: str, span_count: int = 1) -> list[dict[str, Any]]:
    """Return all messages up to the summary of a trace that has so many spans.

    What is exported in a moment may come in one window or in several.
    """
    heard: list[dict[str, Any]] = []
    while True:
        heard.append(next_message(socket))
        details = heard[-1]["details"]
        if details.get("traceId") == trace_id and details["spanCount"] >= span_count:
            return heard


def new_spans(messages: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return [trace id, span id] of each span that the messages call new."""
    added = [message for message in messages if message["type"] == "spanAdded"]
    return [ids for message in added for ids in message["details"]["newSpans"]]


def updates(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the summaries in the messages."""
    return [message["details"] for message in messages if message["type"] == "traceUpdated"]
