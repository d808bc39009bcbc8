"""Passing faults of the database are met by asking again, a bounded number of times a request."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from otel_worker.errors import StorageOverloaded, StorageUnavailable
from otel_worker.store.database import Database, Row, Statement

_log = logging.getLogger(__name__)

# Cloudflare's advice for D1 ("Retry queries"): 50 ms, doubled each time up to 2 s, with full jitter.
MAX_ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.05
MAX_WAIT_SECONDS = 2.0
# A page of a list or a delete makes many calls, and in bad minutes each of them may fail. This bounds what
# faults add to one request, for each database it uses: four more calls, and 0.3 s of waiting.
MAX_RETRIES_PER_REQUEST = 4

Result = TypeVar("Result")


class RetryingDatabase:
    """A Database that repeats the calls of another one after a fault that passes.

    It MUST be made anew for each request or cron run: what it has left of its retries is that request's.
    Only StorageUnavailable is met so. StorageOverloaded is not: more of the same work prolongs it.

    A batch whose answer was lost is repeated although it took effect. So it has to be one that changes
    nothing the second time, as all of the store's do; what it then reports is what the second time changed.
    """

    def __init__(
        self, database: Database, sleep: Callable[[float], Awaitable[object]], random: Callable[[], float]
    ) -> None:
        """`sleep` waits for seconds; `random` returns a number from 0 up to 1."""
        self._database = database
        self._sleep = sleep
        self._random = random
        self._retries_left = MAX_RETRIES_PER_REQUEST

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        return await self._repeat(lambda: self._database.query(statement))

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        return await self._repeat(lambda: self._database.batch(statements))

    async def _repeat(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Return what the call returns, or raise what its last attempt raises."""
        attempt = 1
        while True:
            try:
                return await call()
            except StorageOverloaded:
                raise
            except StorageUnavailable as error:
                if attempt == MAX_ATTEMPTS or not self._retries_left:
                    raise
                # What D1 said, which the answer to the client does not tell.
                _log.warning("attempt %d failed and is repeated: %s", attempt, error.__cause__ or error)
            self._retries_left -= 1
            await self._sleep(self._random() * longest_wait_seconds(attempt))
            attempt += 1


def longest_wait_seconds(attempt: int) -> float:
    """Return up to how long to wait after an attempt failed; the first one is 1."""
    return min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1))
