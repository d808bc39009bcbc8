"""The client of a collector: lists of traces, and watching live; api.py has its HTTP API call by call."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType

import httpx
from websockets.asyncio.client import ClientConnection

from otel_worker_cli.client.api import Api, next_page, read_json
from otel_worker_cli.client.connection import Connection, open_socket
from otel_worker_cli.client.model import TraceSummary, WatchFilter, read_summaries
from otel_worker_cli.client.pages import MAX_PAGE_TRACES, Parameters, TracePage
from otel_worker_cli.client.timing import Timing
from otel_worker_cli.client.watch import Watch

DEFAULT_OVERLAP_SECONDS = 60.0
DEFAULT_MAX_MISSED_TRACES = 10_000


class Client(Api):
    """A collector at an address, with a token. Use it as an async context manager.

    All methods raise a ClientError (errors.py).
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timing: Timing | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`url` is that of the collector, such as https://otel-worker.example.workers.dev; raises ValueError.

        `token` is "" for a collector that wants none. `transport` carries the HTTP requests, instead of the
        network.
        """
        super().__init__(url, token, timing, transport)
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch in list(self._watches):
            await watch.aclose()
        await self._http.aclose()

    async def list_traces(
        self,
        *,
        service: str = "",
        name: str = "",
        errors_only: bool = False,
        attributes: Sequence[str] = (),
        min_duration: str = "",
        max_duration: str = "",
        start: int | str = "",
        end: int | str = "",
        limit: int | None = None,
    ) -> AsyncGenerator[TraceSummary, None]:
        """Yield the traces that match, newest first; `limit` None: all of them.

        `attributes` are conditions such as "http.route=/cart", durations texts such as "250ms", times Unix
        nanoseconds or RFC 3339 (docs/search.md).
        """
        asked = {
            **WatchFilter(service, name, errors_only, min_duration).parameters,
            "maxDuration": max_duration,
            "start": str(start),
            "end": str(end),
            "limit": str(MAX_PAGE_TRACES if limit is None else max(1, min(limit, MAX_PAGE_TRACES))),
        }
        parameters: Parameters = [(key, value) for key, value in asked.items() if value]
        parameters = [*parameters, *(("attr", attribute) for attribute in attributes)]
        left = limit
        while parameters and left != 0:
            summaries, parameters = await self.list_page(parameters)
            for summary in summaries[:left]:
                yield summary
            if left is not None:
                left = max(0, left - len(summaries))

    async def list_page(self, parameters: Parameters) -> TracePage:
        """Return one page of GET /v1/traces."""
        response = await self.request("GET", "/v1/traces", parameters)
        return TracePage(read_summaries(read_json(response)), next_page(response)[1])

    def watch(
        self,
        *,
        service: str = "",
        name: str = "",
        errors_only: bool = False,
        min_duration: str = "",
        overlap_seconds: float = DEFAULT_OVERLAP_SECONDS,
        max_missed_traces: int = DEFAULT_MAX_MISSED_TRACES,
        attempts: int | None = None,
    ) -> Watch:
        """Return what is stored from now on, as an iterator of events (watch.py, docs/live.md).

        The traces are those that a list with the same conditions has. After an interruption, updates of
        traces are found that started `overlap_seconds` before it or later; more than `max_missed_traces` of
        them are a Gap. Connects again without end, or raises Unreachable after `attempts` failures in a row.
        """
        watch = Watch(
            self,
            WatchFilter(service, name, errors_only, min_duration),
            self._timing,
            overlap_seconds=overlap_seconds,
            max_missed_traces=max_missed_traces,
            attempts=attempts,
        )
        self._watches.add(watch)
        return watch

    def connection(self, watched: WatchFilter) -> Connection:
        """Return a WebSocket connection that is not open yet."""
        return Connection(self._live_url, self._token, watched.parameters, self._timing)

    async def open_socket(self) -> ClientConnection:
        """Return an open WebSocket for messages as they are; the caller closes it."""
        return await open_socket(self._live_url, self._token, self._timing)

    @property
    def _live_url(self) -> str:
        return f"ws{self._url.removeprefix('http')}/api/ws"
