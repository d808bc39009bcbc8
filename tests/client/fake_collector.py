"""A collector in this process that does what a test says: its list, its sockets, and their faults."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from otel_worker_cli.client import Client, Timing
from tests.client.schema import validate_client_message

TOKEN = "fake-token"
WAIT_SECONDS = 10.0

# The time of the first trace; each one starts a second after the former.
FIRST_UNIX_NANO = 1_790_000_000_000_000_000

FAST = Timing(
    open_seconds=5.0,
    answer_seconds=5.0,
    request_seconds=5.0,
    ping_seconds=5.0,
    close_seconds=0.2,
    first_delay_seconds=0.002,
    longest_delay_seconds=0.01,
    list_pause_seconds=0.0,
)

Answer = httpx.Response | httpx.TransportError


class FakeCollector:
    """Traces in memory, listed through `transport` and announced to every socket that has subscribed."""

    def __init__(self) -> None:
        self.traces: dict[str, dict[str, Any]] = {}
        self.page_traces = 1000
        # What the next requests get instead of the list; None: the list.
        self.answers: deque[Answer | None] = deque()
        self.refusals: deque[int] = deque()
        self.before_list: Callable[[httpx.QueryParams], Awaitable[None]] | None = None
        self.acknowledges = True
        self.before_ack: list[str] = []
        self.requests: list[httpx.QueryParams] = []
        self.received: list[dict[str, Any]] = []
        self.subscribed = 0
        self.handshakes = 0
        self.redirects_to = ""
        self.sockets: list[ServerConnection] = []
        self._changed = asyncio.Condition()
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    def client(self, timing: Timing = FAST) -> Client:
        return Client(self.url, TOKEN, timing=timing, transport=httpx.MockTransport(self._list))

    def trace(self, number: int, span_count: int = 1) -> dict[str, Any]:
        """Return the summary of a trace that has not been stored."""
        return {
            "traceId": f"{number:032x}",
            "rootName": f"trace {number}",
            "rootService": "web",
            "services": ["web"],
            "startTimeUnixNano": str(FIRST_UNIX_NANO + number * 1_000_000_000),
            "durationNano": 1000,
            "spanCount": span_count,
            "errorCount": 0,
        }

    def store(self, number: int, span_count: int = 1) -> dict[str, Any]:
        """Store a trace, and tell nobody; return its summary."""
        summary = self.trace(number, span_count)
        self.traces[summary["traceId"]] = summary
        return summary

    async def announce(self, *summaries: dict[str, Any]) -> None:
        """Tell all who have subscribed."""
        await self.send(*({"type": "traceUpdated", "details": summary} for summary in summaries))

    async def send(self, *messages: dict[str, Any]) -> None:
        frame = json.dumps(messages[0] if len(messages) == 1 else messages)
        for socket in list(self.sockets):
            with contextlib.suppress(ConnectionClosed):
                await socket.send(frame)

    def cut(self) -> None:
        """End all connections without a word, as a broken line does."""
        for socket in self.sockets:
            socket.transport.abort()
        self.sockets.clear()

    async def close(self, code: int) -> None:
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            await socket.close(code, "as the test says")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so that changes with a request or a message."""
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(condition)

    async def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        if self.redirects_to:
            response = _refusal(socket, 302)
            response.headers["Location"] = self.redirects_to
            return response
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refusal(socket, 401)
        return _refusal(socket, self.refusals.popleft()) if self.refusals else None

    async def _serve(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in socket:
                validate_client_message(frame)
                message = json.loads(frame)
                if message["type"] == "subscribe" and self.acknowledges:
                    for text in self.before_ack:
                        await socket.send(text)
                    # From here on it hears of all that is announced, also before it has read the answer.
                    self.sockets.append(socket)
                    self.subscribed += 1
                    await socket.send(json.dumps({"messageId": message["messageId"], "type": "ack"}))
                async with self._changed:
                    self.received.append(message)
                    self._changed.notify_all()
        if socket in self.sockets:
            self.sockets.remove(socket)

    async def _list(self, request: httpx.Request) -> httpx.Response:
        parameters = request.url.params
        self.requests.append(parameters)
        answer = self.answers.popleft() if self.answers else None
        if self.before_list is not None:
            await self.before_list(parameters)
        async with self._changed:
            self._changed.notify_all()
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer or self._page(parameters)

    def _page(self, parameters: httpx.QueryParams) -> httpx.Response:
        """Return a page as the collector does: newest first, by the start and id behind the last one."""
        limit = min(int(parameters["limit"]), self.page_traces)
        after = tuple(json.loads(parameters["cursor"])) if "cursor" in parameters else (0, "")
        start_unix_nano = int(parameters.get("start", "0"))
        found = sorted(
            (summary for summary in self.traces.values() if _order(summary) > after or after == (0, "")),
            key=_order,
        )
        found = [summary for summary in found if int(summary["startTimeUnixNano"]) >= start_unix_nano]
        headers = {}
        if len(found) > limit:
            cursor = json.dumps(_order(found[limit - 1]))
            target = urlencode({**parameters, "cursor": cursor})
            headers["Link"] = f'</v1/traces?{target}>; rel="next"'
        return httpx.Response(200, json=found[:limit], headers=headers)

    async def start(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._handshake, close_timeout=0.2
        )

    async def stop(self) -> None:
        assert self._server is not None
        self.cut()
        self._server.close()
        await self._server.wait_closed()


@contextlib.asynccontextmanager
async def fake_collector() -> AsyncIterator[FakeCollector]:
    """Run a collector; when it ends, no task may be left of whoever used it."""
    before = asyncio.all_tasks()
    collector = FakeCollector()
    await collector.start()
    try:
        yield collector
    finally:
        await collector.stop()
    async with asyncio.timeout(WAIT_SECONDS):
        while left := asyncio.all_tasks() - before:
            # The server's own tasks for connections that were cut.
            await asyncio.wait(left)


def error_response(status: int, code: str = "storage_unavailable", **headers: str) -> httpx.Response:
    """Return an error in the API's shape."""
    document = {"error": {"code": code, "message": "as the test says"}}
    return httpx.Response(status, json=document, headers=headers)


def _refusal(socket: ServerConnection, status: int) -> Response:
    return socket.respond(http.HTTPStatus(status), json.dumps(error_response(status, "no").json()))


def _order(summary: dict[str, Any]) -> tuple[int, str]:
    return -int(summary["startTimeUnixNano"]), summary["traceId"]
