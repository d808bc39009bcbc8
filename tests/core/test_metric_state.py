"""The stored rows of an aggregator: their format, how many a commit takes, and what comes back."""

from __future__ import annotations

import json

import pytest

from otel_worker.errors import StorageFailure
from otel_worker.metric_model import (
    CUMULATIVE,
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    NO_RECORDED_VALUE,
    SUMMARY,
    Buckets,
    ExponentialHistogramPoint,
    SummaryPoint,
)
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.rows import JOURNAL_ROWS, ROW_BYTES
from otel_worker.model import Attributes
from tests.core.metric_pushes import Pusher, StoredPusher, group, histogram, histogram_metric, metric, number
from tests.samples import NOW_UNIX_NANO, SECOND

HOUR = 3600 * SECOND


def push_every_kind(pusher: Pusher) -> None:
    """Push a point of every kind that rows know, with values that JSON has no number for."""
    exponential = ExponentialHistogramPoint(
        {"k": 1.0}, 1, 2, 7, 2.5, 3, 1, Buckets(-4, [1, 0, 2]), Buckets(9, [3]), 0.25, -9.5, 4.0
    )
    pusher.push(
        metric(number(3, {"k": True}), number(2**63 - 1, {"k": 2}), number(0.5, {"k": "ü"})),
        metric(number(float("nan"), time=1), name="nan", kind=GAUGE, temporality=0),
        metric(number(float("-inf"), time=1), name="inf", temporality=CUMULATIVE),
        histogram_metric(histogram([2**64 - 1, 0], [0.5], None, 1.0, float("inf"))),
        metric(exponential, name="e", kind=EXPONENTIAL_HISTOGRAM),
        metric(exponential, name="e", kind=EXPONENTIAL_HISTOGRAM, temporality=CUMULATIVE),
        metric(
            SummaryPoint({}, 1, 2, 3, 1.5, [(0.5, float("nan"))], 0), name="s", kind=SUMMARY, temporality=0
        ),
    )


def test_a_row_has_this_format() -> None:
    pusher = Pusher()
    pusher.push(metric(number(3, {"b": True, "a": 1}), description="Requests."))
    rows = pusher.aggregator.dirty_rows()
    digests = json.loads(rows["journal-0"]).pop("digests")
    assert list(rows) == ["journal-0"]
    assert json.loads(rows["journal-0"]) == {
        "version": 1,
        "sequence": 1,
        "startFloorUnixNano": 0,
        "groups": [[{"attributes": {"service.name": "checkout"}}, {"name": "tests"}]],
        "streams": [[0, True, "requests", "Requests.", "1", "sum", True]],
        "series": [
            [
                1,
                0,
                0,
                {"a": 1, "b": True},
                NOW_UNIX_NANO,
                False,
                NOW_UNIX_NANO,
                None,
                ["number", NOW_UNIX_NANO - SECOND, NOW_UNIX_NANO, 3, 0],
            ]
        ],
        "removed": [],
        "digests": digests,
    }
    ((slot, digest),) = digests
    assert slot == NOW_UNIX_NANO // (30 * SECOND)
    assert len(digest) == 16


def test_every_kind_comes_back_as_it_was() -> None:
    pusher = StoredPusher()
    push_every_kind(pusher)
    before = repr(pusher.snapshot())
    pusher.restart()
    assert repr(pusher.snapshot()) == before
    assert pusher.aggregator.series_count == 9


def test_every_kind_comes_back_out_of_chunks_too() -> None:
    pusher = StoredPusher()
    push_every_kind(pusher)
    before = repr(pusher.snapshot())
    for _ in range(JOURNAL_ROWS + 1):
        pusher.commit()
        pusher.push(metric(number(0, {"k": True})))
    pusher.commit()
    chunks = {row_id: text for row_id, text in pusher.rows.items() if not row_id.startswith("journal")}
    assert repr(Aggregator.load(chunks).snapshot(pusher.now)) == before


def test_nothing_new_is_no_row() -> None:
    pusher = StoredPusher()
    assert pusher.commit() == {}
    pusher.push(metric(number(1)))
    assert len(pusher.commit()) == 1
    assert pusher.commit() == {}
    assert pusher.aggregator.push([group(metric(number(1)))], "push 1", pusher.now).is_duplicate
    assert pusher.commit() == {}
    pusher.aggregator.expire(pusher.now)
    assert pusher.commit() == {}


def test_a_commit_writes_little_more_than_one_row() -> None:
    pusher = StoredPusher()
    written = 0
    for step in range(1000):
        pusher.push(metric(*(number(1, {"route": (step + place) % 50}) for place in range(4))))
        rows = pusher.commit()
        assert len(rows) <= 5
        written += len(rows)
        pusher.now += SECOND
    assert written == 1000 + 15 * 3
    assert len(pusher.rows) == JOURNAL_ROWS + 1 + 24


def push_many_series(pusher: StoredPusher, value: int) -> None:
    for step in range(10):
        attributes: list[Attributes] = [
            {"route": f"/{step}/{place}", "padding": "x" * 100} for place in range(300)
        ]
        assert pusher.push(metric(*(number(value, each) for each in attributes))) == (300, 0)


