"""What happens on the page to metrics that stand in each other's way, and to those that do not fit."""

from __future__ import annotations

from math import nan

import pytest

from otel_worker.metric_model import (
    CUMULATIVE,
    DELTA,
    SUM,
    SUMMARY,
    Metric,
    MetricGroup,
    NumberPoint,
    SummaryPoint,
)
from otel_worker.metrics.exposition import render
from otel_worker.model import Resource
from tests.core.metric_exposition_samples import (
    CHECKOUT,
    counter,
    gauge,
    group,
    histogram,
    histogram_metric,
    number,
    openmetrics,
    text,
)
from tests.samples import NOW_UNIX_NANO


def dropped(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("otel_worker_dropped_series")]


def test_of_two_types_the_one_with_more_series_stays_whole() -> None:
    groups = [
        group(gauge("x", number(1), number(2, {"k": "v"}))),
        group(histogram_metric("x", histogram([1, 2], [1.0])), resource=CHECKOUT),
    ]
    for page in (text(*groups), openmetrics(*groups)):
        assert 'x{instance="",job="cart"} 1\n' in page
        assert "x_bucket" not in page
        assert page.count("# TYPE x ") == 1
        assert dropped(page) == ['otel_worker_dropped_series{family="x",reason="name_conflict"} 1']


def test_a_gauge_beside_a_counter_of_its_name_is_a_conflict_in_openmetrics_alone() -> None:
    groups = [group(gauge("x", number(1), number(2, {"k": "v"})), counter("x", number(1)))]
    assert dropped(text(*groups)) == []
    assert dropped(openmetrics(*groups)) == [
        'otel_worker_dropped_series{family="x_total",reason="name_conflict"} 1'
    ]


@pytest.mark.parametrize("name", ["x_count", "x_sum", "x_bucket"])
def test_a_gauge_with_the_name_of_a_sample_is_a_conflict(name: str) -> None:
    page = text(group(gauge(name, number(1)), histogram_metric("x", histogram([1, 2], [1.0]))))
    assert dropped(page) == [f'otel_worker_dropped_series{{family="{name}",reason="name_conflict"}} 1']


@pytest.mark.parametrize("name", ["target.info", "otel_worker_dropped_series"])
def test_the_names_of_the_page_itself_belong_to_nobody(name: str) -> None:
    page = openmetrics(group(gauge(name, number(1), number(2, {"k": "v"}))))
    family = name.replace(".", "_")
    assert dropped(page) == [f'otel_worker_dropped_series{{family="{family}",reason="name_conflict"}} 2']


def test_of_descriptions_and_units_that_differ_the_most_common_is_shown() -> None:
    groups = [
        group(gauge("x", number(1), description="most")),
        group(gauge("x", number(2), description="other"), resource=CHECKOUT),
        group(gauge("x", number(3), description="most"), resource=Resource()),
        group(gauge("y.seconds", number(1)), gauge("y", number(2, {"k": "v"}), unit="s")),
    ]
    page = openmetrics(*groups)
    assert page.count("# HELP") == 1
    assert "# HELP x most\n" in page
    assert page.count("# UNIT") == 1
    assert "# UNIT y_seconds seconds\n" in page
    assert dropped(page) == []
    assert sum(not line.startswith("#") for line in page.splitlines()) == 5


def versions(*metrics: Metric) -> list[MetricGroup]:
    """Return groups of one service whose resources differ in what is no label."""
    return [
        group(metric, resource=Resource({"service.name": "cart", "host.name": str(number)}))
        for number, metric in enumerate(metrics)
    ]


def samples_of(groups: list[MetricGroup]) -> list[str]:
    page = openmetrics(*groups)
    assert page == openmetrics(*reversed(groups))
    return [line for line in page.splitlines() if not line.startswith(("#", "target"))]


def test_counters_of_the_same_labels_are_added_and_began_with_the_first() -> None:
    early = NumberPoint({}, NOW_UNIX_NANO, NOW_UNIX_NANO, 2**53)
    groups = versions(counter("x", number(1)), counter("x", early), counter("x", number(3)))
    assert samples_of(groups) == [
        f'x_total{{instance="",job="cart"}} {2**53 + 4}',
        'x_created{instance="",job="cart"} 1767225600.0',
    ]


