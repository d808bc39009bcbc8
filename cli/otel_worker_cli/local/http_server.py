"""The HTTP server: uvicorn with bounds on how long a client may take."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from otel_worker_cli.local.asgi import AsgiApp
from otel_worker_cli.local.websocket import MAX_FRAME_BYTES

# For a whole request to arrive: 4 MB come in this time at 70 kB/s.
REQUEST_SECONDS = 60.0
# For a client to take what fills a connection's buffer.
STALLED_SECONDS = 60.0
# Each may hold a body: 1024 is what many systems let a process open.
MAX_CONNECTIONS = 500
# Exporters pause between their batches, 5 seconds by default.
KEEP_ALIVE_SECONDS = 75
# A request that was accepted is answered; a search or a slow body has so long to end.
SHUTDOWN_SECONDS = 10
BACKLOG = 512

# The states of a client whose request is not complete.
_ARRIVING = (h11.IDLE, h11.SEND_BODY)

if TYPE_CHECKING:
    _Protocol = asyncio.Protocol
else:
    _Protocol = object


class _Stalling(_Protocol):
    """A connection whose client takes nothing for a while is cut."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _stall: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_stall()
        super().connection_lost(exc)

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None


class BoundedHttp(_Stalling, H11Protocol):
    """HTTP/1.1 whose requests have to arrive in time, head and body; h11 bounds the size of a head."""

    _arrival: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # After an upgrade the connection is a WebSocket's.
        if self.conn.their_state in _ARRIVING and self.transport.get_protocol() is self:
            self._await_request()
        else:
            self._request_arrived()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # Of a body that nobody wanted, or of the next request, a part may be here already.
        if self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._request_arrived()
        super().connection_lost(exc)

    def _should_upgrade(self) -> bool:
        """Tell a WebSocket handshake from what only resembles one: the core says what is wrong with that."""
        has_key = any(name == b"sec-websocket-key" for name, _ in self.headers)
        return has_key and self.scope["method"] == "GET" and self._get_upgrade() == b"websocket"

    def _await_request(self) -> None:
        if self._arrival is None:
            self._arrival = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _request_arrived(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None


class BoundedWebSocket(_Stalling, WebSocketsSansIOProtocol):
    """A WebSocket; uvicorn pings it, and ends it when no answer comes."""


class HttpServer(uvicorn.Server):
    """uvicorn without handlers of signals, which are the command's, and with a word when it is ready."""

    def __init__(self, app: AsgiApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHttp,
                ws=BoundedWebSocket,
                ws_max_size=MAX_FRAME_BYTES,
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        self._on_ready()
