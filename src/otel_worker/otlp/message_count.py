"""The bound on how many messages a request holds: an empty one takes two bytes there and a hundred here."""

from __future__ import annotations

from otel_worker.errors import TooManyMessages

# 4 MiB of ordinary spans have half as many; as many empty ones take some 30 MB and a second.
MAX_MESSAGES = 250_000


class MessageCount:
    """Counts the messages of one request."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, number: int = 1) -> None:
        """Count more messages. Raises TooManyMessages when there are more than MAX_MESSAGES."""
        self._count += number
        if self._count > MAX_MESSAGES:
            raise TooManyMessages(MAX_MESSAGES)
