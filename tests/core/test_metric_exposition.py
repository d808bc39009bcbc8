"""The page that Prometheus scrapes, letter by letter, in both formats."""

from __future__ import annotations

from math import inf, nan

import pytest

from otel_worker.metric_model import (
    CUMULATIVE,
    NO_RECORDED_VALUE,
    SUM,
    SUMMARY,
    HistogramPoint,
    Metric,
    NumberPoint,
    SummaryPoint,
)
from otel_worker.metrics.exposition_lines import bound_text, number_text
from otel_worker.model import Resource
from tests.core.metric_exposition_samples import (
    CHECKOUT,
    START,
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

REQUESTS = counter(
    "http.requests",
    number(3, {"code": 200}),
    number(2**63 - 1, {"code": 500}),
    unit="{request}",
    description='All "requests",\n\\ too',
)


def test_nothing_is_an_empty_page() -> None:
    assert text() == ""
    assert openmetrics() == "# EOF\n"
    assert text(group(), group(gauge("empty"))) == ""


def test_a_counter_in_the_text_format() -> None:
    assert text(group(REQUESTS)) == (
        "# TYPE http_requests_total counter\n"
        '# HELP http_requests_total All "requests",\\n\\\\ too\n'
        'http_requests_total{code="200",instance="",job="cart"} 3\n'
        'http_requests_total{code="500",instance="",job="cart"} 9223372036854775807\n'
    )


def test_a_counter_in_openmetrics_has_its_family_without_total_and_says_when_it_began() -> None:
    assert openmetrics(group(REQUESTS)) == (
        "# TYPE http_requests counter\n"
        '# HELP http_requests All \\"requests\\",\\n\\\\ too\n'
        'http_requests_total{code="200",instance="",job="cart"} 3\n'
        'http_requests_created{code="200",instance="",job="cart"} 1767225600.123\n'
        'http_requests_total{code="500",instance="",job="cart"} 9223372036854775807\n'
        'http_requests_created{code="500",instance="",job="cart"} 1767225600.123\n'
        "# EOF\n"
    )


@pytest.mark.parametrize(
    ("start_unix_nano", "created"),
    [
        (1_767_225_600_000_000_001, "1767225600.000000001"),
        (1_767_225_600_000_000_000, "1767225600.0"),
        (1, "0.000000001"),
    ],
)
def test_a_start_is_exact_to_the_nanosecond(start_unix_nano: int, created: str) -> None:
    point = NumberPoint({}, start_unix_nano, NOW_UNIX_NANO, 1)
    assert f'x_created{{instance="",job="cart"}} {created}\n' in openmetrics(group(counter("x", point)))


def test_a_start_that_nobody_knows_is_not_written() -> None:
    assert "_created" not in openmetrics(group(counter("x", NumberPoint({}, 0, NOW_UNIX_NANO, 1))))


def test_a_gauge_has_its_unit_in_openmetrics_only() -> None:
    groups = group(gauge("temperature", number(-3.5), unit="Cel"))
    sample = 'temperature_celsius{instance="",job="cart"} -3.5\n'
    assert text(groups) == "# TYPE temperature_celsius gauge\n" + sample
    assert openmetrics(groups) == (
        f"# TYPE temperature_celsius gauge\n# UNIT temperature_celsius celsius\n{sample}# EOF\n"
    )


def test_a_sum_that_may_fall_is_a_gauge() -> None:
    metric = Metric("queue.length", "", "", SUM, CUMULATIVE, False, [number(-2)])
    assert text(group(metric)) == '# TYPE queue_length gauge\nqueue_length{instance="",job="cart"} -2\n'


def test_a_histogram_has_cumulative_buckets_in_both_formats() -> None:
    groups = group(histogram_metric("duration", histogram([1, 0, 2], [0.005, 1.0])))
    samples = (
        'duration_bucket{instance="",job="cart",le="0.005"} 1\n'
        'duration_bucket{instance="",job="cart",le="1.0"} 1\n'
        'duration_bucket{instance="",job="cart",le="+Inf"} 3\n'
        'duration_sum{instance="",job="cart"} 1.5\n'
        'duration_count{instance="",job="cart"} 3\n'
    )
    created = 'duration_created{instance="",job="cart"} 1767225600.123\n'
    assert text(groups) == "# TYPE duration histogram\n" + samples
    assert openmetrics(groups) == "# TYPE duration histogram\n" + samples + created + "# EOF\n"


def test_a_histogram_without_bounds_is_its_count() -> None:
    point = HistogramPoint({}, START, NOW_UNIX_NANO, 7, None, [], [])
    assert text(group(histogram_metric("x", point))) == (
        "# TYPE x histogram\n"
        'x_bucket{instance="",job="cart",le="+Inf"} 7\n'
        'x_count{instance="",job="cart"} 7\n'
    )


@pytest.mark.parametrize(
    "point",
    [
        histogram([1, 2], [1.0], total=None),
        histogram([1, 2], [1.0], total=-0.5),
        histogram([1, 2], [1.0], total=nan),
        histogram([1, 2], [-1.0]),
    ],
)
def test_openmetrics_has_no_sum_that_may_fall_and_no_count_without_a_sum(point: HistogramPoint) -> None:
    page = openmetrics(group(histogram_metric("x", point)))
    assert "x_sum" not in page
    assert "x_count" not in page
    assert 'le="+Inf"} 3\n' in page
    assert 'x_count{instance="",job="cart"} 3\n' in text(group(histogram_metric("x", point)))


def test_a_summary_has_its_quantiles_in_order() -> None:
    point = SummaryPoint({"quantile": "q"}, START, NOW_UNIX_NANO, 4, 10.5, [(0.99, 5), (0.5, nan), (1, 6.5)])
    groups = group(Metric("rpc", "", "", SUMMARY, 0, False, [point]))
    samples = (
        'rpc{exported_quantile="q",instance="",job="cart",quantile="0.5"} NaN\n'
        'rpc{exported_quantile="q",instance="",job="cart",quantile="0.99"} 5\n'
        'rpc{exported_quantile="q",instance="",job="cart",quantile="1.0"} 6.5\n'
        'rpc_sum{exported_quantile="q",instance="",job="cart"} 10.5\n'
        'rpc_count{exported_quantile="q",instance="",job="cart"} 4\n'
    )
    created = 'rpc_created{exported_quantile="q",instance="",job="cart"} 1767225600.123\n'
    assert text(groups) == "# TYPE rpc summary\n" + samples
    assert openmetrics(groups) == "# TYPE rpc summary\n" + samples + created + "# EOF\n"


def test_quantiles_outside_of_the_format_are_left_out() -> None:
    point = SummaryPoint({}, 0, NOW_UNIX_NANO, 4, -1.0, [(-0.1, 1), (1.1, 2), (nan, 3), (0.5, -4)])
    groups = group(Metric("rpc", "", "", SUMMARY, 0, False, [point]))
    count = 'rpc_count{instance="",job="cart"} 4\n'
    assert text(groups) == f'# TYPE rpc summary\nrpc_sum{{instance="",job="cart"}} -1.0\n{count}'
    assert openmetrics(groups) == f"# TYPE rpc summary\n{count}# EOF\n"


def test_label_values_are_escaped() -> None:
    point = number(1, {"path": 'C:\\DIR\n"x"\r\0ü'})
    assert 'x{instance="",job="cart",path="C:\\\\DIR\\n\\"x\\"\r\0ü"} 1\n' in text(group(gauge("x", point)))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"), (-5, "-5"), (2**64, "18446744073709551616"), (1.0, "1.0"), (0.1, "0.1"),
        (1e-7, "1e-07"), (1.5e300, "1.5e+300"), (nan, "NaN"), (inf, "+Inf"), (-inf, "-Inf"),
    ],
)  # fmt: skip
def test_a_number_has_its_text(value: float, written: str) -> None:
    assert number_text(value) == written


