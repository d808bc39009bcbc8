"""Requests that are sent again: known after restarts and checkpoints, in rows and memory of limited size."""

from __future__ import annotations

from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.rows import ROW_BYTES
from tests.core.metric_pushes import Pusher, StoredPusher, group, metric, number
from tests.samples import SECOND


def test_retries_are_recognised_after_a_restart_and_after_checkpoints() -> None:
    pusher = StoredPusher()
    for _ in range(300):
        pusher.push(metric(number(1)))
        pusher.commit()
        pusher.now += 2 * SECOND
    pusher.restart()
    groups = [group(metric(number(1)))]
    again = [pusher.aggregator.push(groups, f"push {step}", pusher.now) for step in range(1, 301)]
    assert all(result.is_duplicate for result in again)
    pusher.now += 30 * SECOND
    results = [pusher.aggregator.push(groups, f"push {step}", pusher.now) for step in (1, 20, 300)]
    assert [result.is_duplicate for result in results] == [False, True, True]


def test_many_pushes_in_one_commit_are_in_rows_of_limited_size() -> None:
    pusher = StoredPusher()
    for _ in range(2500):
        pusher.push(metric(number(1)))
    rows = pusher.commit()
    assert sorted(rows) == ["chunk-0", *sorted(row for row in rows if row.startswith("digests"))]
    assert len(rows) == 4
    assert max(map(len, rows.values())) <= ROW_BYTES
    pusher.restart()
    assert pusher.aggregator.push([group(metric(number(1)))], "push 2500", pusher.now).is_duplicate


def test_digests_that_find_no_room_beside_the_series_have_a_row_of_their_own() -> None:
    pusher = StoredPusher()
    for _ in range(900):
        pusher.push()
    pusher.push(metric(*(number(1, {"route": place, "padding": "x" * 100}) for place in range(220))))
    rows = pusher.commit()
    assert list(rows) == ["journal-0", "journal-1"]
    assert max(map(len, rows.values())) <= ROW_BYTES
    pusher.restart()
    assert pusher.values() == [1] * 220
    assert pusher.aggregator.push([], "push 900", pusher.now).is_duplicate


def test_the_digests_have_a_limit_and_the_oldest_go_first() -> None:
    pusher = Pusher(Aggregator(AggregationOptions(digest_limit=3)))
    for _ in range(4):
        pusher.push(metric(number(1)))
        pusher.now += 60 * SECOND
    groups = [group(metric(number(1)))]
    results = [
        pusher.aggregator.push(groups, f"push {step}", pusher.now).is_duplicate for step in (4, 3, 2, 1)
    ]
    assert results == [True, True, True, False]
