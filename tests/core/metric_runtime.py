"""Storage, time and a gateway for the tests of the metrics gateway: rows in a dictionary, no real time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from otel_worker.metric_model import MetricGroup, NumberPoint
from otel_worker.metrics.aggregation import PushResult
from otel_worker.metrics.group_commit import WINDOW_MS
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.service import ServiceMetrics
from tests.core.metric_pushes import group, metric, number, points_of
from tests.samples import NOW_UNIX_MS

MILLISECOND_NANOS = 1_000_000
# More turns of the event loop than any chain of coroutines here is long.
_TURNS = 20


class FakeRuntime:
    """A Runtime whose time passes with `advance`, under a real event loop."""

    def __init__(self) -> None:
        self.now_ms = NOW_UNIX_MS
        self.sleeps: list[float] = []
        self._sleeping: list[tuple[int, asyncio.Future[None]]] = []

    def now_unix_ms(self) -> int:
        """See Runtime.now_unix_ms."""
        return self.now_ms

    def new_event(self) -> asyncio.Event:
        """See Runtime.new_event."""
        return asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """See Runtime.sleep."""
        self.sleeps.append(seconds)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now_ms + round(seconds * 1000), woken))
        await woken

    async def advance(self, milliseconds: int) -> None:
        """Let everybody run until he waits, let time pass, and wake who slept."""
        await settle()
        self.now_ms += milliseconds
        due = [each for each in self._sleeping if each[0] <= self.now_ms]
        for each in due:
            self._sleeping.remove(each)
            if not each[1].done():
                each[1].set_result(None)
        await settle()


async def settle() -> None:
    """Let every coroutine run until it waits."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class FakeStorage:
    """A RowStorage that keeps what it was told to save, or fails."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.saves: list[list[str]] = []
        self.failure: Exception | None = None

    def load(self) -> dict[str, str]:
        """See RowStorage.load."""
        return dict(self.rows)

    def save(self, rows: Mapping[str, str]) -> None:
        """See RowStorage.save."""
        if self.failure is not None:
            raise self.failure
        self.rows.update(rows)
        self.saves.append(sorted(rows))


class FakeGateway:
    """A MetricGateway of ServiceMetrics, each with its own storage; those in `failures` fail first."""

    def __init__(self, options: AggregationOptions | None = None) -> None:
        self.runtime = FakeRuntime()
        self.options = options
        self.services: dict[str, ServiceMetrics] = {}
        self.failures: dict[str, Exception] = {}
        self.pushed: list[tuple[str, str]] = []

    async def push(self, service: str, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        """See MetricGateway.push."""
        self.pushed.append((service, digest))
        if service in self.failures:
            raise self.failures[service]
        if service not in self.services:
            self.services[service] = ServiceMetrics(FakeStorage(), self.runtime, self.options)
        # Nobody waits for others here.
        self.runtime.now_ms += WINDOW_MS
        return await self.services[service].push(digest, groups)

    async def collect(self) -> list[MetricGroup]:
        """See MetricGateway.collect."""
        return [
            found
            for service in sorted(self.services)
            for found in self.services[service].collect(is_passed_on=True)
        ]


def counted(value: int, name: str = "requests", **attributes: str) -> list[MetricGroup]:
    """Return a push of one counter's delta."""
    return [group(metric(number(value, dict(attributes)), name=name))]


def values_of(groups: Sequence[MetricGroup]) -> list[int | float]:
    """Return the values of all number points."""
    return [point.value for point in points_of(groups) if isinstance(point, NumberPoint)]
