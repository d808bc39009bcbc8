"""Any order of stores, announcements, losses and cuts: at the end everything was told, and nothing twice."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from otel_worker_cli.client import TraceUpdated, Watch
from tests.client.events import run
from tests.client.fake_collector import WAIT_SECONDS, FakeCollector, error_response, fake_collector

STEPS = 150
NEW_TRACES = 20
OVERLAP_SECONDS = 10_000.0


class Hub:
    """Announces in order, each summary as it was when its turn came, perhaps a while before it is sent."""

    def __init__(self, fake: FakeCollector, chance: random.Random) -> None:
        self._fake = fake
        self._chance = chance
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._drops = 0
        self.task = asyncio.create_task(self._run())

    def announce(self, trace_id: str) -> None:
        self._queue.put_nowait(trace_id)

    async def idle(self) -> None:
        await self._queue.join()

    async def _run(self) -> None:
        while True:
            trace_id = await self._queue.get()
            messages: list[dict[str, Any]] = []
            if self._chance.random() < 0.1:
                self._drops += 1
            else:
                messages.append({"type": "traceUpdated", "details": self._fake.traces[trace_id]})
            await asyncio.sleep(self._chance.choice([0.0, 0.0, 0.002]))
            # A drop is told with what comes next, and in the end.
            if self._drops and (messages or self._queue.empty()):
                messages.append({"type": "tracesDropped", "details": {"count": self._drops}})
                self._drops = 0
            if messages:
                await self._fake.send(*messages)
            self._queue.task_done()


async def observe(watch: Watch, counts: dict[str, list[int]]) -> None:
    async for event in watch:
        assert isinstance(event, TraceUpdated), event
        counts.setdefault(event.summary.trace_id, []).append(event.summary.span_count)


async def act(fake: FakeCollector, hub: Hub, chance: random.Random) -> None:
    """Let something happen."""
    kind = chance.choice(["store"] * 8 + ["cut", "close", "refuse", "fail", "wait", "wait"])
    if kind == "store":
        number = chance.randrange(NEW_TRACES)
        known = fake.traces.get(f"{number:032x}", {"spanCount": 0})
        hub.announce(fake.store(number, known["spanCount"] + 1)["traceId"])
    elif kind == "cut":
        fake.cut()
    elif kind == "close":
        await fake.close(1013)
    elif kind == "refuse":
        fake.refusals.append(503)
    elif kind == "fail":
        fake.answers.extend([None, error_response(503)])
    await asyncio.sleep(chance.choice([0.0, 0.0, 0.001, 0.005]))


@pytest.mark.parametrize("seed", range(12))
def test_everything_is_told_once_and_in_order(seed: int) -> None:
    async def main() -> None:
        chance = random.Random(seed)
        async with fake_collector() as fake, fake.client() as client:
            fake.page_traces = 3
            async with client.watch(overlap_seconds=OVERLAP_SECONDS) as watch:
                counts: dict[str, list[int]] = {}
                observing = asyncio.create_task(observe(watch, counts))
                hub = Hub(fake, chance)
                for _ in range(STEPS):
                    await act(fake, hub, chance)
                await hub.idle()
                wanted = {trace_id: summary["spanCount"] for trace_id, summary in fake.traces.items()}
                async with asyncio.timeout(WAIT_SECONDS):
                    while {trace_id: told[-1] for trace_id, told in counts.items()} != wanted:
                        assert not observing.done(), observing.result()
                        await asyncio.sleep(0.01)
                assert [told for told in counts.values() if sorted(set(told)) != told] == []
                assert fake.subscribed > STEPS // 30
                for task in (observing, hub.task):
                    task.cancel()
                await asyncio.wait({observing, hub.task})

    run(main())
