"""What is dropped and why, and that memory has bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.sdk.harness import Bench
from tests.sdk.points import counts, data_points
from workers_otel import Answer, FlushResult

INVALID_VALUES = [float("nan"), float("inf"), float("-inf"), 2**63, -(2**63) - 1, True, "1", None, Decimal(1)]


def dropped_by(bench: Bench) -> Mapping[str, int]:
    """Flush, and return the drops; the package's own metric has to say the same."""
    result = bench.flush()
    points = data_points(bench.sent[-1])["workers_otel.dropped"]
    assert {attributes["reason"]: point.as_int for attributes, point in points} == result.dropped
    return result.dropped


@pytest.mark.parametrize("name", ["", "1st", "_x", "a b", "a\n", "ä", "a" * 256, "a:b", None, 7, [], b"a"])
def test_an_invalid_name_is_dropped(name: Any) -> None:
    bench = Bench()
    bench.metrics.counter(name)
    reason = "invalid_record" if isinstance(name, list) else "invalid_name"
    assert dropped_by(bench) == {reason: 1}


@pytest.mark.parametrize("name", ["a", "A1_.-/z", "a" * 255])
def test_a_valid_name_is_sent(name: str) -> None:
    bench = Bench()
    bench.metrics.counter(name)
    assert bench.flush() == FlushResult("sent", 1, status=200)
    assert counts(bench.sent[0]) == {name: 1}


@pytest.mark.parametrize("value", INVALID_VALUES, ids=repr)
@pytest.mark.parametrize("kind", ["counter", "up_down_counter", "gauge", "histogram"])
def test_an_invalid_value_is_dropped(kind: str, value: Any) -> None:
    bench = Bench()
    getattr(bench.metrics, kind)("name", value)
    assert dropped_by(bench) == {"invalid_value": 1}


def test_negative_values_are_for_gauges_and_sums_that_may_fall() -> None:
    bench = Bench()
    bench.metrics.counter("counter", -1)
    bench.metrics.histogram("histogram", -0.5)
    bench.metrics.gauge("gauge", -1)
    bench.metrics.up_down_counter("sum", -1)
    assert dropped_by(bench) == {"negative_value": 2}
    assert set(data_points(bench.sent[0])) == {"gauge", "sum", "workers_otel.dropped"}


def test_a_name_is_of_one_kind_unit_and_bounds() -> None:
    bench = Bench()
    bench.metrics.histogram("size", 1, unit="By", bounds=[1, 2])
    bench.metrics.histogram("size", 1, unit="", bounds=(1.0, 2.0))
    bench.metrics.histogram("size", 1)
    bench.metrics.counter("size")
    bench.metrics.histogram("size", 1, unit="kBy")
    bench.metrics.histogram("size", 1, bounds=[1, 2, 3])
    bench.metrics.counter("bad.unit", unit="\u00b5s")
    assert dropped_by(bench) == {
        "kind_conflict": 1,
        "unit_conflict": 1,
        "bounds_conflict": 1,
        "invalid_unit": 1,
    }
    ((_, point),) = data_points(bench.sent[0])["size"]
    assert point.count == 3


@pytest.mark.parametrize(
    "bounds", [[2, 1], [1, 1], [float("nan")], [1, float("inf")], ["1x"], [None], [True], list(range(201))]
)
def test_invalid_bounds_are_dropped(bounds: Any) -> None:
    bench = Bench()
    bench.metrics.histogram("size", 1, bounds=bounds)
    assert dropped_by(bench) == {"invalid_bounds": 1}


def test_no_bounds_are_one_bucket() -> None:
    bench = Bench()
    bench.metrics.histogram("size", 7, bounds=[])
    bench.flush()
    ((_, point),) = data_points(bench.sent[0])["size"]
    assert (list(point.explicit_bounds), list(point.bucket_counts), point.sum) == ([], [1], 7)


