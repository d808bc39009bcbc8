"""The metrics of one service with their storage: nothing answered is lost, nothing is counted twice."""

from __future__ import annotations

import asyncio
import random

import pytest

from otel_worker.errors import StorageFailure, StorageUnavailable
from otel_worker.metric_model import NO_RECORDED_VALUE, MetricGroup
from otel_worker.metrics.aggregation import Aggregator, PushResult
from otel_worker.metrics.group_commit import WINDOW_MS
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.service import ServiceMetrics
from tests.core.metric_pushes import (
    group,
    histogram,
    histogram_metric,
    metric,
    number,
    points_of,
)
from tests.core.metric_runtime import (
    MILLISECOND_NANOS,
    FakeRuntime,
    FakeStorage,
    counted,
    settle,
    values_of,
)
from tests.samples import SECOND

HOUR_MS = 3_600_000


class Service:
    """A service that can be started again from its storage; made inside an event loop."""

    def __init__(self, options: AggregationOptions | None = None) -> None:
        self.options = options
        self.runtime = FakeRuntime()
        self.storage = FakeStorage()
        self.metrics = ServiceMetrics(self.storage, self.runtime, options)

    def restart(self) -> None:
        self.metrics = ServiceMetrics(self.storage, self.runtime, self.options)

    def start_push(self, digest: str, groups: list[MetricGroup]) -> asyncio.Task[PushResult]:
        return asyncio.create_task(self.metrics.push(digest, groups))

    async def push(self, digest: str, groups: list[MetricGroup]) -> PushResult:
        """Push, let the window pass if there is one, and return the answer."""
        task = self.start_push(digest, groups)
        await settle()
        if not task.done():
            await self.runtime.advance(WINDOW_MS)
        return task.result()

    def values(self) -> list[int | float]:
        return values_of(self.metrics.collect(is_passed_on=False))

    def stored_values(self) -> list[int | float]:
        """Return what a restart would know."""
        aggregator = Aggregator.load(self.storage.rows, self.options)
        return values_of(aggregator.snapshot(self.runtime.now_ms * MILLISECOND_NANOS).groups)


def test_a_push_is_answered_when_it_is_stored() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))
        task = service.start_push("2", counted(2))
        await settle()
        assert (task.done(), service.stored_values()) == (False, [1])
        await service.runtime.advance(WINDOW_MS)
        assert task.result() == PushResult(accepted_points=1)
        assert service.stored_values() == [3]

    asyncio.run(story())


def test_a_duplicate_is_answered_when_its_first_copy_is_stored() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))
        tasks = [service.start_push("2", counted(2)) for _ in range(2)]
        await settle()
        assert [task.done() for task in tasks] == [False, False]
        await service.runtime.advance(WINDOW_MS)
        assert [task.result().is_duplicate for task in tasks] == [False, True]
        assert service.values() == [3]

    asyncio.run(story())


def test_many_pushes_of_one_window_are_one_write() -> None:
    async def story() -> None:
        service = Service()
        await service.push("first", counted(1))
        tasks = [service.start_push(f"{n}", counted(1)) for n in range(100)]
        await service.runtime.advance(WINDOW_MS)
        assert {task.result().accepted_points for task in tasks} == {1}
        assert len(service.storage.saves) == 2
        assert service.values() == [101]

    asyncio.run(story())


@pytest.mark.parametrize("seed", range(8))
def test_one_that_is_restarted_all_the_time_gives_out_what_one_does_that_never_stopped(seed: int) -> None:
    async def story() -> None:
        choose = random.Random(seed)
        restarted, kept = Service(), Service()
        digests: list[str] = []
        for step in range(60):
            digest = choose.choice(digests) if digests and choose.random() < 0.3 else f"push {step}"
            digests.append(digest)
            value, place = choose.randrange(10), choose.choice("abc")
            groups = [
                *counted(value, place=place),
                group(histogram_metric(histogram([value, 1], [0.5], float(value)))),
                group(metric(number(value), name="level", kind="gauge", temporality=0)),
            ]
            results = [await service.push(digest, groups) for service in (restarted, kept)]
            assert results[0] == results[1]
            pause = choose.choice([WINDOW_MS, WINDOW_MS, WINDOW_MS, 90_000, HOUR_MS])
            for service in (restarted, kept):
                await service.runtime.advance(pause)
                service.metrics.expire()
            restarted.restart()
            shown = [service.metrics.collect(is_passed_on=False) for service in (restarted, kept)]
            assert shown[0] == shown[1]

    asyncio.run(story())