@pytest.mark.parametrize(
    "written",
    [
        # OpenMetrics, "Canonical Numbers".
        "0.0", "0.001", "0.002", "0.01", "0.1", "0.9", "0.95", "0.99", "0.999", "1.0", "1.7", "10.0",
        "1e-10", "1e-09", "1e-05", "0.0001", "100000.0", "1e+06", "1e+10", "1e+23", "1.1e+23",
        "1e+308", "5e-324",
        "1.234567e+06", "1.2345678901e+06", "-2.5e+06", "-0.5", "123456.75", "+Inf", "-Inf",
    ],
)  # fmt: skip
def test_a_bound_has_its_canonical_text(written: str) -> None:
    assert bound_text(float(written)) == written


def test_families_of_many_services_are_written_once_and_in_order() -> None:
    groups = [
        group(counter("b", number(1)), gauge("a", number(2)), resource=CHECKOUT),
        group(gauge("a", number(4)), counter("b", number(3, {"k": "v"})), counter("b", number(5))),
    ]
    expected = (
        "# TYPE a gauge\n"
        'a{instance="",job="cart"} 4\n'
        'a{instance="",job="checkout"} 2\n'
        "# TYPE b_total counter\n"
        'b_total{instance="",job="cart"} 5\n'
        'b_total{instance="",job="cart",k="v"} 3\n'
        'b_total{instance="",job="checkout"} 1\n'
    )
    assert text(*groups) == text(*reversed(groups)) == expected


def test_target_info_is_first_and_once_for_each_target() -> None:
    def resource(version: str) -> Resource:
        return Resource({"service.name": "cart", "service.version": version})

    others = [Resource({"service.name": name, "a": 1}) for name in ("e", "b", "d", "c")]
    groups = [
        group(gauge("a", number(1, time=NOW_UNIX_NANO + 1)), resource=resource("2")),
        group(gauge("a", number(2)), resource=resource("3")),
        group(resource=Resource({"service.name": "silent", "service.version": "1"})),
        *(group(gauge("a", number(3)), resource=other) for other in others),
    ]
    sample = (
        'target_info{a="1",instance="",job="b"} 1\n'
        'target_info{a="1",instance="",job="c"} 1\n'
        'target_info{a="1",instance="",job="d"} 1\n'
        'target_info{a="1",instance="",job="e"} 1\n'
        'target_info{instance="",job="cart",service_version="2"} 1\n'
        "# TYPE a gauge\n"
    )
    assert openmetrics(*groups).startswith(
        f"# TYPE target info\n# HELP target Resource attributes of a service.\n{sample}"
    )
    assert text(*groups).startswith(
        f"# TYPE target_info gauge\n# HELP target_info Resource attributes of a service.\n{sample}"
    )


def test_a_point_that_says_its_series_ended_is_not_written() -> None:
    ended = NumberPoint({}, START, NOW_UNIX_NANO, 0, NO_RECORDED_VALUE)
    assert text(group(counter("x", ended))) == ""


def test_a_description_is_cut_to_a_tooltip() -> None:
    page = text(group(gauge("x", number(1), description=" " + "y" * 999 + "\r\n" + "z" * 9)))
    assert f"# HELP x {'y' * 999}\n" in page