class Hostile(Mapping[str, Any]):
    """Attributes that raise."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("arguments", [{"attributes": Hostile()}, {"attributes": 7}, {"unit": 7}])
def test_arguments_of_any_kind_raise_nothing(arguments: dict[str, Any]) -> None:
    bench = Bench()
    bench.metrics.counter("count", **arguments)
    assert dropped_by(bench) == {"invalid_record": 1}


@pytest.mark.parametrize(
    "attributes",
    [
        {"k": None},
        {"k": object()},
        {"k": b"x"},
        {"k": {"a": 1}},
        {"k": [1, "x"]},
        {"k": [None]},
        {"k": [[1]]},
        {"k": float("nan")},
        {"k": 2**63},
        {"k": ["x"] * 33},
        {"": 1},
        {7: 1},
        {"k" * 257: 1},
    ],
    ids=repr,
)
def test_what_is_no_attribute_is_left_out_and_the_record_counts(attributes: Any) -> None:
    bench = Bench()
    bench.metrics.counter("count", 5, {"kept": "yes", **attributes} if 7 not in attributes else attributes)
    assert dropped_by(bench) == {"invalid_attribute": 1}
    ((left, point),) = data_points(bench.sent[0])["count"]
    assert (set(left) <= {"kept"}, point.as_int) == (True, 5)


def test_long_values_are_cut_and_then_equal() -> None:
    bench = Bench(max_attribute_length=4)
    bench.metrics.counter("count", 1, {"k": "abcdef"})
    bench.metrics.counter("count", 1, {"k": "abcdxy"})
    bench.flush()
    assert [attributes for attributes, _ in data_points(bench.sent[0])["count"]] == [{"k": "abcd"}]


@pytest.mark.parametrize("make", [str, int, float, lambda number: [number]])
def test_values_beyond_the_limit_become_other_and_are_counted(make: Any) -> None:
    bench = Bench(max_attribute_values=3)
    for number in range(10):
        bench.metrics.counter("count", 1, {"id": make(number), "route": "/"})
    result = bench.flush()
    assert result.overflowed == {"id": 7}
    points = data_points(bench.sent[0])
    assert [(attributes["id"], point.as_int) for attributes, point in points["count"]] == [
        *((make(number), 1) for number in range(3)),
        ("other", 7),
    ]
    ((attributes, overflow),) = points["workers_otel.attribute_overflow"]
    assert (attributes, overflow.as_int) == ({"attribute.key": "id"}, 7)


def test_the_values_that_came_first_keep_their_place_in_later_windows() -> None:
    bench = Bench(max_attribute_values=1)
    bench.metrics.counter("count", 1, {"id": "first"})
    bench.flush()
    bench.metrics.counter("count", 1, {"id": "second"})
    bench.metrics.counter("count", 1, {"id": "first"})
    assert bench.flush().overflowed == {"id": 1}
    assert [attributes["id"] for attributes, _ in data_points(bench.sent[1])["count"]] == ["other", "first"]


def test_too_many_keys_are_left_out() -> None:
    bench = Bench()
    for number in range(70):
        bench.metrics.counter("count", 1, {f"key{number}": 1})
    assert dropped_by(bench) == {"too_many_attribute_keys": 6}


def test_too_many_series_are_dropped_until_the_next_window() -> None:
    bench = Bench(max_series=3)
    for number in range(5):
        bench.metrics.counter("count", 1, {"n": number})
    bench.metrics.counter("count", 1, {"n": 0})
    assert dropped_by(bench) == {"too_many_series": 2}
    assert counts(bench.sent[0])["count"] == 4
    bench.metrics.counter("count", 1, {"n": 4})
    assert bench.flush() == FlushResult("sent", 1, status=200)


def test_too_many_names_are_dropped() -> None:
    bench = Bench(max_series=3)
    for _ in range(2):
        for number in range(5):
            bench.metrics.counter(f"count{number}")
    assert dropped_by(bench) == {"too_many_instruments": 4}


def test_what_is_kept_for_later_has_the_same_limit() -> None:
    bench = Bench(max_series=3)
    bench.replies = [Answer(503), Answer(503)]
    for window in range(3):
        for number in range(2):
            bench.metrics.counter("count", 1, {"n": number + 2 * window})
        result = bench.flush()
    assert result.outcome == "sent"
    assert [counts(received)["count"] for received in bench.sent] == [2, 2, 2, 3]
    assert sum(counts(bench.sent[-1]).values()) == 4


def test_drops_are_told_once_and_reach_the_endpoint_once() -> None:
    bench = Bench()
    bench.replies = [Answer(503)]
    bench.metrics.counter("count", -1)
    assert bench.flush().dropped == {"negative_value": 1}
    result = bench.flush()
    assert (result.outcome, result.dropped) == ("sent", {})
    assert [counts(received) for received in bench.sent] == [{"workers_otel.dropped": 1}] * 2
    assert bench.flush() == FlushResult("nothing")


def test_a_callback_that_raises_is_counted() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    bench = Bench()
    bench.metrics.before_flush(fail)
    bench.metrics.before_flush(lambda: bench.metrics.gauge("load", 1))
    assert dropped_by(bench) == {"callback_failed": 1}
    assert "load" in data_points(bench.sent[0])