def test_sums_that_may_fall_are_added_and_of_gauges_the_newest_is_shown() -> None:
    sums = [Metric("s", "", "", SUM, CUMULATIVE, False, [number(value)]) for value in (0.1, 0.2, 0.3)]
    assert samples_of(versions(*sums)) == ['s{instance="",job="cart"} 0.6000000000000001']
    gauges = [gauge("g", number(value, time=time)) for value, time in ((9, 1), (2, 3), (nan, 2))]
    assert samples_of(versions(*gauges)) == ['g{instance="",job="cart"} 2']
    same_time = [gauge("g", number(value)) for value in (1, nan, 2)]
    assert samples_of(versions(*same_time)) == ['g{instance="",job="cart"} NaN']


def test_histograms_of_the_same_labels_are_added_at_the_bounds_that_all_have() -> None:
    groups = versions(
        histogram_metric("x", histogram([1, 2, 4], [1.0, 2.0])),
        histogram_metric("x", histogram([8, 16, 32], [0.5, 2.0], total=0.25)),
    )
    assert samples_of(groups)[:4] == [
        'x_bucket{instance="",job="cart",le="2.0"} 27',
        'x_bucket{instance="",job="cart",le="+Inf"} 63',
        'x_sum{instance="",job="cart"} 1.75',
        'x_count{instance="",job="cart"} 63',
    ]


def test_summaries_of_the_same_labels_have_the_quantiles_of_the_newest() -> None:
    times_and_values = ((1, 9.0), (3, 3.0), (2, 8.0), (3, 2.0))
    points = [SummaryPoint({}, 0, time, 2, 1.5, [(0.5, value)]) for time, value in times_and_values]
    groups = versions(*(Metric("x", "", "", SUMMARY, 0, False, [point]) for point in points))
    assert samples_of(groups) == [
        'x{instance="",job="cart",quantile="0.5"} 3.0',
        'x_sum{instance="",job="cart"} 6.0',
        'x_count{instance="",job="cart"} 8',
    ]


def test_what_prometheus_cannot_take_is_counted() -> None:
    delta = Metric("delta", "", "", SUM, DELTA, True, [number(1)])
    page = text(
        group(delta, gauge("ようこそ", number(1)), counter("down", number(-1), number(nan, {"k": "v"})))
    )
    assert dropped(page) == [
        'otel_worker_dropped_series{family="down_total",reason="invalid_value"} 2',
        'otel_worker_dropped_series{family="delta_total",reason="not_cumulative"} 1',
        'otel_worker_dropped_series{family="ようこそ",reason="invalid_name"} 1',
    ]
    assert page.count("# TYPE") == 1


def test_a_family_without_a_valid_point_is_in_nobodys_way() -> None:
    page = openmetrics(group(counter("x", number(nan)), gauge("x", number(1))))
    assert dropped(page) == ['otel_worker_dropped_series{family="x_total",reason="invalid_value"} 1']


def test_a_page_ends_at_its_limit_with_whole_series_and_says_so() -> None:
    points = [histogram([1, 2], [1.0]) for _ in range(9)]
    for index, point in enumerate(points):
        point.attributes["k"] = index
    metrics = (gauge("a", number(1)), histogram_metric("b", *points), gauge("c", number(1)))
    groups = [group(*metrics, resource=Resource({"service.name": "cart", "host.name": "h"}))]
    whole = render(groups, openmetrics=True)
    end = "# EOF\n"
    for limit in range(len(whole)):
        page = render(groups, openmetrics=True, limit_characters=limit)
        shown, _, rest = page.partition("# TYPE otel_worker_dropped_series")
        assert whole.startswith(shown.removesuffix(end))
        assert len(shown.removesuffix(end)) <= limit
        assert page.endswith(end)
        missing = sum(int(line.split(" ")[-1]) for line in dropped(rest))
        series = sum(shown.count(sample) for sample in ('le="+Inf"', "\na{", "\nc{", "\ntarget_info{"))
        assert series + missing == 12


def test_families_that_are_dropped_are_named_up_to_a_bound() -> None:
    delta = [Metric(f"m{index:03d}{'x' * 300}", "", "", SUM, DELTA, True, [number(1)]) for index in range(60)]
    lines = dropped(text(group(*delta)))
    assert len(lines) == 51
    assert lines[-1] == 'otel_worker_dropped_series{reason="others"} 10'
    assert max(map(len, lines)) < 300
