"""From announcements to what each watcher gets: in windows, since what comes close together goes together.

The first announcement after a pause is passed on at once. Those that follow wait for the end of the window;
the first of them passes them all on. What one window may hold is bounded, and what is left out is said.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from otel_worker.errors import OtelWorkerError
from otel_worker.live.announcement import AnnouncedTrace, merge_traces, read_announcement
from otel_worker.live.events import frames_of, span_added, trace_updated, traces_dropped
from otel_worker.live.subscription import Subscription, choose
from otel_worker.model import Head
from otel_worker.store.database import Database
from otel_worker.store.read import read_summaries
from otel_worker.store.search import matching_traces

_log = logging.getLogger(__name__)

# The waiting is for those who watch; Cloudflare advises 50 to 100 ms for a broadcast.
WINDOW_MS = 100
# A window that was opened longer ago lost the one who was to close it.
STUCK_MS = 10_000
_POLL_SECONDS = 0.02

# What one window holds; with the summaries, it is in memory at once.
MAX_WINDOW_TRACES = 2_000
# What one window sends to all watchers together, and each of them in any case: it waits in memory until they
# have read it.
MAX_SENT_BYTES = 32_000_000
MIN_SENT_BYTES_EACH = 16_000

_MAX_FRAME_BYTES = 64_000
_IDS_PER_MESSAGE = 500
# ["<32 hex digits>","<16 hex digits>"] and a comma.
_BYTES_PER_SPAN_ID = 56
_TRACES_PER_MATCH = 100


class Audience(Protocol):
    """The open connections."""

    @property
    def watcher_count(self) -> int: ...

    def subscriptions(self) -> Collection[Subscription]:
        """Return what is asked for at the moment, each once."""
        ...

    def send(self, subscription: Subscription, frames: Sequence[str]) -> None:
        """Send frames to all who ask for this; MUST NOT wait, nor fail because of one of them."""
        ...


class _Window:
    """The traces that are to be passed on together."""

    def __init__(self, opened_unix_ms: int) -> None:
        self.opened_unix_ms = opened_unix_ms
        self.is_lost = False
        self.traces: list[AnnouncedTrace] = []


class Broadcaster:
    """Passes announcements on to an audience. All calls come from one thread."""

    def __init__(
        self,
        audience: Audience,
        database: Callable[[], Database],
        sleep: Callable[[float], Awaitable[object]],
        now_unix_ms: Callable[[], int],
    ) -> None:
        """`database` returns one to read from, anew for each window; `sleep` waits for seconds."""
        self.dropped_traces = 0
        self._audience = audience
        self._database = database
        self._sleep = sleep
        self._now_unix_ms = now_unix_ms
        self._window: _Window | None = None
        self._begun_unix_ms = 0
        self._is_busy = False
        self._unsaid_drops = 0

    async def announce(self, text: str, dropped_before: int = 0) -> None:
        """Pass on what was stored; `dropped_before` traces were to be announced before and could not be.

        Returns when the window is passed on if this announcement opened it, else at once.
        """
        self.drop(dropped_before)
        traces = read_announcement(text)
        now_unix_ms, window = self._now_unix_ms(), self._window
        if window is not None and now_unix_ms - window.opened_unix_ms > STUCK_MS:
            # Who was to pass it on is gone, or comes too late.
            window.is_lost = True
            self.drop(len(window.traces))
            window = None
        is_first = window is None
        if window is None:
            window = self._window = _Window(now_unix_ms)
        room = MAX_WINDOW_TRACES - len(window.traces)
        window.traces += traces[:room]
        self.drop(len(traces[room:]))
        if is_first:
            await self._pass_on(window)

    async def _pass_on(self, window: _Window) -> None:
        while self._has_to_wait():
            await self._sleep(_POLL_SECONDS)
        if window.is_lost:
            return
        self._begun_unix_ms, self._is_busy = self._now_unix_ms(), True
        if self._window is window:
            self._window = None
        try:
            await self._send(merge_traces(window.traces))
        except OtelWorkerError:
            # A passing fault of the database. The watchers are told that they missed something.
            _log.exception("live: %d traces are not announced", len(window.traces))
            self.drop(len(window.traces))
            self._send_to_all({}, _Texts({}))
        finally:
            self._is_busy = False

    def _has_to_wait(self) -> bool:
        passed_ms = self._now_unix_ms() - self._begun_unix_ms
        return passed_ms < (STUCK_MS if self._is_busy else WINDOW_MS)

    async def _send(self, traces: Sequence[AnnouncedTrace]) -> None:
        subscriptions = self._audience.subscriptions()
        if not subscriptions:
            return
        database = self._database()
        summaries = await read_summaries(database, [trace.trace_id for trace in traces])
        heads = {trace_id: summary.head for trace_id, summary in summaries.items()}
        chosen = {
            subscription: await _choose(database, subscription, traces, heads)
            for subscription in subscriptions
        }
        self._send_to_all(chosen, _Texts(heads))

    def _send_to_all(self, chosen: Mapping[Subscription, Sequence[AnnouncedTrace]], texts: _Texts) -> None:
        """Send to each subscription its traces, and how many could not be sent to it."""
        limit_bytes = max(MIN_SENT_BYTES_EACH, MAX_SENT_BYTES // max(1, self._audience.watcher_count))
        drops, self._unsaid_drops = self._unsaid_drops, 0
        # Who subscribed meanwhile finds these traces in the list, but would never hear of a drop.
        for subscription in self._audience.subscriptions():
            some = chosen.get(subscription, [])
            kept = texts.fitting(some, limit_bytes)
            messages = texts.of(kept)
            self.dropped_traces += len(some) - len(kept)
            if unsent := drops + len(some) - len(kept):
                messages.append(traces_dropped(unsent))
            frames = frames_of(messages, subscription.is_batched, _MAX_FRAME_BYTES)
            if frames:
                self._audience.send(subscription, frames)

    def drop(self, count: int) -> None:
        """Count updates of traces that nobody was told of; the watchers hear how many."""
        self.dropped_traces += count
        self._unsaid_drops += count


async def _choose(
    database: Database,
    subscription: Subscription,
    traces: Sequence[AnnouncedTrace],
    heads: Mapping[str, Head],
) -> list[AnnouncedTrace]:
    """Return the traces that a list with the same conditions would have, in their order."""
    chosen, undecided = choose(subscription, traces, heads)
    for first in range(0, len(undecided), _TRACES_PER_MATCH):
        some = undecided[first : first + _TRACES_PER_MATCH]
        chosen |= await matching_traces(database, subscription.conditions, some)
    return [trace for trace in traces if trace.trace_id in chosen]


class _Texts:
    """The messages of one window; a summary is written once, however many ask for it."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self._heads = heads
        self._summaries: dict[str, str] = {}

    def fitting(self, traces: Sequence[AnnouncedTrace], limit_bytes: int) -> Sequence[AnnouncedTrace]:
        """Return the first traces whose messages together stay within a limit."""
        for number, trace in enumerate(traces):
            limit_bytes -= len(self._summary(trace)) + _BYTES_PER_SPAN_ID * len(trace.span_ids)
            if limit_bytes < 0:
                return traces[:number]
        return traces

    def of(self, traces: Iterable[AnnouncedTrace]) -> list[str]:
        """Return the messages about traces: all their new spans first, then each one's summary."""
        ids = [(trace.trace_id, span_id) for trace in traces for span_id in trace.span_ids]
        starts = range(0, len(ids), _IDS_PER_MESSAGE)
        messages = [span_added(ids[first : first + _IDS_PER_MESSAGE]) for first in starts]
        return messages + [self._summary(trace) for trace in traces]

    def _summary(self, trace: AnnouncedTrace) -> str:
        text = self._summaries.get(trace.trace_id)
        if text is None:
            text = self._summaries[trace.trace_id] = trace_updated(self._heads[trace.trace_id])
        return text
