"""Watching live without gaps: a connection, and the list for whatever a connection cannot tell.

How nothing is missed, and nothing comes twice:

* Before the first connection the list is read, from the newest trace back by the overlap, and nothing of it
  is given out: these traces are known. So what a later list has beyond them is news.
* After each connection the order is: subscribe, wait for the acknowledgement, read the list, then go on with
  what came live meanwhile, which waits in order. What was stored before the acknowledgement is in the list
  that is read after it. What is stored later is announced, since the collector reads whether somebody watches
  in the transaction that stores. What is both is recognised (memory.py).
* A page of the list cannot lose a trace: one that nobody touches keeps its place, and one that grows
  meanwhile is announced. The list is read whole before anything of it is given out; if that fails, the next
  attempt begins at the same place.
* What the collector says that it has left out ("tracesDropped") is found in the same way.

What cannot be found so is a trace that started longer before than the overlap, and whose spans were stored
while nobody listened. Spans have no list: SpansAdded is only what came over an open connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from types import TracebackType
from typing import Protocol

from otel_worker_cli.client.backoff import Backoff
from otel_worker_cli.client.connection import Connection
from otel_worker_cli.client.errors import Unreachable
from otel_worker_cli.client.memory import Memory
from otel_worker_cli.client.model import Event, Gap, SpansAdded, TraceSummary, TraceUpdated, WatchFilter
from otel_worker_cli.client.pages import MAX_PAGE_TRACES, Parameters, TracePage
from otel_worker_cli.client.timing import Timing

# One after the other, before the connection is given up too.
_ATTEMPTS_A_PAGE = 5


class Collector(Protocol):
    """What a watch needs of a client."""

    def connection(self, watched: WatchFilter) -> Connection:
        """Return a connection that is not open yet."""
        ...

    async def list_page(self, parameters: Parameters) -> TracePage:
        """Return a page of the list; raises a ClientError."""
        ...

    def now_unix_nano(self) -> int:
        """Return the time by the collector's clock."""
        ...


