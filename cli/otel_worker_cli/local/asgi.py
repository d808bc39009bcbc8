"""The API as an ASGI application: HTTP requests to the core's, WebSockets to the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from otel_worker.api.app import error_response
from otel_worker.api.message import Request, Response, WebSocketUpgrade
from otel_worker.errors import BadRequest, OtelWorkerError, PayloadTooLarge
from otel_worker_cli.hub import LocalHub
from otel_worker_cli.local.websocket import serve_watcher

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[Request], Awaitable[Response | WebSocketUpgrade]]

_FIRST_ERROR_STATUS = 400
# Of a body that was refused: more is not read only to be thrown away.
_MAX_DISCARDED_BYTES = 64_000_000


class AsgiApp:
    """What the HTTP server calls for each request and each WebSocket."""

    def __init__(self, answer: Answer, hub: LocalHub | None) -> None:
        """`answer` never raises; it agrees to an upgrade only if there is a hub."""
        self._answer = answer
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the server has received."""
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._upgrade(scope, receive, send)
        else:
            raise ValueError(f"ASGI's {scope['type']} is not served")

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        request = _to_request(scope, body.read)
        response = await self._answer(request)
        if isinstance(response, WebSocketUpgrade):
            response = error_response(request, BadRequest("this is no WebSocket handshake (RFC 6455)"))
        await send({"type": "http.response.start", **_start_of(response)})
        if response.status >= _FIRST_ERROR_STATUS and not _waits_for_a_word(request, body):
            # The answer is on its way; the client may read it only when it has sent everything.
            await send({"type": "http.response.body", "body": response.body, "more_body": True})
            await body.discard()
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": response.body})

    async def _upgrade(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        request = _to_request({**scope, "method": "GET"}, _read_nothing)
        response = await self._answer(request)
        watcher = None
        if isinstance(response, WebSocketUpgrade):
            assert self._hub is not None, "no handler agrees to an upgrade without a hub"
            try:
                # Before the client is told that it is connected: from then on it hears of everything.
                watcher = await self._hub.watch()
            except OtelWorkerError as error:
                response = error_response(request, error)
        if watcher is None or isinstance(response, Response):
            assert isinstance(response, Response)
            await send({"type": "websocket.http.response.start", **_start_of(response)})
            await send({"type": "websocket.http.response.body", "body": response.body})
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": response.subprotocol})
            await serve_watcher(watcher, receive, send)
        finally:
            await watcher.close()


class _Body:
    """The body of a request, read when somebody asks for it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_complete = False
        self.is_begun = False

    async def read(self, limit_bytes: int) -> bytes:
        """See Request.read_body."""
        chunks: list[bytes] = []
        size_bytes = 0
        while not self._is_complete:
            chunk = await self._next_chunk()
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise PayloadTooLarge(limit_bytes)
            chunks.append(chunk)
        return b"".join(chunks)

    async def discard(self) -> None:
        """Read what is left, up to a limit, and keep nothing of it."""
        size_bytes = 0
        while not self._is_complete and size_bytes < _MAX_DISCARDED_BYTES:
            try:
                size_bytes += len(await self._next_chunk())
            except BadRequest:
                return

    async def _next_chunk(self) -> bytes:
        self.is_begun = True
        message = await self._receive()
        if message["type"] != "http.request":
            raise BadRequest("the connection ended before the body did")
        self._is_complete = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk


async def _read_nothing(_limit_bytes: int) -> bytes:
    return b""


def _waits_for_a_word(request: Request, body: _Body) -> bool:
    """Tell whether the client sends its body only when it is asked to, which it was not."""
    return not body.is_begun and (request.header("Expect") or "").lower() == "100-continue"


def _to_request(scope: Scope, read_body: Callable[[int], Awaitable[bytes]]) -> Request:
    headers: list[tuple[bytes, bytes]] = scope["headers"]

    def header(name: str) -> str | None:
        wanted = name.lower().encode()
        values = [value.decode("latin-1") for key, value in headers if key == wanted]
        return ", ".join(values) if values else None

    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, query, header, read_body)


def _start_of(response: Response) -> dict[str, Any]:
    """Return status and headers as ASGI has them."""
    headers = list(response.headers)
    if response.status not in (204, 304):
        headers += [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
    # As they are: ASGI asks for small letters, which people do not expect to read, and h11 takes both.
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"status": response.status, "headers": encoded}
