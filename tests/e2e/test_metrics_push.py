"""The gateway pushes to a receiver with Prometheus' rules: exact sums and no resets, whatever fails."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from otel_worker_cli.runtime.ports import LOOPBACK, free_port
from tests.e2e.collector import Collector, new_token
from tests.e2e.metric_collector import count, delta, push, request_of, running_metrics
from tests.e2e.strict_receiver import PATH, StrictStore
from tests.sdk.receiver import Received, Receiver, Reply

TOKEN = "prometheus-token"
WAIT_SECONDS = 60.0
# What the collector logs about a push that was not taken.
NOT_TAKEN = "Prometheus does not take them"


class Remote:
    """A receiver on one port that comes and goes; what it took stays."""

    def __init__(self) -> None:
        self.port = free_port()
        self.store = StrictStore(TOKEN)

    @property
    def variables(self) -> dict[str, str]:
        """The settings with which a collector pushes to it."""
        return {
            "PROMETHEUS_OTLP_ENDPOINT": f"http://{LOOPBACK}:{self.port}{PATH}",
            "PROMETHEUS_TOKEN": TOKEN,
            "METRICS_FLUSH_SECONDS": "1",
        }

    @contextmanager
    def running(self, reply: Callable[[Received], Reply] | None = None) -> Iterator[Receiver]:
        """Serve inside the block, with the answers of the store if no others are given."""
        answer = reply or self.store.take

        def answer_and_close(received: Received) -> Reply:
            # A connection that is kept would be served by this receiver for ever.
            given = answer(received)
            return given._replace(headers={**given.headers, "Connection": "close"})

        with Receiver(answer_and_close, self.port) as receiver:
            yield receiver


@pytest.fixture(scope="module")
def remote() -> Remote:
    """Return the receiver that these tests share; outside of a test it does not run."""
    return Remote()


@pytest.fixture(scope="module")
def pushing(remote: Remote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector that pushes to it; each test keeps to services of its own."""
    with running_metrics(tmp_path_factory.mktemp("pushing"), variables=remote.variables) as running:
        yield running


@pytest.fixture
def service() -> str:
    """Return the name of a service that no other test uses."""
    return f"service-{secrets.token_hex(8)}"


def wait_for_failure(collector: Collector, failures_before: int) -> None:
    """Return when the collector has found once more that nothing is taken."""
    deadline = time.monotonic() + WAIT_SECONDS
    while collector.session.log_text.count(NOT_TAKEN) <= failures_before:
        assert time.monotonic() < deadline, "the collector did not push"
        time.sleep(0.05)


def test_every_kind_arrives_with_a_zero_first_and_the_token(
    pushing: Collector, remote: Remote, service: str
) -> None:
    point = {"timeUnixNano": str(time.time_ns()), "startTimeUnixNano": str(time.time_ns() - 10**9)}
    latency = {
        **point, "count": "3", "sum": 7.5, "bucketCounts": ["1", "2"], "explicitBounds": [2.5],
    }  # fmt: skip
    size = {**point, "count": "3", "sum": 4, "scale": 1, "zeroCount": "1", "positive": {"bucketCounts": [2]}}
    metrics = [
        delta("hits", 5),
        {"name": "latency", "histogram": {"aggregationTemporality": 1, "dataPoints": [latency]}},
        {"name": "size", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [size]}},
        {"name": "level", "gauge": {"dataPoints": [{**point, "asDouble": 0.25}]}},
    ]
    with remote.running() as receiver:
        assert push(pushing, request_of(service, *metrics)).content == b"{}"
        remote.store.wait_for(service, "hits", 5)
        count(pushing, service, 2)
        remote.store.wait_for(service, "hits", 7)
        requests = receiver.requests()
    assert {request.headers["Authorization"] for request in requests} == {f"Bearer {TOKEN}"}
    remote.store.check_counter(service, "hits", 7)
    for name, value in (("latency/count", 3), ("latency/sum", 7.5), ("size/count", 3), ("size/sum", 4)):
        remote.store.check_counter(service, name, value)
    buckets = {
        dict(attributes)["le"]: [value for _, value in samples]
        for (owner, name, attributes), samples in remote.store.series.items()
        if (owner, name) == (service, "latency/bucket")
    }
    assert {le: (values[0], values[-1]) for le, values in buckets.items()} == {"2.5": (0, 1), "+Inf": (0, 3)}
    assert {value for _, value in remote.store.series[service, "level", frozenset()]} == {0.25}


# What is answered meanwhile; None is no answer at all.
OUTAGES: dict[str, Reply | None] = {
    "503": Reply(503, "starting"),
    "redirect": Reply(308, "", {"Location": "/elsewhere"}),
    "hanging": None,
}


