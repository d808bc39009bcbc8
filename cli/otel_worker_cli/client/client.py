"""The client of a collector: its HTTP API, and watching live."""

from __future__ import annotations

import time
import weakref
from collections.abc import AsyncGenerator, Sequence
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

import httpx
import msgspec

from otel_worker_cli.client.connection import Connection, describe, is_loopback
from otel_worker_cli.client.errors import UnexpectedAnswer, Unreachable, error_of
from otel_worker_cli.client.model import TraceSummary, WatchFilter, read_summaries
from otel_worker_cli.client.pages import MAX_PAGE_TRACES, Parameters, TracePage, next_parameters
from otel_worker_cli.client.timing import Timing
from otel_worker_cli.client.watch import Watch

DEFAULT_OVERLAP_SECONDS = 60.0
DEFAULT_MAX_MISSED_TRACES = 10_000


class Client:
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

        `transport` carries the HTTP requests, instead of the network.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the address of a collector begins with http:// or https://; found {url!r}")
        self._url = url.rstrip("/")
        self._token = token
        self._timing = timing or Timing()
        self._http = httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=self._timing.request_seconds,
            trust_env=not is_loopback(url),
            transport=transport,
        )
        # How far the collector's clock is ahead of this machine's.
        self._clock_ahead_nano = 0
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
        response = await self._get("/v1/traces", parameters)
        link = response.links.get("next", {}).get("url", "")
        return TracePage(read_summaries(_read_json(response)), next_parameters(link))

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
        url = f"ws{self._url.removeprefix('http')}/api/ws"
        return Connection(url, self._token, watched.parameters, self._timing)

    def now_unix_nano(self) -> int:
        """Return the time by the collector's clock, as far as an answer has told it."""
        return time.time_ns() + self._clock_ahead_nano

    async def _get(self, path: str, parameters: Parameters) -> httpx.Response:
        """Return an answer of status 200."""
        try:
            response = await self._http.get(path, params=list(parameters))
        except httpx.TransportError as error:
            raise Unreachable(f"no answer from {self._url}: {describe(error)}") from error
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"not an answer of a collector: {describe(error)}") from error
        self._set_clock(response.headers.get("Date", ""))
        if response.status_code != httpx.codes.OK:
            raise error_of(response.status_code, response.headers, response.content)
        return response

    def _set_clock(self, date: str) -> None:
        try:
            seconds = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        # The second that is shown may be over in this moment.
        self._clock_ahead_nano = round((seconds + 1) * 1e9) - time.time_ns()


def _read_json(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnexpectedAnswer(f"not JSON: {response.text[:200]!r}") from error
