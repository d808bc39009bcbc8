"""The hub within one process: watchers on one event loop, none of which can slow down an export."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Collection, Sequence

from otel_worker.api.live_protocol import Subscribe, answer_message
from otel_worker.live.announcement import Announcement
from otel_worker.live.broadcaster import Broadcaster
from otel_worker.live.hub import HubStatus
from otel_worker.live.subscription import EVERYTHING, Subscription
from otel_worker.store.database import Database
from otel_worker.store.watched import set_watched

_log = logging.getLogger(__name__)

QUEUE_LIMIT_BYTES = 8_000_000
"""What waits for one watcher. Above it he has stopped reading; he reconnects, as he would after a restart."""

MAX_DELIVERIES = 256
"""Announcements under way at once."""


class Watcher:
    """One who watches: iterate over the frames for him, hand his messages in, and `close` it in the end.

    The iteration ends when the watcher was closed, or dropped for not keeping up; what was queued by then
    still comes.
    """

    def __init__(self, hub: LocalHub) -> None:
        self.subscription: Subscription | None = EVERYTHING
        self._hub = hub
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._changed = asyncio.Event()
        self._is_open = True

    def __aiter__(self) -> Watcher:
        return self

    async def __anext__(self) -> str:
        while not self._queue:
            if not self._is_open:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        frame = self._queue.popleft()
        self._queued_bytes -= len(frame)
        return frame

    def take_message(self, message: str | bytes) -> None:
        """Carry out a message of the client; the answer comes among the frames.

        Raises PayloadTooLarge for one that is too large: the connection is to be closed with 1009.
        """
        reply = answer_message(message)
        if isinstance(reply.change, Subscribe):
            self.subscription = reply.change.subscription
        if reply.text is not None:
            self.offer([reply.text])

    async def close(self) -> None:
        """Take no more frames. May be called twice."""
        self.end()
        await self._hub.settle()

    def end(self) -> None:
        """Take no more frames; what waits is still read."""
        self._is_open = False
        self._changed.set()
        self._hub.forget(self)

    def offer(self, frames: Sequence[str]) -> bool:
        """Queue frames, or say that there is no room for them; never waits."""
        size_bytes = sum(map(len, frames))
        if self._queued_bytes + size_bytes > self._hub.queue_limit_bytes:
            return False
        self._queue.extend(frames)
        self._queued_bytes += size_bytes
        self._changed.set()
        return True


class _LocalAudience:
    """The Audience of all open watchers."""

    def __init__(self) -> None:
        # In the order of their coming; a dictionary for its cheap removal.
        self.watchers: dict[Watcher, None] = {}
        self.dropped_watchers = 0

    @property
    def watcher_count(self) -> int:
        return len(self.watchers)

    def subscriptions(self) -> Collection[Subscription]:
        """See Audience.subscriptions."""
        return {watcher.subscription for watcher in self.watchers if watcher.subscription is not None}

    def send(self, subscription: Subscription, frames: Sequence[str]) -> None:
        """See Audience.send; a watcher whose queue is full is dropped."""
        for watcher in list(self.watchers):
            if watcher.subscription == subscription and not watcher.offer(frames):
                self.dropped_watchers += 1
                watcher.end()


class LocalHub:
    """The Hub port in one process; all calls come from one event loop."""

    def __init__(self, database: Database, queue_limit_bytes: int = QUEUE_LIMIT_BYTES) -> None:
        """`database` has what is announced."""
        self.queue_limit_bytes = queue_limit_bytes
        self._database = database
        self._audience = _LocalAudience()
        self._broadcaster = Broadcaster(self._audience, lambda: database, asyncio.sleep, _now_unix_ms)
        self._lock = asyncio.Lock()
        self._deliveries: set[asyncio.Task[None]] = set()

    async def watch(self) -> Watcher:
        """Return a new watcher of everything that is stored from now on."""
        async with self._lock:
            await set_watched(self._database, True)
            watcher = Watcher(self)
            self._audience.watchers[watcher] = None
        return watcher

    def announce(self, announcement: Announcement) -> None:
        """See Hub.announce."""
        if len(self._deliveries) >= MAX_DELIVERIES:
            self._broadcaster.drop(announcement.trace_count)
            return
        task = asyncio.create_task(self._deliver(announcement), name="live announcement")
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, announcement: Announcement) -> None:
        try:
            await self._broadcaster.announce(announcement.text)
        except Exception:
            _log.exception("live: %d traces could not be announced", announcement.trace_count)

    async def status(self) -> HubStatus:
        """See Hub.status."""
        audience = self._audience
        return HubStatus(audience.watcher_count, audience.dropped_watchers, self._broadcaster.dropped_traces)

    def forget(self, watcher: Watcher) -> None:
        """Send to this watcher no longer."""
        self._audience.watchers.pop(watcher, None)

    async def settle(self) -> None:
        """Record that nobody watches, if that is so."""
        async with self._lock:
            if not self._audience.watchers:
                await set_watched(self._database, False)


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
