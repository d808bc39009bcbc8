"""The live hub: a Durable Object that holds the WebSockets, and the Hub port that calls it."""

from __future__ import annotations

from typing import Any

from workers import DurableObject

from otel_worker.live.events import client_error

# One object for the whole collector: a watcher sees the traces of every isolate.
_NAME = "live"
# What a closing frame without a code is reported as; it may not be sent (RFC 6455, section 7.4.1).
_NO_CODE = 1005
_SUBPROTOCOL_HEADER = "Sec-WebSocket-Protocol"


class DurableObjectHub:
    """The Hub port over the LIVE binding."""

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    async def watcher_count(self) -> int:
        """See Hub.watcher_count; one RPC call."""
        watchers: int = await self._namespace.getByName(_NAME).watcher_count()
        return watchers

    async def publish(self, message: str) -> int:
        """See Hub.publish; one RPC call."""
        watchers: int = await self._namespace.getByName(_NAME).publish(message)
        return watchers

    async def accept(self, subprotocol: str | None) -> Any:
        """Hand an accepted WebSocket handshake over to the object, and return its js.Response.

        The object gets a request of its own: the client's headers, with the token, end here.
        """
        from js import Request
        from pyodide.ffi import to_js

        headers = [["Upgrade", "websocket"]]
        if subprotocol:
            headers.append([_SUBPROTOCOL_HEADER, subprotocol])
        request = Request.new("https://live/", headers=to_js(headers))
        response = await self._namespace.getByName(_NAME).fetch(request)
        return response.js_object


class LiveHub(DurableObject):  # type: ignore[misc]
    """Holds the sockets with the hibernation API: an idle hub costs nothing, and its sockets stay open."""

    async def fetch(self, request: Any) -> Any:
        """Accept a WebSocket; the subprotocol asked for is the one the caller agreed on."""
        from js import Response, WebSocketPair
        from pyodide.ffi import to_js

        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        subprotocol = request.headers.get(_SUBPROTOCOL_HEADER)
        headers = [[_SUBPROTOCOL_HEADER, subprotocol]] if subprotocol else []
        return Response.new(None, status=101, webSocket=client, headers=to_js(headers))

    async def watcher_count(self) -> int:
        """Return how many sockets are open; called by RPC."""
        sockets: int = self.ctx.getWebSockets().length
        return sockets

    async def publish(self, message: str) -> int:
        """Send a message to every open socket; called by RPC."""
        watchers = 0
        for socket in self.ctx.getWebSockets():
            try:
                socket.send(message)
                watchers += 1
            except Exception:  # noqa: S112 - it closed in this moment; webSocketClose will follow
                continue
        return watchers

    async def webSocketMessage(self, socket: Any, message: Any) -> None:
        """Answer a client's message; there are none yet that the hub carries out."""
        socket.send(client_error(None, "this collector takes no messages; it sends all live traces"))

    async def webSocketClose(self, socket: Any, code: int, reason: str, was_clean: bool) -> None:
        """Answer the closing handshake: without it the client would see an abnormal closure (1006)."""
        if was_clean and code != _NO_CODE:
            socket.close(code, reason)
        else:
            socket.close()

    async def webSocketError(self, socket: Any, error: Any) -> None:
        """A socket that broke is closed by the runtime."""