def test_many_series_are_in_rows_of_limited_size_and_stay_where_they_are() -> None:
    pusher = StoredPusher()
    push_many_series(pusher, 1)
    pusher.commit()
    places = places_of(pusher.rows)
    assert len(places) == 3000
    chunks = {row_id for row_id, _ in places.values()}
    assert chunks == {f"chunk-{place}" for place in range(17)}
    for value in (10**14, 10**17):
        pusher.restart()
        push_many_series(pusher, value)
        rows = pusher.commit()
        assert {row_id for row_id in rows if not row_id.startswith("digests")} == chunks
        assert max(map(len, rows.values())) <= ROW_BYTES
    total = 1 + 10**14 + 10**17
    assert places_of(pusher.rows) == {key: (row_id, total) for key, (row_id, _) in places.items()}


def test_a_few_hundred_changes_are_in_rows_of_the_journal() -> None:
    pusher = StoredPusher()
    attributes: list[Attributes] = [{"route": place, "padding": "x" * 100} for place in range(900)]
    for step in range(10):
        pusher.push(metric(*(number(1, each) for each in attributes)))
        rows = pusher.commit()
        assert list(rows) == [f"journal-{4 * step + place}" for place in range(4)]
        assert max(map(len, rows.values())) <= ROW_BYTES
    pusher.restart()
    assert pusher.values() == [10] * 900


def places_of(rows: dict[str, str]) -> dict[str, tuple[str, int]]:
    """Return the chunk and the value of each series."""
    return {
        json.dumps(series[3]): (row_id, series[8][3])
        for row_id, text in rows.items()
        if row_id.startswith("chunk")
        for series in json.loads(text)["series"]
    }


def test_a_row_of_a_later_format_is_refused() -> None:
    pusher = StoredPusher()
    pusher.push(metric(number(1)))
    (text,) = pusher.commit().values()
    later = text.replace('"version":1', '"version":2').replace('"series"', '"rows"')
    with pytest.raises(
        StorageFailure, match="'journal-0' has format version 2, and this release reads version 1"
    ):
        Aggregator.load({"journal-0": later})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version":"1"}', '{"version":1}', '{"version":1,'])
def test_what_is_no_row_is_refused(text: str) -> None:
    with pytest.raises(StorageFailure, match="'chunk-0' cannot be read"):
        Aggregator.load({"chunk-0": text})


@pytest.mark.parametrize("checkpoint", [False, True])
def test_what_was_removed_does_not_come_back(checkpoint: bool) -> None:
    pusher = StoredPusher()
    pusher.push(metric(number(1, {"a": 1})))
    pusher.commit()
    if checkpoint:
        fill_journal(pusher)
    pusher.push(metric(number(1, {"a": 2}), number(0, {"a": 1}, flags=NO_RECORDED_VALUE)))
    pusher.restart()
    pusher.aggregator.mark_sent(pusher.snapshot())
    pusher.restart()
    assert pusher.aggregator.series_count == 1 + checkpoint
    pusher.now += 27 * HOUR
    pusher.aggregator.expire(pusher.now)
    pusher.restart()
    assert pusher.points() == []
    fill_journal(pusher)
    pusher.restart()
    assert [point.attributes for point in pusher.points()] == [{"filler": 1}]


def fill_journal(pusher: StoredPusher) -> None:
    """Commit until there was a checkpoint."""
    for _ in range(JOURNAL_ROWS):
        pusher.push(metric(number(1, {"filler": 1})))
        if any(row_id.startswith("chunk") for row_id in pusher.commit()):
            return
    raise AssertionError("no checkpoint")


def test_a_restart_goes_on_with_the_journal_where_it_was() -> None:
    pusher = StoredPusher()
    for step in range(JOURNAL_ROWS):
        pusher.push(metric(number(1)))
        assert list(pusher.commit()) == [f"journal-{step}"]
        pusher.restart()
    pusher.push(metric(number(1)))
    assert [row_id.split("-")[0] for row_id in pusher.commit()] == ["chunk", "digests"]
    pusher.restart()
    pusher.push(metric(number(1)))
    assert list(pusher.commit()) == ["journal-0"]
    pusher.restart()
    assert pusher.values() == [JOURNAL_ROWS + 2]


def test_a_series_that_comes_back_starts_later_also_after_a_restart() -> None:
    pusher = StoredPusher()
    pusher.push(metric(number(1)))
    pusher.now += 26 * HOUR
    last_given_out = pusher.points()[0].time_unix_nano
    pusher.aggregator.expire(pusher.now)
    pusher.restart()
    pusher.push(metric(number(1, start=pusher.now - SECOND)))
    assert pusher.points()[0].start_unix_nano > last_given_out


def test_a_zero_that_was_sent_is_not_sent_again_after_a_restart() -> None:
    pusher = StoredPusher()
    pusher.push(metric(number(1)))
    snapshot = pusher.snapshot()
    assert len(snapshot.zero_groups) == 1
    pusher.commit()
    pusher.aggregator.mark_sent(snapshot)
    pusher.restart()
    assert pusher.snapshot().zero_groups == []
