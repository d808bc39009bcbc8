"""The flush of a service: zeros first, answers that are lost, pushes and failures in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_worker.errors import StorageFailure
from otel_worker.metric_model import NO_RECORDED_VALUE
from otel_worker.metrics.group_commit import WINDOW_MS
from otel_worker.metrics.otlp_push import NO_ANSWER, PushOutcome
from otel_worker.metrics.service import REFUSED_MS
from tests.core.metric_pushes import group, histogram, histogram_metric, metric, number
from tests.core.metric_runtime import counted
from tests.core.test_metric_service import Service

# A point: its metric, when it is of, and its value or count.
Sent = tuple[str, int, float]


class Receiver:
    """Takes what a flush posts, and answers with `answer`, which may do anything before."""

    def __init__(self, answer: Callable[[], int] = lambda: 200) -> None:
        self.answer = answer
        self.requests: list[list[Sent]] = []

    async def post(self, body: bytes) -> int:
        """Take a request of a flush."""
        self.requests.append(list(_points(body)))
        return self.answer()

    @property
    def values(self) -> list[list[float]]:
        """The values of each request."""
        return [[value for _, _, value in request] for request in self.requests]


def _points(body: bytes) -> Any:
    request = json_format.Parse(body, ExportMetricsServiceRequest())
    for resource_metrics in request.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for sent in scope_metrics.metrics:
                for point in getattr(sent, sent.WhichOneof("data") or "").data_points:
                    value = point.count if hasattr(point, "count") else point.as_int
                    yield sent.name, point.time_unix_nano, value


def in_turn(*statuses: int) -> Callable[[], int]:
    """Return the answers one by one, and then 200."""
    waiting = list(statuses)
    return lambda: waiting.pop(0) if waiting else 200


async def flush(service: Service, receiver: Receiver) -> PushOutcome:
    """Flush a second later."""
    await service.runtime.advance(1_000)
    return await service.metrics.flush(receiver.post)


def test_a_new_series_begins_with_a_zero_of_its_start_in_a_request_of_its_own() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver()
        await service.push("1", [group(metric(number(5)), histogram_metric(histogram([2, 1], [0.5])))])
        assert await flush(service, receiver) == PushOutcome(2, 0, 1, True, 200)
        assert receiver.values == [[0, 0], [5, 3]]
        (zero, _), (value, _) = receiver.requests
        assert zero[1] < value[1] == service.runtime.now_ms * 1_000_000
        await flush(service, receiver)
        service.restart()
        await flush(service, receiver)
        assert receiver.values[2:] == [[5, 3], [5, 3]]

    asyncio.run(story())


def test_nothing_is_posted_that_a_restart_would_not_know() -> None:
    async def story() -> None:
        service = Service()
        receiver = Receiver(lambda: 200 if service.stored_values() == [3] else 1 // 0)
        await service.push("1", counted(1))
        waiting = service.start_push("2", counted(2))
        await asyncio.sleep(0)
        assert (await service.metrics.flush(receiver.post)).is_complete
        assert (receiver.values, waiting.done()) == ([[0], [3]], False)
        await service.runtime.advance(WINDOW_MS)
        assert waiting.result().accepted_points == 1

    asyncio.run(story())


def test_zeros_whose_answer_was_lost_are_sent_again_as_they_were() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver(in_turn(NO_ANSWER))
        await service.push("1", counted(5))
        assert (await flush(service, receiver)).is_complete is False
        await service.push("2", counted(1))
        service.restart()
        assert (await flush(service, receiver)).is_complete is True
        assert receiver.values == [[0], [0], [6]]
        assert receiver.requests[0] == receiver.requests[1]

    asyncio.run(story())


@pytest.mark.parametrize("is_restarted", [False, True])
def test_when_the_answer_to_the_values_was_lost_only_newer_values_follow(is_restarted: bool) -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver(in_turn(200, NO_ANSWER))
        await service.push("1", counted(5))
        assert await flush(service, receiver) == PushOutcome(0, 0, 1, False, NO_ANSWER)
        if is_restarted:
            service.restart()
        assert (await flush(service, receiver)).is_complete is True
        # A zero behind the value would be out of order, and Prometheus would take nothing of its request.
        assert receiver.values == [[0], [5], [5]]
        times = [request[0][1] for request in receiver.requests]
        assert times == sorted(set(times))

    asyncio.run(story())


def test_refused_zeros_are_no_fault() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver(in_turn(400))
        await service.push("1", counted(5))
        assert (await flush(service, receiver)).is_complete is True
        await flush(service, receiver)
        assert receiver.values == [[0], [5], [5]]

    asyncio.run(story())


def test_a_series_that_ended_is_kept_until_its_end_was_passed_on() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver(in_turn(200, 200, 503))
        await service.push("1", counted(5))
        await flush(service, receiver)
        await service.push("2", [group(metric(number(0, flags=NO_RECORDED_VALUE)))])
        assert (await flush(service, receiver)).is_complete is False
        service.restart()
        assert service.metrics.series_count == 1
        assert (await flush(service, receiver)).is_complete is True
        assert service.metrics.series_count == 0

    asyncio.run(story())


def test_a_series_that_ends_before_its_zero_was_passed_on_is_kept_too() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver(in_turn(200, NO_ANSWER))
        ended = metric(number(0, flags=NO_RECORDED_VALUE), name="ended")
        await service.push("1", counted(5, name="ended"))
        await service.push("2", [group(ended), *counted(1)])
        assert (await flush(service, receiver)).is_complete is False
        assert service.metrics.series_count == 2

    asyncio.run(story())


def test_a_push_that_comes_during_a_flush_goes_with_the_next_one() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))

        async def post(body: bytes) -> int:
            await service.push(f"at request {len(receiver.requests)}", counted(10))
            return await receiver.post(body)

        receiver = Receiver()
        await service.runtime.advance(1_000)
        assert (await service.metrics.flush(post)).is_complete
        assert (receiver.values, service.values()) == ([[0], [1]], [21])
        await flush(service, receiver)
        assert receiver.values[2:] == [[21]]

    asyncio.run(story())


def test_a_series_that_comes_during_a_flush_gets_its_zero_with_the_next_one() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))

        async def post(body: bytes) -> int:
            await service.push("other", counted(7, name="other"))
            return await receiver.post(body)

        receiver = Receiver()
        await service.runtime.advance(1_000)
        await service.metrics.flush(post)
        await flush(service, receiver)
        assert receiver.values == [[0], [1], [0], [1, 7]]

    asyncio.run(story())


def test_an_outage_loses_nothing_and_starts_nothing_again() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver()
        await service.push("1", counted(1))
        await flush(service, receiver)
        receiver.answer = lambda: 503
        for step in range(2, 6):
            await service.push(str(step), counted(1))
            assert await flush(service, receiver) == PushOutcome(0, 0, 1, False, 503)
        receiver.answer = lambda: 200
        await flush(service, receiver)
        assert receiver.values == [[0], [1], [2], [3], [4], [5], [5]]

    asyncio.run(story())


def test_a_save_that_fails_during_a_flush_leaves_the_flush_to_be_made_again() -> None:
    async def story() -> None:
        service = Service()
        await service.push("1", counted(1))

        receiver = Receiver()
        await service.push("2", counted(2))

        async def post(body: bytes) -> int:
            service.storage.failure = StorageFailure("full")
            task = service.start_push("lost", counted(100))
            await service.runtime.advance(WINDOW_MS)
            assert isinstance(task.exception(), StorageFailure)
            service.storage.failure = None
            return await receiver.post(body)

        assert (await service.metrics.flush(post)).is_complete
        assert receiver.values == [[0], [3]]
        # The zero is not known to be there.
        assert (await flush(service, receiver)).is_complete
        assert receiver.values[2:] == [[0], [3]]
        assert (await service.push("lost", counted(100))).is_duplicate is False
        assert service.values() == [103]

    asyncio.run(story())


def test_a_flush_that_cannot_store_first_posts_nothing_and_the_next_one_does() -> None:
    async def story() -> None:
        service, receiver = Service(), Receiver()
        await service.push("1", counted(1))
        waiting = service.start_push("2", counted(2))
        await asyncio.sleep(0)
        service.storage.failure = StorageFailure("full")
        with pytest.raises(StorageFailure):
            await service.metrics.flush(receiver.post)
        await service.runtime.advance(WINDOW_MS)
        assert waiting.exception() is not None
        service.storage.failure = None
        assert (await flush(service, receiver)).is_complete
        assert receiver.values == [[0], [1]]

    asyncio.run(story())


def test_what_the_receiver_refuses_is_left_out_for_a_while_and_keeps_nothing_back() -> None:
    async def story() -> None:
        service, requests = Service(), []

        async def post(body: bytes) -> int:
            names = {name for name, _, _ in _points(body)}
            requests.append(sorted(names))
            return 400 if "bad" in names else 200

        await service.push("1", [group(metric(number(5), name="good"), metric(number(7), name="bad"))])
        await service.runtime.advance(1_000)
        assert (await service.metrics.flush(post)).is_complete
        requests.clear()
        await service.runtime.advance(1_000)
        assert await service.metrics.flush(post) == PushOutcome(1, 0, 1, True, 200)
        assert requests == [["good"]]
        await service.runtime.advance(REFUSED_MS)
        await service.metrics.flush(post)
        assert requests[1] == ["bad", "good"]

    asyncio.run(story())
