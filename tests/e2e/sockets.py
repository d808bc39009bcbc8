"""WebSockets of a collector, with the `websockets` client."""

from __future__ import annotations

import json
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
