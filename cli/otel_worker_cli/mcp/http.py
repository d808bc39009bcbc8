"""The server over streamable HTTP: who may talk to it, and how it starts and ends."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias

import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from otel_worker_cli.client import Client
from otel_worker_cli.local.http_server import BACKLOG, SHUTDOWN_SECONDS, BoundedHttp
from otel_worker_cli.mcp.server import build_server
from otel_worker_cli.profile import Target
from otel_worker_cli.runtime.failures import ToolingError

PATH = "/mcp"

# A call with its arguments is far below.
_MAX_BODY_BYTES = 100_000
_MAX_CONNECTIONS = 100
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gate:
    """An ASGI application that lets to another one only what may be a call: a POST, with the token."""

    def __init__(self, application: Application, token: str) -> None:
        """`token` "" asks for none."""
        self._application = application
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 without the token, and 405 to whoever wants to listen: there is nothing to hear."""
        if scope["type"] == "http" and not self._is_allowed(scope):
            await _refuse(send, 401, (b"www-authenticate", b"Bearer"), b"This MCP server asks for a token.\n")
        elif scope["type"] == "http" and scope["method"] != "POST":
            await _refuse(send, 405, (b"allow", b"POST"), b"This MCP server takes POST alone.\n")
        else:
            await self._application(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        if self._expected is None:
            return True
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        # Constant in time, so that it tells nothing about the token.
        return len(given) == 1 and hmac.compare_digest(given[0], self._expected)


async def _refuse(send: Send, status: int, header: tuple[bytes, bytes], body: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), header]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def build_application(
    server: MCPServer[Any], token: str, host: str, allowed_hosts: Sequence[str]
) -> Application:
    """Return the server as an ASGI application; `token` "" asks for none.

    Pages of other origins are kept out by the SDK, and so is one whose name was made to resolve to this
    machine ("DNS rebinding"): the Host header has to be a loopback name, `host` or one of `allowed_hosts`.
    """
    names = [*_LOOPBACK_NAMES, f"[{host}]" if ":" in host else host, *allowed_hosts]
    application: Application = server.streamable_http_app(
        streamable_http_path=PATH,
        # A call is a request and its answer: there is nothing to remember, and nothing to tell in between.
        stateless_http=True,
        json_response=True,
        max_request_body_size=_MAX_BODY_BYTES,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[*names, *(f"{name}:*" for name in names)],
            allowed_origins=[f"{scheme}://{name}{port}" for scheme in ("http", "https") for name in names
                             for port in ("", ":*")],
        ),
    )  # fmt: skip
    return Gate(application, token)


class _Server(uvicorn.Server):
    """uvicorn with a word when it is ready."""

    def __init__(self, application: Application, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=BoundedHttp,
                ws="none",
                lifespan="on",
                loop="asyncio",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_MAX_CONNECTIONS,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        self._on_ready()


def serve_http(
    target: Target,
    host: str,
    port: int,
    token: str,
    allowed_hosts: Sequence[str],
    on_ready: Callable[[str], None],
) -> None:
    """Serve a collector until a signal ends it; `on_ready` gets the address. Raises ToolingError."""
    listener = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}{PATH}"

    async def serve() -> None:
        async with Client(target.url, target.token) as client:
            application = build_application(build_server(client), token, host, allowed_hosts)
            await _Server(application, lambda: on_ready(url)).serve(sockets=[listener])

    with contextlib.closing(listener):
        asyncio.run(serve())


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ToolingError(
            f"Port {port} of {host} cannot be used: {reason}.",
            remedy="Choose another port with --port; 0 is any free one.",
        ) from error
