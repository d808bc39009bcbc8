"""The hub within one process: watchers on one event loop, none of which can slow down an export."""

from __future__ import annotations

import asyncio
from collections import deque

QUEUE_LIMIT = 256
"""Messages that wait for one watcher. An export request makes one and one more a trace, so this is a
watcher that stopped reading; it reconnects, as it would after a restart."""


class Watcher:
    """One who watches: iterate over the messages, and `close` it in the end.

    The iteration ends when the watcher was closed, or dropped for not keeping up; what was queued by then
    still comes.
    """

    def __init__(self, hub: LocalHub, queue_limit: int) -> None:
        self._hub = hub
        self._queue: deque[str] = deque()
        self._queue_limit = queue_limit
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
        return self._queue.popleft()

    def close(self) -> None:
        """Take no more messages. May be called twice."""
        self._is_open = False
        self._changed.set()
        self._hub.forget(self)

    def offer(self, message: str) -> bool:
        """Queue a message, or say that there is no room for it; never waits."""
        if len(self._queue) >= self._queue_limit:
            return False
        self._queue.append(message)
        self._changed.set()
        return True


class LocalHub:
    """The Hub port in one process; all calls come from one event loop."""

    def __init__(self, queue_limit: int = QUEUE_LIMIT) -> None:
        self._queue_limit = queue_limit
        # In the order of their coming; a dictionary for its cheap removal.
        self._watchers: dict[Watcher, None] = {}

    def watch(self) -> Watcher:
        """Return a new watcher of everything that is published from now on."""
        watcher = Watcher(self, self._queue_limit)
        self._watchers[watcher] = None
        return watcher

    async def watcher_count(self) -> int:
        """See Hub.watcher_count."""
        return len(self._watchers)

    async def publish(self, message: str) -> int:
        """See Hub.publish; a watcher whose queue is full is dropped."""
        watchers = 0
        for watcher in list(self._watchers):
            if watcher.offer(message):
                watchers += 1
            else:
                watcher.close()
        return watchers

    def forget(self, watcher: Watcher) -> None:
        """Publish to this watcher no longer."""
        self._watchers.pop(watcher, None)
