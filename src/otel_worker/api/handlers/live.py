"""The WebSocket endpoint, up to the handshake; after it the hub has the connection."""

from __future__ import annotations

from otel_worker.api.auth import WEBSOCKET_SUBPROTOCOL, offered_subprotocols
from otel_worker.api.message import Request, WebSocketUpgrade
from otel_worker.api.router import Collector
from otel_worker.errors import NotFound, UpgradeRequired


async def watch(collector: Collector, request: Request) -> WebSocketUpgrade:
    """GET /api/ws: live traces."""
    if collector.hub is None:
        raise NotFound("there is no live view: this collector is set up with LIVE=off")
    if (request.header("Upgrade") or "").lower() != "websocket":
        raise UpgradeRequired("this is a WebSocket: connect with ws:// or wss://")
    offered = offered_subprotocols(request)
    return WebSocketUpgrade(WEBSOCKET_SUBPROTOCOL if WEBSOCKET_SUBPROTOCOL in offered else None)