class Watch:
    """An endless iterator of events, which connects again whenever a connection ends.

    Use it as a context manager, and all that is stored after the entry is told; or iterate at once. Leaving,
    `aclose` or cancelling closes the connection. Raises NotAllowed, NotFound and the other errors that do not
    pass; Unreachable only after `attempts` failures in a row.
    """

    def __init__(
        self,
        collector: Collector,
        watched: WatchFilter,
        timing: Timing,
        *,
        overlap_seconds: float,
        max_missed_traces: int,
        attempts: int | None,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._collector = collector
        self._watched = watched
        self._timing = timing
        self._max_missed_traces = max_missed_traces
        self._attempts = attempts
        self._monotonic_seconds = monotonic_seconds
        self._memory = Memory(round(overlap_seconds * 1e9), monotonic_seconds, collector.now_unix_nano)
        self._backoff = Backoff(timing.first_delay_seconds, timing.longest_delay_seconds)
        self._has_begun = False
        # From where on the list has to be read; None: nothing is missing.
        self._missing_from_unix_nano: int | None = None
        self._last_listed_seconds: float | None = None
        self._events = self._run()

    async def __aenter__(self) -> Watch:
        try:
            await anext(self._events)
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Event:
        event = await anext(self._events)
        while event is None:
            event = await anext(self._events)
        return event

    async def aclose(self) -> None:
        """Close the connection and end the iteration. May be called twice."""
        await self._events.aclose()

    async def _run(self) -> AsyncGenerator[Event | None, None]:
        """Yield None when the first connection is subscribed, and events from then on."""
        while True:
            connected_seconds: float | None = None
            try:
                if not self._has_begun:
                    await self._learn_what_is_old()
                async with self._collector.connection(self._watched) as connection:
                    connected_seconds = self._monotonic_seconds()
                    if not self._has_begun:
                        self._has_begun = True
                        yield None
                    async with contextlib.aclosing(self._follow(connection)) as events:
                        async for event in events:
                            yield event
            except Unreachable as error:
                if self._has_begun:
                    self._note_missing()
                if self._has_settled(connected_seconds):
                    self._backoff.reset()
                delay_seconds = self._backoff.next_delay_seconds(error.retry_after_seconds)
                if self._attempts is not None and self._backoff.failures >= self._attempts:
                    raise
            await asyncio.sleep(delay_seconds)

    def _has_settled(self, connected_seconds: float | None) -> bool:
        """Tell whether a connection that has ended was a success: one that is cut at once is none."""
        if connected_seconds is None:
            return False
        return self._monotonic_seconds() - connected_seconds >= self._timing.settled_seconds

    async def _learn_what_is_old(self) -> None:
        # Of all traces: it is cheap to find, and says what time it is for the exporters.
        newest = (await self._collector.list_page([("limit", "1")])).summaries
        start_unix_nano = self._memory.prime(newest[0] if newest else None)
        old: list[TraceSummary] = []
        parameters = self._list_parameters(start_unix_nano)
        while parameters:
            summaries, parameters = await self._collector.list_page(parameters)
            old += summaries
            if parameters and len(old) >= self._max_missed_traces:
                self._memory.complete_from_unix_nano = _oldest(old)
                break
        for summary in old:
            self._memory.take_listed(summary)

    async def _follow(self, connection: Connection) -> AsyncGenerator[Event, None]:
        """Yield what is missing, and then what a connection tells, until it breaks."""
        known_drops = 0
        while True:
            if connection.drops > known_drops:
                self._note_missing()
            if self._missing_from_unix_nano is not None:
                known_drops = await self._pause_before_list(connection)
                for event in await self._list_missing():
                    yield event
            for message in await connection.next_messages():
                if isinstance(message, SpansAdded) or self._memory.take_live(message.summary):
                    yield message

    def _note_missing(self) -> None:
        """Remember from where on to ask the list; what is missing already stays so."""
        if self._missing_from_unix_nano is None:
            self._missing_from_unix_nano = self._memory.resume_from_unix_nano

    async def _pause_before_list(self, connection: Connection) -> int:
        """Keep a collector that is overloaded from being asked without end; return the drops by then."""
        if self._last_listed_seconds is not None:
            passed_seconds = self._monotonic_seconds() - self._last_listed_seconds
            await asyncio.sleep(self._timing.list_pause_seconds - passed_seconds)
        return connection.drops

    async def _list_missing(self) -> list[Event]:
        """Return what the caller has missed, the oldest first, and know it from now on."""
        assert self._missing_from_unix_nano is not None
        events: list[Event] = []
        start_unix_nano = self._missing_from_unix_nano
        complete_from = self._memory.complete_from_unix_nano
        if complete_from > start_unix_nano:
            reason = "more traces than are remembered: of these it is not known which ones were seen"
            events.append(Gap(reason, start_unix_nano, complete_from - 1))
            start_unix_nano = complete_from
        missed: dict[str, TraceSummary] = {}
        parameters = self._list_parameters(start_unix_nano)
        while parameters:
            summaries, parameters = await self._list_page_patiently(parameters)
            missed.update((each.trace_id, each) for each in summaries if self._memory.is_unknown(each))
            if parameters and len(missed) >= self._max_missed_traces:
                reason = f"more than {self._max_missed_traces} traces were missed"
                events.append(Gap(reason, start_unix_nano, _oldest(missed.values())))
                break
        found = sorted(missed.values(), key=lambda summary: summary.start_unix_nano)
        for summary in found:
            self._memory.take_listed(summary)
            events.append(TraceUpdated(summary))
        self._missing_from_unix_nano = None
        self._last_listed_seconds = self._monotonic_seconds()
        return events

    def _list_parameters(self, start_unix_nano: int) -> Parameters:
        asked = {**self._watched.parameters, "start": str(start_unix_nano), "limit": str(MAX_PAGE_TRACES)}
        return list(asked.items())

    async def _list_page_patiently(self, parameters: Parameters) -> TracePage:
        """Return a page; while that fails it is asked for again, a few times."""
        backoff = Backoff(self._timing.first_delay_seconds, self._timing.longest_delay_seconds)
        while True:
            try:
                return await self._collector.list_page(parameters)
            except Unreachable as error:
                delay_seconds = backoff.next_delay_seconds(error.retry_after_seconds)
                if backoff.failures >= _ATTEMPTS_A_PAGE:
                    raise
            await asyncio.sleep(delay_seconds)


def _oldest(summaries: Iterable[TraceSummary]) -> int:
    return min(summary.start_unix_nano for summary in summaries)
