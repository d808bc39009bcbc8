"""The port to whoever is watching."""

from __future__ import annotations

from typing import Protocol


class Hub(Protocol):
    """Passes messages on to all open WebSockets."""

    async def publish(self, message: str) -> int:
        """Send a text message to every watcher, and return how many there are.

        Messages MUST reach a watcher in the order they were published. A watcher that is gone MUST NOT
        keep the others from being served. May raise: the caller has stored its spans already.
        """
        ...
