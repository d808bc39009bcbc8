"""The port to whoever is watching."""

from __future__ import annotations

from typing import Protocol


class Hub(Protocol):
    """Passes messages on to all open WebSockets; may raise: the caller has stored its spans already."""

    async def watcher_count(self) -> int:
        """Return how many are watching: asked before each announcement, so that an unwatched one is cheap."""
        ...

    async def publish(self, message: str) -> int:
        """Send a text message to every watcher, and return how many there are.

        Messages MUST reach a watcher in the order they were published. A watcher that is gone MUST NOT
        keep the others from being served.
        """
        ...