def test_a_save_that_fails_fails_every_push_that_waits_and_sent_again_each_counts_once() -> None:
    async def story() -> None:
        service = Service()
        await service.push("first", counted(1))
        service.storage.failure = StorageFailure("full")
        tasks = [service.start_push(f"{n}", counted(10)) for n in range(3)]
        await service.runtime.advance(WINDOW_MS)
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in errors] == [StorageFailure, StorageUnavailable, StorageUnavailable]
        service.storage.failure = None
        assert service.values() == [1]
        results = [await service.push(f"{n}", counted(10)) for n in range(3)]
        assert [result.is_duplicate for result in results] == [False, False, False]
        assert (service.values(), service.stored_values()) == ([31], [31])

    asyncio.run(story())


@pytest.mark.parametrize("cause", ["flush", "collect", "push"])
def test_who_waits_is_not_told_that_it_is_stored_when_somebody_else_s_failure_threw_it_away(
    cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        async def post(body: bytes) -> int:
            raise AssertionError("what is not stored was given out")

        if cause == "flush":
            await service.metrics.flush(post)
        elif cause == "collect":
            service.metrics.collect(is_passed_on=False)
        else:
            with monkeypatch.context() as patch:
                patch.setattr(Aggregator, "push", lambda *_: 1 // 0)
                await service.metrics.push("3", counted(4))

    async def story() -> None:
        await service.push("1", counted(1))
        waiting = service.start_push("2", counted(2))
        await settle()
        service.storage.failure = RuntimeError("the disk is gone")
        with pytest.raises((RuntimeError, ZeroDivisionError)):
            await fail()
        service.storage.failure = None
        await service.runtime.advance(WINDOW_MS)
        with pytest.raises(StorageUnavailable):
            waiting.result()
        assert service.values() == [1]
        assert (await service.push("2", counted(2))).is_duplicate is False
        assert service.values() == [3]

    service = Service()
    asyncio.run(story())


def test_what_a_scrape_shows_is_stored_before() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))
        waiting = service.start_push("2", counted(2))
        await settle()
        assert service.values() == service.stored_values() == [3]
        await service.runtime.advance(WINDOW_MS)
        # Its own save had nothing left to write.
        assert (waiting.result().accepted_points, len(service.storage.saves)) == (1, 2)

    asyncio.run(story())


def test_a_scrape_shows_nothing_that_has_expired() -> None:
    async def story() -> None:
        service = Service(AggregationOptions(passed_on_expiry_seconds=300))
        level = metric(number(7), name="level", kind="gauge", temporality=0)
        await service.push("1", [group(level, metric(number(1)))])
        await service.runtime.advance(299_000)
        assert service.values() == [7, 1]
        await service.runtime.advance(1_500)
        assert service.values() == service.stored_values() == [1]
        assert service.metrics.series_count == 1

    asyncio.run(story())


def test_a_scrape_is_a_way_out_only_where_there_is_no_other() -> None:
    async def story() -> None:
        for is_passed_on, shown_later in ((True, 0), (False, 1)):
            service = Service()
            await service.push("1", counted(5))
            await service.push("2", [group(metric(number(0, flags=NO_RECORDED_VALUE)))])
            assert len(points_of(service.metrics.collect(is_passed_on))) == 1
            assert len(points_of(service.metrics.collect(is_passed_on))) == shown_later
            service.restart()
            assert service.metrics.series_count == shown_later

    asyncio.run(story())


def test_what_has_expired_is_gone_after_a_restart_too() -> None:
    async def story() -> None:
        service = Service(AggregationOptions(expiry_seconds=60))
        await service.push("1", counted(1))
        await service.runtime.advance(30_000)
        service.metrics.expire()
        assert (service.metrics.series_count, len(service.storage.saves)) == (1, 1)
        await service.runtime.advance(30_000)
        service.metrics.expire()
        service.restart()
        assert service.metrics.series_count == 0

    asyncio.run(story())


def test_time_in_the_storage_is_in_nanoseconds() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))
        (point,) = points_of(service.metrics.collect(is_passed_on=False))
        assert point.time_unix_nano == service.runtime.now_ms * MILLISECOND_NANOS
        assert 0 < point.time_unix_nano - point.start_unix_nano < 3 * SECOND

    asyncio.run(story())
