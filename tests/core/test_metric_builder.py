"""Which data points are valid, and what is said of the others."""

from __future__ import annotations

import pytest

from otel_worker.errors import FieldViolation
from otel_worker.metric_model import (
    CUMULATIVE,
    DELTA,
    NO_RECORDED_VALUE,
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricExport,
    MetricGroup,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.model import Resource, Scope
from otel_worker.otlp.metric_builder import MISSING_VALUE, MetricExportBuilder

PATH = "resourceMetrics[0].scopeMetrics[1]"
LATEST = 2**63 - 1
NAN, INFINITY = float("nan"), float("inf")
KIND_OF = {
    HistogramPoint: "histogram",
    ExponentialHistogramPoint: "exponentialHistogram",
    SummaryPoint: "summary",
}


def metric_of(
    *points: Point,
    kind: str = "",
    name: str = "m",
    temporality: int | None = None,
    is_monotonic: bool = False,
) -> Metric:
    """Return a metric of the points' kind; number points are of a delta sum if nothing else is given."""
    kind = kind or KIND_OF.get(type(points[0]), "sum")
    if temporality is None:
        temporality = DELTA if kind in ("sum", "histogram", "exponentialHistogram") else 0
    return Metric(name, "", "", kind, temporality, is_monotonic, list(points))


def build(*metrics: Metric) -> MetricExport:
    builder = MetricExportBuilder()
    builder.open_scope(Resource(), Scope(), PATH)
    for index, metric in enumerate(metrics):
        builder.add(metric, index)
    return builder.build()


def number(value: float = 1, start: int = 1, time: int = 2, flags: int = 0) -> NumberPoint:
    return NumberPoint({}, start, time, value, flags)


def histogram(
    counts: list[int],
    bounds: list[float],
    count: int | None = None,
    total: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> HistogramPoint:
    count = sum(counts) if count is None else count
    return HistogramPoint({}, 1, 2, count, total, counts, bounds, minimum, maximum)


def exponential(
    positive: Buckets | None = None,
    negative: Buckets | None = None,
    *,
    scale: int = 0,
    zero_count: int = 0,
    count: int | None = None,
    total: float | None = None,
    threshold: float = 0.0,
) -> ExponentialHistogramPoint:
    positive, negative = positive or Buckets(), negative or Buckets()
    if count is None:
        count = zero_count + sum(positive.counts) + sum(negative.counts)
    return ExponentialHistogramPoint({}, 1, 2, count, total, scale, zero_count, positive, negative, threshold)


def summary(*quantiles: float) -> SummaryPoint:
    return SummaryPoint({}, 1, 2, 3, 4.0, [(quantile, NAN) for quantile in quantiles])


WRONG_TIME = f"must be 1 to {LATEST}; found"
WRONG_START = f"must be 0 to {LATEST}; found"
OFFSET = "leads to buckets that hold no double at scale"
INVALID: dict[str, tuple[Metric, str, str]] = {
    "no time": (metric_of(number(time=0)), "timeUnixNano", f"{WRONG_TIME} 0"),
    "a time beyond 63 bits": (
        metric_of(number(time=LATEST + 1)), "timeUnixNano", f"{WRONG_TIME} {LATEST + 1}"
    ),
    "a start beyond 63 bits": (
        metric_of(number(start=LATEST + 1)), "startTimeUnixNano", f"{WRONG_START} {LATEST + 1}"
    ),
    "no value": (metric_of(number(MISSING_VALUE)), "value", "must be set, as asInt or as asDouble"),
    "a gauge without a value": (
        metric_of(number(MISSING_VALUE), kind="gauge"), "value", "must be set, as asInt or as asDouble"
    ),
    "a sum of NaN": (metric_of(number(NAN)), "asDouble", "must be finite in a sum; found nan"),
    "an infinite sum": (
        metric_of(number(-INFINITY), temporality=CUMULATIVE),
        "asDouble",
        "must be finite in a sum; found -inf",
    ),
    "a sum that shrinks": (
        metric_of(number(-1), is_monotonic=True),
        "value",
        "must not be negative in a monotonic delta; found -1",
    ),
    "too few buckets": (
        metric_of(histogram([1, 2], [1.0, 2.0])),
        "bucketCounts",
        "must be one more than the 2 explicitBounds; found 2",
    ),
    "bounds without buckets": (
        metric_of(histogram([], [1.0])), "bucketCounts", "must be one more than the 1 explicitBounds; found 0"
    ),
    "too many buckets": (
        metric_of(histogram([0] * 10_001, [float(bound) for bound in range(10_000)])),
        "bucketCounts",
        "must not be more than 10000",
    ),
    "an infinite bound": (
        metric_of(histogram([1, 2, 3], [1.0, INFINITY])), "explicitBounds", "must be finite"
    ),
    "a bound of NaN": (metric_of(histogram([1, 2], [NAN])), "explicitBounds", "must be finite"),
    "a bound twice": (
        metric_of(histogram([1, 2, 3], [1.0, 1.0])),
        "explicitBounds",
        "must be strictly increasing; found 1.0 after 1.0",
    ),
    "bounds that go down": (
        metric_of(histogram([1, 2, 3], [1.0, 0.5])),
        "explicitBounds",
        "must be strictly increasing; found 0.5 after 1.0",
    ),
    "a count that is not that of the buckets": (
        metric_of(histogram([1, 2], [1.0], count=4)),
        "count",
        "must be the sum of the bucketCounts, 3; found 4",
    ),
    "a histogram whose sum is NaN": (
        metric_of(histogram([1], [], total=NAN)), "sum", "must be finite or absent; found nan"
    ),
    "an infinite exponential sum": (
        metric_of(exponential(total=INFINITY)), "sum", "must be finite or absent; found inf"
    ),
    "a scale too low": (metric_of(exponential(scale=-11)), "scale", "must be -10 to 20; found -11"),
    "a scale too high": (metric_of(exponential(scale=21)), "scale", "must be -10 to 20; found 21"),
    "a threshold below 0": (
        metric_of(exponential(threshold=-0.5)), "zeroThreshold", "must be finite and not negative; found -0.5"
    ),
    "a threshold of NaN": (
        metric_of(exponential(threshold=NAN)), "zeroThreshold", "must be finite and not negative; found nan"
    ),
    "an exponential count": (
        metric_of(exponential(Buckets(0, [1, 2]), Buckets(5, [4]), zero_count=8, count=14)),
        "count",
        "must be the sum of zeroCount and all bucketCounts, 15; found 14",
    ),
    "too many exponential buckets": (
        metric_of(exponential(None, Buckets(0, [0] * 10_001), scale=20)),
        "negative.bucketCounts",
        "must not be more than 10000",
    ),
    "a bucket below all doubles": (
        metric_of(exponential(Buckets(-2049, [1]))), "positive.offset", f"{OFFSET} 0; found -2049"
    ),
    "a bucket above all doubles": (
        metric_of(exponential(None, Buckets(1, [1, 1]), scale=-10)),
        "negative.offset",
        f"{OFFSET} -10; found 1",
    ),
    "a quantile above 1": (
        metric_of(summary(0.5, 1.5)), "quantileValues", "must be of quantiles from 0 to 1; found 1.5"
    ),
    "a quantile of NaN": (
        metric_of(summary(NAN)), "quantileValues", "must be of quantiles from 0 to 1; found nan"
    ),
    "a quantile twice": (
        metric_of(summary(0.5, 0.5)), "quantileValues", "must be strictly increasing; found 0.5 after 0.5"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("metric", "field", "description"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_point_is_rejected_with_the_path_of_its_field(
    metric: Metric, field: str, description: str
) -> None:
    path = f"{PATH}.metrics[0].{metric.kind}.dataPoints[0].{field}"
    assert build(metric) == MetricExport([], 1, [FieldViolation(path, description)])


VALID: dict[str, Metric] = {
    "no start": metric_of(number(start=0)),
    "a start behind the time": metric_of(number(start=9, time=2)),
    "the latest times": metric_of(number(start=LATEST, time=LATEST)),
    "a sum that goes up and down": metric_of(number(-1)),
    "a cumulative monotonic sum below 0": metric_of(number(-1), temporality=CUMULATIVE, is_monotonic=True),
    "a monotonic delta of 0": metric_of(number(0.0), is_monotonic=True),
    "a gauge of NaN": metric_of(number(NAN), kind="gauge"),
    "a gauge of infinity": metric_of(number(INFINITY), kind="gauge"),
    "a histogram without buckets": metric_of(histogram([], [], count=5, total=1.0)),
    "a histogram of one bucket": metric_of(histogram([5], [])),
    "a histogram of bounds below 0": metric_of(histogram([1, 2, 3], [-1.0, -0.0], None, -5.0, -4.0, 2.0)),
    "as many buckets as allowed": metric_of(histogram([0] * 10_000, [float(n) for n in range(9_999)])),
    "the lowest scale": metric_of(exponential(Buckets(-2, [1, 1, 1, 1]), scale=-10)),
    "the highest scale": metric_of(exponential(Buckets(2**31 - 2, [1]), Buckets(-(2**31), [1]), scale=20)),
    "as many exponential buckets": metric_of(exponential(Buckets(0, [1] * 10_000), scale=20)),
    "an offset without buckets": metric_of(exponential(Buckets(2**31 - 1, []))),
    "a summary of every quantile": metric_of(summary(0.0, 0.5, 1.0)),
    "a summary without quantiles": metric_of(summary()),
}


@pytest.mark.parametrize("metric", VALID.values(), ids=VALID.keys())
def test_a_valid_point_is_kept_as_it_is(metric: Metric) -> None:
    expected = repr(MetricExport([MetricGroup(Resource(), Scope(), [metric])]))
    assert repr(build(metric)) == expected


@pytest.mark.parametrize(
    "metric",
    [
        metric_of(number(), number(), temporality=0),
        metric_of(histogram([1], []), histogram([2], []), temporality=3),
        metric_of(exponential(), exponential(), temporality=-1),
    ],
    ids=["a sum", "a histogram", "an exponential histogram"],
)
def test_without_a_known_temporality_no_point_has_a_meaning(metric: Metric) -> None:
    field = f"{PATH}.metrics[0].{metric.kind}.aggregationTemporality"
    description = f"must be 1 (delta) or 2 (cumulative); found {metric.temporality}"
    assert build(metric) == MetricExport([], 2, [FieldViolation(field, description)])


def test_a_metric_without_a_name_loses_its_points_and_no_other_does() -> None:
    named = metric_of(number())
    export = build(metric_of(number(), number(), number(), name=""), named, metric_of(kind="sum", name=""))
    violation = FieldViolation(f"{PATH}.metrics[0].name", "must not be empty")
    assert export == MetricExport([MetricGroup(Resource(), Scope(), [named])], 3, [violation])


def test_a_metric_without_data_counts_as_one_point() -> None:
    builder = MetricExportBuilder()
    builder.open_scope(Resource(), Scope(), PATH)
    builder.reject_unknown(4)
    description = "must be a gauge, sum, histogram, exponentialHistogram or summary; found none of them"
    assert builder.build() == MetricExport([], 1, [FieldViolation(f"{PATH}.metrics[4].data", description)])


@pytest.mark.parametrize("kind", ["gauge", "sum"])
def test_a_point_without_a_recorded_value_is_kept_with_its_flag(kind: str) -> None:
    flags = NO_RECORDED_VALUE | 0x80
    (group,) = build(metric_of(number(MISSING_VALUE, flags=flags), kind=kind)).groups
    assert repr(group.metrics[0].points) == repr([number(0, flags=flags)])


def test_a_point_without_a_recorded_value_keeps_to_all_other_rules() -> None:
    flagged = histogram([1], [], count=2)
    flagged.flags = NO_RECORDED_VALUE
    assert build(metric_of(flagged, number(time=0, flags=NO_RECORDED_VALUE))).rejected_count == 2


@pytest.mark.parametrize("nothing", [NAN, INFINITY, -INFINITY])
def test_a_smallest_and_largest_value_that_are_not_finite_are_taken_for_absent(nothing: float) -> None:
    points = (histogram([1], [], 1, 3.0, nothing, nothing), exponential())
    points[1].min = points[1].max = nothing
    metrics = [metric_of(point) for point in points]
    assert build(*metrics).rejected_count == 0
    assert [(point.min, point.max) for point in points] == [(None, None)] * 2


def test_the_valid_points_of_a_metric_are_kept_and_the_others_named_by_their_place() -> None:
    points = [number(1), number(NAN), number(3), number(time=0)]
    export = build(metric_of(kind="gauge"), metric_of(*points))
    assert export.groups[0].metrics == [metric_of(number(1), number(3))]
    assert export.rejected_count == 2
    assert [violation.field for violation in export.rejections] == [
        f"{PATH}.metrics[1].sum.dataPoints[1].asDouble",
        f"{PATH}.metrics[1].sum.dataPoints[3].timeUnixNano",
    ]


def test_only_the_first_five_reasons_are_kept_and_all_points_counted() -> None:
    export = build(metric_of(*(number(time=0) for _ in range(100))))
    assert (export.groups, export.rejected_count) == ([], 100)
    assert [violation.field for violation in export.rejections] == [
        f"{PATH}.metrics[0].sum.dataPoints[{index}].timeUnixNano" for index in range(5)
    ]


def test_metrics_are_grouped_by_scope_and_no_group_is_empty() -> None:
    shop, till = Resource({"service.name": "shop"}), Resource({"service.name": "till"})
    builder = MetricExportBuilder()
    for resource, scope, times in ((shop, "a", (2, 3)), (shop, "b", (0,)), (till, "a", (4,))):
        builder.open_scope(resource, Scope(scope), PATH)
        for index, time in enumerate(times):
            builder.add(metric_of(number(time=time)), index)
    assert builder.build().groups == [
        MetricGroup(shop, Scope("a"), [metric_of(number(time=2)), metric_of(number(time=3))]),
        MetricGroup(till, Scope("a"), [metric_of(number(time=4))]),
    ]
