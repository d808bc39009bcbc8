"""What is given out: moments, zeros for what Prometheus has not seen, and that it is a copy."""

from __future__ import annotations

from otel_worker.metric_model import NO_RECORDED_VALUE, HistogramPoint, NumberPoint
from tests.core.metric_pushes import Pusher, group, histogram, histogram_metric, metric, number, points_of
from tests.samples import NOW_UNIX_NANO, SECOND


def test_a_series_that_was_not_sent_comes_with_a_zero_at_its_start() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5, {"a": 1}), number(0.5, {"a": 2})), histogram_metric(histogram([1, 2], [5])))
    snapshot = pusher.snapshot()
    start = NOW_UNIX_NANO - SECOND
    assert points_of(snapshot.zero_groups) == [
        NumberPoint({"a": 1}, start, start, 0),
        NumberPoint({"a": 2}, start, start, 0.0),
        HistogramPoint({}, start, start, 0, 0.0, [0, 0], [5]),
    ]
    pusher.aggregator.mark_sent(snapshot)
    pusher.push(metric(number(1, {"a": 3})))
    assert [point.attributes for point in points_of(pusher.snapshot().zero_groups)] == [{"a": 3}]


def test_a_histogram_without_sum_has_a_zero_without_sum() -> None:
    pusher = Pusher()
    pusher.push(histogram_metric(histogram([1, 2], [5], None)))
    (zero,) = points_of(pusher.snapshot().zero_groups)
    assert isinstance(zero, HistogramPoint)
    assert zero.sum is None


def test_a_zero_that_is_too_old_for_prometheus_is_moved_behind_the_start() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)))
    pusher.now += 3600 * SECOND
    (zero,) = points_of(pusher.snapshot().zero_groups)
    assert zero.start_unix_nano == NOW_UNIX_NANO - SECOND
    assert zero.time_unix_nano == NOW_UNIX_NANO + 300 * SECOND


def test_a_snapshot_does_not_change_with_later_pushes() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)), histogram_metric(histogram([1, 2], [5])))
    before = pusher.snapshot()
    kept = repr(before)
    pusher.push(metric(number(5)), histogram_metric(histogram([1, 2], [5])))
    assert repr(before) == kept
    assert repr(pusher.snapshot()) != kept


def test_the_points_of_a_metric_are_together_and_the_metrics_of_a_scope() -> None:
    pusher = Pusher()
    for route in (1, 2):
        pusher.push_groups(
            group(metric(number(1, {"r": route})), metric(number(2, {"r": route}), name="errors")),
            group(metric(number(3, {"r": route})), service_version="2"),
        )
    snapshot = pusher.snapshot()
    assert [[(m.name, len(m.points)) for m in g.metrics] for g in snapshot.groups] == [
        [("requests", 2), ("errors", 2)],
        [("requests", 2)],
    ]


def test_what_was_sent_before_a_series_started_again_does_not_count_as_sent() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)))
    before = pusher.snapshot()
    pusher.push(metric(number(0, flags=NO_RECORDED_VALUE)))
    pusher.push(metric(number(7)))
    pusher.aggregator.mark_sent(before)
    (zero,) = points_of(pusher.snapshot().zero_groups)
    assert zero.start_unix_nano > before.time_unix_nano


def test_a_snapshot_may_be_older_than_what_expired() -> None:
    pusher = Pusher()
    pusher.push(metric(number(5)))
    before = pusher.snapshot()
    pusher.now += 26 * 3600 * SECOND
    pusher.aggregator.expire(pusher.now)
    pusher.push(metric(number(5)))
    pusher.aggregator.mark_sent(before)
    assert len(points_of(pusher.snapshot().zero_groups)) == 1
