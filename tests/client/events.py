"""What a watch gives out, as the tests compare it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from otel_worker_cli.client import Event, TraceUpdated, Watch
from tests.client.fake_collector import WAIT_SECONDS

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a test, for a bounded time."""

    async def bounded() -> Result:
        async with asyncio.timeout(3 * WAIT_SECONDS):
            return await main

    return asyncio.run(bounded())


async def next_event(watch: Watch) -> Event:
    async with asyncio.timeout(WAIT_SECONDS):
        return await anext(watch)


async def next_updates(watch: Watch, count: int) -> list[tuple[int, int]]:
    """Return the next events, which have to be updates, as (number of the trace, spans)."""
    updates = []
    for _ in range(count):
        event = await next_event(watch)
        assert isinstance(event, TraceUpdated), event
        updates.append((int(event.summary.trace_id, 16), event.summary.span_count))
    return updates
