"""Time that passes when a test says so, and coroutines that sleep in it."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

_START_UNIX_MS = 1_000_000_000_000


class _Sleep:
    """What a coroutine waits for: a moment."""

    def __init__(self, until_ms: int) -> None:
        self.until_ms = until_ms

    def __await__(self) -> Generator[int, None, None]:
        yield self.until_ms


class Clock:
    """Runs coroutines that await nothing but `sleep`, one after another, without any real time."""

    def __init__(self) -> None:
        self.now_unix_ms = _START_UNIX_MS
        self._sleeping: list[tuple[int, int, Coroutine[Any, Any, object]]] = []
        self._started_count = 0

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds of this clock."""
        await _Sleep(self.now_unix_ms + round(seconds * 1000))

    @property
    def sleeping_count(self) -> int:
        """How many coroutines have not ended."""
        return len(self._sleeping)

    def start(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine until it sleeps or ends."""
        self._started_count += 1
        self._run(coroutine, self._started_count)

    def forget_sleeping(self) -> None:
        """Let none of those that sleep wake, as when their request was cancelled."""
        for _, _, coroutine in self._sleeping:
            coroutine.close()
        self._sleeping.clear()

    def advance(self, milliseconds: int) -> None:
        """Let time pass; who wakes meanwhile runs at his moment."""
        until_ms = self.now_unix_ms + milliseconds
        while due := [each for each in self._sleeping if each[0] <= until_ms]:
            first = min(due, key=lambda each: each[:2])
            self._sleeping.remove(first)
            self.now_unix_ms = max(self.now_unix_ms, first[0])
            self._run(first[2], first[1])
        self.now_unix_ms = until_ms

    def _run(self, coroutine: Coroutine[Any, Any, object], number: int) -> None:
        try:
            until_ms = coroutine.send(None)
        except StopIteration:
            return
        self._sleeping.append((until_ms, number, coroutine))
