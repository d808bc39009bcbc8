"""Calls that are repeated while the collector does not answer: a long transfer is not lost for one fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from otel_worker_cli.client import Unreachable
from otel_worker_cli.client.backoff import Backoff

Result = TypeVar("Result")

ATTEMPTS = 6
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 0.5, 15.0


async def patiently(call: Callable[[], Awaitable[Result]]) -> Result:
    """Return what a call returns; raises Unreachable after some 15 seconds of trying, all else at once.

    Only for calls that change nothing the second time.
    """
    backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
    while True:
        try:
            return await call()
        except Unreachable as error:
            delay_seconds = backoff.next_delay_seconds(error.retry_after_seconds)
            if backoff.failures >= ATTEMPTS:
                raise
        await asyncio.sleep(delay_seconds)
