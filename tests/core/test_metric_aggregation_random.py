"""The aggregator under random interleavings of clients, retries, restarts, faults and expiries.

Two judges. A naive model sums up what was pushed. A small Prometheus takes what was passed on, as the
real one does: samples in order only, and `increase()` as the sum of what each sample adds to the one
before. What it shows has to be what was pushed, exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metric_model import (
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
)
from otel_worker.metrics import chunks, rows, series_store
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.snapshot import Snapshot
from tests.core.metric_prometheus import Key, Prometheus, points_by_key, samples_of
from tests.core.metric_pushes import MILLISECOND, group, histogram_metric, metric, number
from tests.samples import NOW_UNIX_NANO, SECOND

OPTIONS = AggregationOptions(expiry_seconds=1000, bounds_settle_seconds=200)
WINDOW = OPTIONS.retry_window_seconds * SECOND
BOUNDS: tuple[list[float], ...] = ([5.0, 10.0], [5.0, 10.0], [2.0, 10.0, 20.0], [])


@dataclass
class Observation:
    """One thing that a client counts; each kind reads of it what it needs."""

    kind: str
    route: int
    value: int
    age_seconds: int
    bounds: int
    instance: int


@dataclass
class Push:
    """Observations that are sent together."""

    observations: list[Observation]


@dataclass
class Retry:
    """An earlier push, sent again."""

    back: int


@dataclass
class Wait:
    """Time passes."""

    nanos: int


@dataclass
class Send:
    """Everything is passed on; meanwhile there are pushes; the answer may be lost, or the request itself."""

    meanwhile: list[Push]
    outcome: str


@dataclass
class Restart:
    """The object is gone, and comes back from its rows."""


@dataclass
class Crash:
    """A push comes, and the object is gone before it was stored; the client sends it again."""

    push: Push


@dataclass
class Expire:
    """Old series are removed."""


Step = Push | Retry | Wait | Send | Restart | Crash | Expire

OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from(["counter", "gauge", "updown", "histogram", "exponential"]),
    st.integers(0, 2),
    st.integers(0, 30),
    st.integers(0, 5),
    st.integers(0, 3),
    st.integers(0, 2),
)
PUSHES = st.builds(Push, st.lists(OBSERVATIONS, max_size=4))
STEPS = st.one_of(
    PUSHES,
    PUSHES,
    st.builds(Retry, st.integers(1, 5)),
    st.builds(
        Wait,
        st.sampled_from([0, 1, 1_500_000, SECOND, 60 * SECOND, 250 * SECOND, 700 * SECOND, 2500 * SECOND]),
    ),
    st.builds(
        Send, st.lists(PUSHES, max_size=2), st.sampled_from(["answered", "answered", "unanswered", "lost"])
    ),
    st.builds(Restart),
    st.builds(Crash, PUSHES),
    st.builds(Expire),
)


def encode(observation: Observation, now: int) -> Metric:
    """Return the metric of an observation, the values of histograms made of the one number."""
    time = now - observation.age_seconds * SECOND
    attributes, value = {"route": observation.route}, observation.value
    start = time - SECOND
    if observation.kind == "gauge":
        point: Point = number(value, {**attributes}, start=0, time=time)
        return metric(point, name="gauge", kind=GAUGE, temporality=0)
    if observation.kind == "counter":
        return metric(number(value, {**attributes}, start=start, time=time), name="counter")
    if observation.kind == "updown":
        signed = number(value - 15, {**attributes}, start=start, time=time)
        return metric(signed, name="updown", is_monotonic=False)
    if observation.kind == "histogram":
        bounds = BOUNDS[observation.bounds]
        counts = [0] * (len(bounds) + 1)
        counts[bisect_left(bounds, value)] = 1
        return histogram_metric(
            HistogramPoint({**attributes}, start, time, 1, float(value), counts, [*bounds])
        )
    buckets = Buckets(value * 7, [1, 0, 1])
    exponential = ExponentialHistogramPoint(
        {**attributes}, start, time, 3, float(value), 3 - observation.bounds, 1, buckets, Buckets()
    )
    return metric(exponential, name="exponential", kind=EXPONENTIAL_HISTOGRAM)


@dataclass
class World:
    """The aggregator with its rows, one that never restarts, the model, and a Prometheus."""

    aggregator: Aggregator = field(default_factory=lambda: Aggregator(OPTIONS))
    steady: Aggregator = field(default_factory=lambda: Aggregator(OPTIONS))
    rows: dict[str, str] = field(default_factory=dict)
    now: int = NOW_UNIX_NANO
    sent: list[tuple[list[MetricGroup], str, int]] = field(default_factory=list)
    unanswered_since: int = 0
    prometheus: Prometheus = field(default_factory=Prometheus)
    # All that was ever pushed, as `increase()` has to show it.
    pushed: dict[tuple[Key, str], float] = field(default_factory=lambda: defaultdict(float))
    # What is to be seen now: value and when its series was last heard of.
    updown: dict[Key, tuple[float, int]] = field(default_factory=dict)
    gauge: dict[Key, tuple[float, int, int]] = field(default_factory=dict)

    def step(self, step: Step) -> None:
        if isinstance(step, Push):
            self.push(step)
        elif isinstance(step, Retry):
            self.retry(step)
        elif isinstance(step, Wait):
            self.wait(step)
        elif isinstance(step, Send):
            self.send(step)
        elif isinstance(step, Restart):
            self.restart()
        elif isinstance(step, Crash):
            self.aggregator.push(self.groups_of(step.push), f"digest {len(self.sent)}", self.now)
            self.restart()
            self.push(step.push)
        else:
            # What was not passed on when a series expires is lost; here it is.
            self.send(Send([], "answered"))
            self.expire()
        self.rows.update(self.aggregator.dirty_rows())
        self.steady.dirty_rows()

    def wait(self, wait: Wait) -> None:
        # Zeros move after 55 minutes, and a value whose answer was lost would count twice then.
        if self.unanswered_since and self.now + wait.nanos - self.unanswered_since > 3000 * SECOND:
            self.send(Send([], "answered"))
        self.now += wait.nanos

    def restart(self) -> None:
        self.aggregator = Aggregator.load(self.rows, OPTIONS)

    def groups_of(self, push: Push) -> list[MetricGroup]:
        """Return the groups of a push; those who count are instances of their own."""
        return [
            group(encode(each, self.now), service_instance_id=f"{each.instance}")
            if each.kind != "gauge"
            else group(encode(each, self.now))
            for each in push.observations
        ]

    def push(self, push: Push) -> None:
        groups = self.groups_of(push)
        digest = f"digest {len(self.sent)}"
        self.sent.append((groups, digest, self.now))
        self.deliver(groups, digest)

    def retry(self, retry: Retry) -> None:
        if retry.back > len(self.sent):
            return
        groups, digest, first_sent = self.sent[-retry.back]
        age = self.now - first_sent
        if age <= WINDOW:
            for aggregator in (self.aggregator, self.steady):
                assert aggregator.push(groups, digest, self.now).is_duplicate

    def deliver(self, groups: list[MetricGroup], digest: str) -> None:
        for aggregator in (self.aggregator, self.steady):
            result = aggregator.push(groups, digest, self.now)
            assert (result.rejected_count, result.is_duplicate) == (0, False)
        for key, point in points_by_key(groups):
            if key[0] == "gauge":
                assert isinstance(point, NumberPoint)
                if key not in self.gauge or point.time_unix_nano > self.gauge[key][1]:
                    self.gauge[key] = (point.value, point.time_unix_nano, self.now)
            elif key[0] == "updown":
                assert isinstance(point, NumberPoint)
                self.updown[key] = (self.updown.get(key, (0, 0))[0] + point.value, self.now)
            else:
                for name, value in samples_of(point):
                    self.pushed[key, name] += value

    def send(self, send: Send) -> None:
        # The least that the aggregator asks for.
        self.now += 3 * MILLISECOND
        snapshot = self.aggregator.snapshot(self.now)
        steady = self.steady.snapshot(self.now)
        assert (snapshot.groups, snapshot.zero_groups) == (steady.groups, steady.zero_groups)
        self.check_values(snapshot)
        if send.outcome != "lost":
            self.prometheus.receive(snapshot.zero_groups)
            self.prometheus.receive(snapshot.groups)
        for push in send.meanwhile:
            self.push(push)
        if send.outcome == "unanswered":
            self.unanswered_since = self.unanswered_since or self.now
        if send.outcome == "answered":
            self.unanswered_since = 0
            self.aggregator.mark_sent(snapshot)
            self.steady.mark_sent(steady)

    def expire(self) -> None:
        assert self.aggregator.expire(self.now) == self.steady.expire(self.now)
        oldest = self.now - OPTIONS.expiry_nanos
        self.updown = {key: value for key, value in self.updown.items() if value[1] > oldest}
        oldest = self.now - OPTIONS.passed_on_expiry_seconds * SECOND
        self.gauge = {key: value for key, value in self.gauge.items() if value[2] > oldest}

    def check_values(self, snapshot: Snapshot) -> None:
        shown: dict[Key, float] = {
            key: point.value
            for key, point in points_by_key(snapshot.groups)
            if key[0] in ("gauge", "updown") and isinstance(point, NumberPoint)
        }
        expected = {key: value[0] for key, value in (*self.updown.items(), *self.gauge.items())}
        assert shown == expected

    def check_increases(self) -> None:
        self.step(Send([], "answered"))
        assert {name: value for name, value in self.prometheus.increase.items() if value} == {
            name: value for name, value in self.pushed.items() if value
        }


@pytest.fixture(autouse=True, scope="module")
def _small_rows() -> Iterator[None]:
    """Rows so small that a few series fill several, and a journal that is full at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "ROW_BYTES", 1200)
        patch.setattr(chunks, "_FULL_BYTES", 1200)
        patch.setattr(series_store, "JOURNAL_ROWS", 5)
        patch.setattr(series_store, "MAX_JOURNAL_ROWS_PER_COMMIT", 2)
        patch.setattr(series_store, "DIGESTS_PER_ROW", 2)
        yield


@given(st.lists(STEPS, min_size=15, max_size=60))
def test_what_was_pushed_is_what_prometheus_shows(steps: list[Step]) -> None:
    world = World()
    for step in steps:
        world.step(step)
    world.check_increases()