def test_a_receiver_that_is_not_there_for_a_while_loses_nothing(
    pushing: Collector, remote: Remote, service: str
) -> None:
    with remote.running():
        count(pushing, service, 1)
        remote.store.wait_for(service, "hits", 1)
    failures = pushing.session.log_text.count(NOT_TAKEN)
    for value in (10, 100):
        count(pushing, service, value)
    wait_for_failure(pushing, failures)
    with remote.running():
        remote.store.wait_for(service, "hits", 111)
    remote.store.check_counter(service, "hits", 111)


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_receiver_that_takes_nothing_for_a_while_loses_nothing(
    outage: str, pushing: Collector, remote: Remote, service: str
) -> None:
    with remote.running():
        count(pushing, service, 1)
        remote.store.wait_for(service, "hits", 1)
    is_over = threading.Event()

    def refuse(received: Received) -> Reply:
        if received.path != PATH:
            # Who follows a redirect is told that all is well.
            return Reply(200)
        reply = OUTAGES[outage]
        if reply is None:
            is_over.wait(WAIT_SECONDS)
        return reply or Reply(503)

    failures = pushing.session.log_text.count(NOT_TAKEN)
    with remote.running(refuse) as receiver:
        for value in (10, 100):
            count(pushing, service, value)
        receiver.wait_for(lambda requests: any(service in request.body for request in requests))
        wait_for_failure(pushing, failures)
        is_over.set()
    with remote.running():
        remote.store.wait_for(service, "hits", 111)
    remote.store.check_counter(service, "hits", 111)


def test_a_series_that_begins_during_an_outage_has_its_zero_all_the_same(
    pushing: Collector, remote: Remote, service: str
) -> None:
    failures = pushing.session.log_text.count(NOT_TAKEN)
    count(pushing, service, 3)
    wait_for_failure(pushing, failures)
    count(pushing, service, 4)
    with remote.running():
        remote.store.wait_for(service, "hits", 7)
    remote.store.check_counter(service, "hits", 7)


@pytest.mark.parametrize("refusal", [400, 500])
def test_a_metric_that_is_refused_keeps_no_other_back(
    refusal: int, pushing: Collector, remote: Remote, service: str
) -> None:
    remote.store.refused_names, remote.store.refusal = frozenset({"bad"}), refusal
    names = ["a", "bad", "b", "c", "d"]
    with remote.running():
        for expected in (1, 2):
            deltas = [delta(name, 1) for name in names]
            assert push(pushing, request_of(service, *deltas)).content == b"{}"
            for name in names:
                if name != "bad":
                    remote.store.wait_for(service, name, expected)
        remote.store.refused_names = frozenset()
        remote.store.wait_for(service, "bad", 2)
    for name in names:
        if name != "bad":
            remote.store.check_counter(service, name, 2)


def test_an_alarm_that_is_late_is_set_again_by_the_first_push(
    pushing: Collector, remote: Remote, service: str
) -> None:
    with remote.running():
        count(pushing, service, 1)
        remote.store.wait_for(service, "hits", 1)
        assert pushing.client.put("/late-alarm", params={"service": service}).status_code == 200
        count(pushing, service, 2)
        remote.store.wait_for(service, "hits", 3)
    remote.store.check_counter(service, "hits", 3)


def test_an_alarm_that_fails_is_not_the_last_one(pushing: Collector, service: str) -> None:
    count(pushing, service, 1)
    answer = pushing.client.put("/alarm", params={"service": service, "broken": "1"})
    assert answer.status_code == 200, answer.text
    assert 0 < float(answer.text) <= 60


def test_each_service_is_pushed_by_itself(pushing: Collector, remote: Remote, service: str) -> None:
    names = [f"{service}-{number}" for number in range(3)]
    with remote.running():
        for number, name in enumerate(names):
            count(pushing, name, 10**number)
        for number, name in enumerate(names):
            remote.store.wait_for(name, "hits", 10**number)
            remote.store.check_counter(name, "hits", 10**number)


def test_a_collector_that_is_killed_in_the_middle_of_a_flush_goes_on_where_it_was(tmp_path: Path) -> None:
    remote, token = Remote(), new_token()
    is_answered = threading.Event()
    reached = threading.Event()
    numbers = itertools.count(1)

    def take_and_hang(received: Received) -> Reply:
        """Take the zero and the value of the first flush, and never answer the latter."""
        reply = remote.store.take(received)
        if next(numbers) == 2:
            reached.set()
            is_answered.wait(WAIT_SECONDS)
        return reply

    with running_metrics(tmp_path, token, remote.variables) as collector, remote.running(take_and_hang):
        count(collector, "shop", 5)
        assert reached.wait(WAIT_SECONDS)
        count(collector, "shop", 20)
        collector.session.kill()
        is_answered.set()
    remote.store.check_counter("shop", "hits", 5)
    with remote.running(), running_metrics(tmp_path, token, remote.variables) as collector:
        count(collector, "shop", 100)
        remote.store.wait_for("shop", "hits", 125)
    remote.store.check_counter("shop", "hits", 125)
    assert remote.store.faults == []
