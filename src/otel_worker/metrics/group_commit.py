"""Many pushes, one write: storage bills rows, and a push may wait a moment for its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from otel_worker.errors import StorageUnavailable

# A push waits so long for others at most. It comes when the user has his response already.
WINDOW_MS = 500
# A commit that was opened longer ago lost the one who was to make it.
STUCK_MS = 10_000


class Event(Protocol):
    """What `asyncio.Event` is."""

    def set(self) -> None: ...

    async def wait(self) -> object: ...


class _Commit:
    def __init__(self, opened_unix_ms: int, done: Event) -> None:
        self.opened_unix_ms = opened_unix_ms
        self.done = done
        self.is_saved = False


class GroupCommit:
    """Saves what changed, once for all who wait for it."""

    def __init__(
        self,
        save: Callable[[], None],
        new_event: Callable[[], Event],
        sleep: Callable[[float], Awaitable[object]],
        now_unix_ms: Callable[[], int],
    ) -> None:
        """`save` makes everything that has changed durable, or raises; `sleep` waits for seconds."""
        self._save = save
        self._new_event = new_event
        self._sleep = sleep
        self._now_unix_ms = now_unix_ms
        self._open: _Commit | None = None
        self._last_unix_ms = 0

    async def wait(self) -> None:
        """Return when all changes made before this call are durable.

        The first one after a pause saves at once; those that follow wait for the end of the window.
        Raises StorageUnavailable when they could not be saved.
        """
        commit, now_unix_ms = self._open, self._now_unix_ms()
        if commit is None or now_unix_ms - commit.opened_unix_ms > STUCK_MS:
            commit = self._open = _Commit(now_unix_ms, self._new_event())
            await self._make(commit)
        else:
            await commit.done.wait()
        if not commit.is_saved:
            raise StorageUnavailable("the metrics could not be stored; send the request again later")

    async def _make(self, commit: _Commit) -> None:
        try:
            # At most a window, also when the clock was set back.
            waiting_ms = min(self._last_unix_ms + WINDOW_MS - self._now_unix_ms(), WINDOW_MS)
            if waiting_ms > 0:
                await self._sleep(waiting_ms / 1000)
            if self._open is commit:
                self._open = None
            self._save()
            commit.is_saved = True
            self._last_unix_ms = self._now_unix_ms()
        finally:
            if self._open is commit:
                self._open = None
            commit.done.set()
