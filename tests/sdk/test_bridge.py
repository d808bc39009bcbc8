"""OpenTelemetry's metrics API on top of the client."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import pytest
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from tests.sdk.harness import Bench
from tests.sdk.points import attributes_of, data_points
from workers_otel.opentelemetry_bridge import BridgeMeterProvider


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def meter(bench: Bench) -> Meter:
    return BridgeMeterProvider(bench.metrics).get_meter("library", "1.0", "https://schema.test", {"a": 1})


def test_synchronous_instruments_record(bench: Bench, meter: Meter) -> None:
    meter.create_counter("hits", "{hit}", "How often.").add(2, {"k": "v"})
    meter.create_up_down_counter("open").add(-3)
    meter.create_histogram("size", "By", explicit_bucket_boundaries_advisory=[10, 20]).record(15)
    meter.create_gauge("load").set(0.5)
    assert bench.flush().sent_points == 4
    points = data_points(bench.sent[0])
    ((attributes, hits),) = points["hits"]
    assert (attributes, hits.as_int) == ({"k": "v"}, 2)
    assert points["open"][0][1].as_int == -3
    size = points["size"][0][1]
    assert (list(size.explicit_bounds), list(size.bucket_counts)) == ([10, 20], [0, 1, 0])
    assert points["load"][0][1].as_double == 0.5


def test_the_meter_is_the_scope(bench: Bench, meter: Meter) -> None:
    meter.create_counter("hits", "{hit}", "How often.").add(1)
    bench.metrics.counter("hits")
    bench.flush()
    (resource_metrics,) = bench.sent[0].parse().resource_metrics
    first, second = resource_metrics.scope_metrics
    assert (first.scope.name, first.scope.version, first.schema_url) == (
        "library",
        "1.0",
        "https://schema.test",
    )
    assert attributes_of(first.scope) == {"a": 1}
    (metric,) = first.metrics
    assert (metric.name, metric.unit, metric.description) == ("hits", "{hit}", "How often.")
    # The same name elsewhere is another metric.
    assert second.scope.name == "workers_otel"
    assert [point.as_int for point in second.metrics[0].sum.data_points] == [1]


def test_observable_sums_send_what_has_come_since_the_last_time(bench: Bench, meter: Meter) -> None:
    totals = {"grows": 10, "falls": 10}

    def observe(options: CallbackOptions) -> Iterable[Observation]:
        assert isinstance(options, CallbackOptions)
        yield Observation(totals["grows"], {"k": "grows"})
        yield Observation(totals["falls"], {"k": "falls"})

    meter.create_observable_counter("counter", [observe])
    meter.create_observable_up_down_counter("sum", [observe])
    bench.flush()
    totals.update(grows=15, falls=4)
    bench.flush()
    values = [
        {name: [point.as_int for _, point in series] for name, series in data_points(received).items()}
        for received in bench.sent
    ]
    # A counter that fell has begun anew; a sum has fallen.
    assert values == [{"counter": [10, 10], "sum": [10, 10]}, {"counter": [5, 4], "sum": [5, -6]}]
    assert bench.flush().outcome == "nothing"


def test_an_observable_gauge_sends_what_it_sees(bench: Bench, meter: Meter) -> None:
    values = iter([1, 2])

    def observe(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(next(values))]

    meter.create_observable_gauge("load", [observe])
    bench.flush()
    bench.flush()
    assert [data_points(received)["load"][0][1].as_int for received in bench.sent] == [1, 2]


def test_a_callback_may_be_a_generator_and_may_end(bench: Bench, meter: Meter) -> None:
    def observe() -> Generator[Iterable[Observation], CallbackOptions, None]:
        options = yield ()
        assert isinstance(options, CallbackOptions)
        yield [Observation(7)]

    meter.create_observable_gauge("load", [observe()])
    assert bench.flush().sent_points == 1
    assert bench.flush().outcome == "nothing"


def test_a_callback_that_raises_is_counted_and_the_others_are_heard(bench: Bench, meter: Meter) -> None:
    def fail(options: CallbackOptions) -> Iterable[Observation]:
        raise RuntimeError("no")

    meter.create_observable_gauge("load", [fail, lambda _options: [Observation(1)]])
    assert bench.flush().dropped == {"callback_failed": 1}
    assert data_points(bench.sent[0])["load"][0][1].as_int == 1


def test_totals_that_are_no_numbers_are_dropped_and_harm_no_later_one(bench: Bench, meter: Meter) -> None:
    totals = iter([1.0, float("nan"), 3.0])

    def observe(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(next(totals))]

    meter.create_observable_counter("counter", [observe])
    results = [bench.flush() for _ in range(3)]
    assert [result.dropped for result in results] == [{}, {"invalid_value": 1}, {}]
    assert data_points(bench.sent[2])["counter"][0][1].as_double == 2.0


def test_the_totals_that_are_remembered_have_a_bound(bench: Bench, meter: Meter) -> None:
    def observe(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(1, {"id": number % 7, "n": number}) for number in range(1_005)]

    meter.create_observable_up_down_counter("sum", [observe])
    assert bench.flush().dropped == {"too_many_series": 5}


def test_a_negative_amount_of_a_counter_is_dropped(bench: Bench, meter: Meter) -> None:
    meter.create_counter("hits").add(-1)
    assert bench.flush().dropped == {"negative_value": 1}


def test_a_scope_of_odd_texts_can_be_read(bench: Bench) -> None:
    meter = BridgeMeterProvider(bench.metrics).get_meter("lib\ud800", None, None, {"k": object()})  # type: ignore[dict-item]
    meter.create_counter("hits").add(1)
    bench.flush()
    (resource_metrics,) = bench.sent[0].parse().resource_metrics
    scope = resource_metrics.scope_metrics[0].scope
    assert (scope.name, scope.version, list(scope.attributes)) == ("lib?", "", [])
