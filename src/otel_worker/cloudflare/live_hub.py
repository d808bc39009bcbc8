"""The live hub: a Durable Object that holds the WebSockets and passes on what was stored."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import msgspec
from workers import DurableObject

from otel_worker.api.live_protocol import MESSAGE_TOO_BIG, answer_message
from otel_worker.cloudflare.databases import as_one, bound_databases
from otel_worker.cloudflare.live_client import SUBPROTOCOL_HEADER
from otel_worker.cloudflare.live_sockets import SocketAudience
from otel_worker.errors import OtelWorkerError, PayloadTooLarge
from otel_worker.live.broadcaster import Broadcaster
from otel_worker.live.events import CLIENT_PING, CLIENT_PONG
from otel_worker.live.hub import HubStatus
from otel_worker.store.watched import set_watched

_log = logging.getLogger(__name__)

# What a closing frame without a code is reported as; it may not be sent (RFC 6455, section 7.4.1).
_NO_CODE = 1005
# A reason takes 123 bytes at most (RFC 6455, section 5.5).
_MAX_REASON_BYTES = 123


class LiveHub(DurableObject):  # type: ignore[misc]
    """Holds the sockets with the hibernation API: an idle hub costs nothing, and its sockets stay open."""

    def __init__(self, ctx: Any, env: Any) -> None:
        """Do nothing yet: the hub wakes for each message of a client."""
        super().__init__(ctx, env)
        self._live: _Live | None = None

    async def fetch(self, request: Any) -> Any:
        """Accept a WebSocket; the subprotocol asked for is the one the caller agreed on."""
        from js import Response, WebSocketPair, WebSocketRequestResponsePair
        from pyodide.ffi import to_js

        client, server = WebSocketPair.new().object_values()
        live = self._awake()
        async with live.lock:
            try:
                await live.become_watched(self.env)
            except OtelWorkerError as error:
                return Response.new(error.message, status=error.status)
            # What a browser, which cannot send the protocol's own pings, keeps its connection open with.
            self.ctx.setWebSocketAutoResponse(WebSocketRequestResponsePair.new(CLIENT_PING, CLIENT_PONG))
            self.ctx.acceptWebSocket(server)
            live.audience.add(server)
        subprotocol = request.headers.get(SUBPROTOCOL_HEADER)
        headers = [[SUBPROTOCOL_HEADER, subprotocol]] if subprotocol else []
        return Response.new(None, status=101, webSocket=client, headers=to_js(headers))

    async def announce(self, text: str, dropped_before: int) -> None:
        """Pass on what was stored (see Broadcaster.announce); called by RPC."""
        live = self._awake()
        if live.audience.watcher_count:
            await live.broadcaster(self.env).announce(text, dropped_before)
        else:
            # Somebody watched when it was stored, and the last one may have gone without a word.
            await self._settle(live)

    async def status(self) -> str:
        """Return a HubStatus as JSON; called by RPC."""
        live = self._awake()
        status = HubStatus(live.audience.watcher_count, live.audience.dropped_watchers, live.dropped_traces)
        return msgspec.json.encode(status).decode()

    async def webSocketMessage(self, socket: Any, message: Any) -> None:
        """Answer a client's message."""
        try:
            # A binary message is refused whatever is in it.
            reply = answer_message(message if isinstance(message, str) else bytes(message.byteLength))
        except PayloadTooLarge as error:
            socket.close(MESSAGE_TOO_BIG, str(error)[:_MAX_REASON_BYTES])
            return
        if reply.change is not None:
            self._awake().audience.change(socket, reply.change)
        if reply.text is not None:
            socket.send(reply.text)

    async def webSocketClose(self, socket: Any, code: int, reason: str, was_clean: bool) -> None:
        """Answer the closing handshake: without it the client would see an abnormal closure (1006)."""
        if was_clean and code != _NO_CODE:
            socket.close(code, reason)
        else:
            socket.close()
        await self._forget(socket)

    async def webSocketError(self, socket: Any, error: Any) -> None:
        """Forget a socket that broke; the runtime has closed it."""
        await self._forget(socket)

    async def _forget(self, socket: Any) -> None:
        live = self._awake()
        live.audience.remove(socket)
        await self._settle(live)

    async def _settle(self, live: _Live) -> None:
        async with live.lock:
            try:
                await live.become_unwatched(self.env)
            except OtelWorkerError:
                # Announcements will go on to come, and the next one tries this again.
                _log.exception("live: could not record that nobody watches")

    def _awake(self) -> _Live:
        if self._live is None:
            self._live = _Live(SocketAudience(self.ctx.getWebSockets()))
        return self._live


class _Live:
    """What the hub has in memory while it is awake."""

    def __init__(self, audience: SocketAudience) -> None:
        self.audience = audience
        # Around every change of who watches: the record of it must not be overtaken.
        self.lock = asyncio.Lock()
        self._is_watched = False
        self._broadcaster: Broadcaster | None = None

    @property
    def dropped_traces(self) -> int:
        return 0 if self._broadcaster is None else self._broadcaster.dropped_traces

    def broadcaster(self, env: Any) -> Broadcaster:
        if self._broadcaster is None:
            self._broadcaster = Broadcaster(
                self.audience, lambda: as_one(bound_databases(env)), asyncio.sleep, _now_unix_ms
            )
        return self._broadcaster

    async def become_watched(self, env: Any) -> None:
        """Record that somebody watches, before he does."""
        if not self._is_watched:
            await set_watched(as_one(bound_databases(env)), True)
            self._is_watched = True

    async def become_unwatched(self, env: Any) -> None:
        """Record that nobody watches, if that is so."""
        if not self.audience.watcher_count:
            self._is_watched = False
            await set_watched(as_one(bound_databases(env)), False)


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
