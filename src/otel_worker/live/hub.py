"""The port to whoever is watching."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from otel_worker.live.announcement import Announcement


class HubStatus(NamedTuple):
    """How the hub is: open watchers, and what it lost since it woke.

    `watchers` and `dropped_watchers`, those that did not keep up, are None when the hub does not answer.
    `dropped_traces` counts updates of traces that no watcher was told of.
    """

    watchers: int | None
    dropped_watchers: int | None
    dropped_traces: int


class Hub(Protocol):
    """Tells all who watch of what was stored, each as far as he asked for it."""

    def announce(self, announcement: Announcement) -> None:
        """Take an announcement, and return at once; what cannot be delivered is counted as dropped.

        It comes from whoever has just stored the spans, and MUST NOT keep him waiting.
        """
        ...

    async def status(self) -> HubStatus:
        """Return how the hub is, within a bounded time."""
        ...
