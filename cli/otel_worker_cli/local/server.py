"""The local server put together: database, hub, metrics, HTTP and gRPC, from the first word to the last."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from otel_worker.api.app import error_response, handle
from otel_worker.api.message import Request, Response, WebSocketUpgrade
from otel_worker.api.router import Collector
from otel_worker.errors import OtelWorkerError
from otel_worker.settings import Settings
from otel_worker_cli.hub import LocalHub
from otel_worker_cli.local.asgi import AsgiApp
from otel_worker_cli.local.database import open_database
from otel_worker_cli.local.http_server import BACKLOG, SHUTDOWN_SECONDS, HttpServer
from otel_worker_cli.local.metric_gateway import LocalGateway
from otel_worker_cli.local.own_pages import refuse_other_origins
from otel_worker_cli.local.static_files import StaticFiles, web_folder
from otel_worker_cli.local.upkeep import keep_tidy
from otel_worker_cli.runtime.failures import ToolingError

_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What is served, and where. Port 0 is any free one.

    `grpc_port` None: no gRPC. `database` None: in memory. Without `settings.auth_token` everybody who can
    connect may do everything: `host` MUST be a loopback address then.
    """

    host: str
    port: int
    grpc_port: int | None
    database: Path | None
    settings: Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a server listens."""

    url: str
    grpc: str | None


def serve(options: ServeOptions, on_ready: Callable[[Addresses], None]) -> None:
    """Run a collector until SIGINT or SIGTERM; what was accepted by then is answered.

    Raises ToolingError when the database cannot be opened or a port cannot be had.
    """
    listener = _listen(options.host, options.port, "--port")
    with contextlib.closing(listener):
        try:
            asyncio.run(_serve(options, listener, on_ready))
        except OtelWorkerError as error:
            # Of the start: later ones are answers.
            raise ToolingError("The database cannot be used.", detail=error.message) from error


async def _serve(
    options: ServeOptions, listener: socket.socket, on_ready: Callable[[Addresses], None]
) -> None:
    settings, is_open = options.settings, not options.settings.auth_token
    if is_open:
        # The core serves nothing without a token. This one is of this run; `_Application` supplies it.
        settings = replace(settings, auth_token=secrets.token_urlsafe())
    with open_database(options.database) as (database, connection):
        hub = LocalHub(database) if settings.is_live else None
        if hub is not None:
            # Of a run that was killed, somebody may still be recorded as watching.
            await hub.settle()
        metrics = LocalGateway(connection, bool(settings.prometheus_otlp_endpoint), _now_unix_ms)
        collector = Collector(
            settings,
            database,
            hub,
            _now_unix_ms,
            database_bytes=lambda: connection.size_bytes,
            metrics=metrics,
        )
        application = _Application(collector, is_open, StaticFiles.read(web_folder()))
        async with _grpc(application, options, settings) as grpc_port:
            addresses = _addresses(options.host, listener, grpc_port)
            server = HttpServer(AsgiApp(application.answer, hub), lambda: on_ready(addresses))
            duties = [keep_tidy(database, connection, metrics, settings)]
            if settings.prometheus_otlp_endpoint:
                duties.append(_push(metrics, settings))
            with _ended_by_signals(server):
                async with _running(duties):
                    await server.serve(sockets=[listener])


class _Application:
    """The core with what is this server's own: the page's files, and whether it asks for a token."""

    def __init__(self, collector: Collector, is_open: bool, files: StaticFiles) -> None:
        self._collector = collector
        self._is_open = is_open
        self._files = files

    async def answer(self, request: Request) -> Response | WebSocketUpgrade:
        """Answer a request that came over HTTP; never raises."""
        file = self._files.answer(request)
        if file is not None:
            return file
        if self._is_open:
            try:
                refuse_other_origins(self._collector.settings, request.header)
            except OtelWorkerError as error:
                return error_response(request, error)
        return await self.answer_call(request)

    async def answer_call(self, request: Request) -> Response | WebSocketUpgrade:
        """Answer a call of gRPC, which no page in a browser can make; never raises."""
        return await handle(self._collector, self._with_token(request) if self._is_open else request)

    def _with_token(self, request: Request) -> Request:
        token = f"Bearer {self._collector.settings.auth_token}"
        header = request.header
        return replace(
            request, header=lambda name: token if name.lower() == "authorization" else header(name)
        )


@contextlib.asynccontextmanager
async def _grpc(
    application: _Application, options: ServeOptions, settings: Settings
) -> AsyncIterator[int | None]:
    """Serve OTLP/gRPC, if it is wanted, and yield its port."""
    if options.grpc_port is None:
        yield None
        return
    # It takes a while to import.
    from otel_worker_cli.local.grpc_server import GrpcServer

    # Said in our words: gRPC would write its own to standard error.
    _listen(options.host, options.grpc_port, "--grpc-port or --no-grpc").close()
    server = GrpcServer(application.answer_call, settings.max_body_bytes)
    port = await server.start(options.host, options.grpc_port)
    try:
        yield port
    finally:
        await server.stop(SHUTDOWN_SECONDS)


@contextlib.asynccontextmanager
async def _running(duties: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run what goes on for ever beside the server."""
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _ended_by_signals(server: HttpServer) -> Iterator[None]:
    """End the server on the first signal, and without waiting for anybody on a second Ctrl-C."""
    former = {number: signal.signal(number, server.handle_exit) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


async def _push(metrics: LocalGateway, settings: Settings) -> None:
    from otel_worker_cli.local.metric_push import push_metrics

    await push_metrics(metrics, settings)


def _listen(host: str, port: int, option: str) -> socket.socket:
    """Return a socket that listens; `option` is what chooses another port. Raises ToolingError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Connections inherit it. Without it an answer in two parts waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ToolingError(
            f"Port {port} of {host} cannot be used: {reason}.",
            remedy=f"Another collector may be running. Choose another port with {option}; 0 is any free one.",
        ) from error


def _addresses(host: str, listener: socket.socket, grpc_port: int | None) -> Addresses:
    shown = f"[{host}]" if ":" in host else host
    port = listener.getsockname()[1]
    return Addresses(f"http://{shown}:{port}", None if grpc_port is None else f"{shown}:{grpc_port}")


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
