"""What makes a data point valid, and the groups that valid ones are collected in: shared by both decoders.

The rules are those of metrics.proto. Where it leaves a choice:

* A point whose time is 0 is rejected (Metric, "TimeUnixNano"). A start behind the time is kept: clocks are
  set back.
* A histogram whose count is not that of its buckets is rejected, as the .proto demands: whatever is made of
  it later would contradict itself, and Prometheus refuses such points with all others of their request.
* A sum, and the sum of a histogram, has to be finite: one NaN would stay in the series for ever. Gauges and
  quantiles may be anything. A smallest or largest value that is not finite is taken for absent, since SDKs
  send infinity where nothing was measured.
* A point with NO_RECORDED_VALUE may lack its value, and keeps to all other rules.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

from otel_worker.errors import FieldViolation
from otel_worker.metric_model import (
    CUMULATIVE,
    DELTA,
    EXPONENTIAL_HISTOGRAM,
    HISTOGRAM,
    NO_RECORDED_VALUE,
    SUM,
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
from otel_worker.otlp.builder import MAX_REJECTIONS, MAX_TIME_UNIX_NANO
from otel_worker.otlp.message_count import MessageCount

# SDKs have 160 at most. How many there may be in a whole request, `count_buckets` says.
MAX_BUCKETS = 10_000

# The range of the exponential histograms of SDKs and Prometheus; base^(2^10) is all there is of a double.
MIN_SCALE, MAX_SCALE = -10, 20

# Stands for the value of a point that has none; recognised by its identity.
MISSING_VALUE = float("nan")

# With its lists a point takes as much memory as several small messages; a bucket takes a quarter of one.
_MESSAGES_PER_POINT = 2
_BUCKETS_PER_MESSAGE = 4

# A field and what is wrong with it.
_Defect = tuple[str, str]


def count_points(messages: MessageCount, number: int) -> None:
    """Count points that are about to be decoded. Raises TooManyMessages."""
    messages.add(_MESSAGES_PER_POINT * number)


def count_buckets(messages: MessageCount, number: int) -> None:
    """Count buckets that were read. Raises TooManyMessages."""
    messages.add(-(-number // _BUCKETS_PER_MESSAGE))


class MetricExportBuilder:
    """Collects the metrics of one export request, in the order they are decoded.

    A decoder calls `open_scope` for each ScopeMetrics and `add` or `reject_unknown` for each of its metrics.
    """

    def __init__(self) -> None:
        self.messages = MessageCount()
        self._groups: list[MetricGroup] = []
        self._group = MetricGroup(Resource(), Scope(), [])
        self._path = ""
        self._rejected_count = 0
        self._rejections: list[FieldViolation] = []

    def open_scope(self, resource: Resource, scope: Scope, path: str) -> None:
        """Say which resource and scope the next metrics belong to; `path` names the scope in messages."""
        self._group = MetricGroup(resource, scope, [])
        self._path = path

    def add(self, metric: Metric, index: int) -> None:
        """Keep the valid points of a metric and count the others; `index` is its place in the scope.

        A number point without a value has MISSING_VALUE for it. A metric without points leaves no trace.
        """
        defect = _metric_defect(metric)
        if defect is not None:
            self._reject(index, *defect, len(metric.points))
            return
        valid: list[Point] = []
        for place, point in enumerate(metric.points):
            point_defect = _point_defect(metric, point)
            if point_defect is None:
                valid.append(point)
            else:
                field, description = point_defect
                self._reject(index, f"{metric.kind}.dataPoints[{place}].{field}", description, 1)
        if valid:
            metric.points = valid
            if not self._group.metrics:
                self._groups.append(self._group)
            self._group.metrics.append(metric)

    def reject_unknown(self, index: int) -> None:
        """Count a metric with no data of a known kind as one point: how many it has, nobody knows."""
        description = "must be a gauge, sum, histogram, exponentialHistogram or summary; found none of them"
        self._reject(index, "data", description, 1)

    def build(self) -> MetricExport:
        """Return everything collected."""
        return MetricExport(self._groups, self._rejected_count, self._rejections)

    def _reject(self, index: int, field: str, description: str, point_count: int) -> None:
        self._rejected_count += point_count
        if point_count and len(self._rejections) < MAX_REJECTIONS:
            self._rejections.append(FieldViolation(f"{self._path}.metrics[{index}].{field}", description))


def _metric_defect(metric: Metric) -> _Defect | None:
    """Return the field that makes all points of a metric invalid and how, or None."""
    if not metric.name:
        return "name", "must not be empty"
    has_temporality = metric.kind in (SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM)
    if has_temporality and metric.temporality not in (DELTA, CUMULATIVE):
        field = f"{metric.kind}.aggregationTemporality"
        return field, f"must be {DELTA} (delta) or {CUMULATIVE} (cumulative); found {metric.temporality}"
    return None


def _point_defect(metric: Metric, point: Point) -> _Defect | None:
    """Return the field that makes a point invalid and how, or None."""
    if not 0 < point.time_unix_nano <= MAX_TIME_UNIX_NANO:
        return "timeUnixNano", f"must be 1 to {MAX_TIME_UNIX_NANO}; found {point.time_unix_nano}"
    if not 0 <= point.start_unix_nano <= MAX_TIME_UNIX_NANO:
        return "startTimeUnixNano", f"must be 0 to {MAX_TIME_UNIX_NANO}; found {point.start_unix_nano}"
    if isinstance(point, NumberPoint):
        return _number_defect(metric, point)
    if isinstance(point, HistogramPoint):
        return _extremes_defect(point) or _histogram_defect(point)
    if isinstance(point, ExponentialHistogramPoint):
        return _extremes_defect(point) or _exponential_defect(point)
    return _summary_defect(point)


def _number_defect(metric: Metric, point: NumberPoint) -> _Defect | None:
    value = point.value
    if value is MISSING_VALUE:
        if not point.flags & NO_RECORDED_VALUE:
            return "value", "must be set, as asInt or as asDouble"
        point.value = 0
        return None
    if metric.kind != SUM:
        return None
    if not isfinite(value):
        return "asDouble", f"must be finite in a sum; found {value}"
    if value < 0 and metric.is_monotonic and metric.temporality == DELTA:
        return "value", f"must not be negative in a monotonic delta; found {value}"
    return None


def _extremes_defect(point: HistogramPoint | ExponentialHistogramPoint) -> _Defect | None:
    """Judge the sum, and leave out a smallest and largest value that say nothing."""
    if point.min is not None and not isfinite(point.min):
        point.min = None
    if point.max is not None and not isfinite(point.max):
        point.max = None
    if point.sum is not None and not isfinite(point.sum):
        return "sum", f"must be finite or absent; found {point.sum}"
    return None


def _histogram_defect(point: HistogramPoint) -> _Defect | None:
    counts, bounds = point.bucket_counts, point.bounds
    if len(counts) > MAX_BUCKETS:
        return "bucketCounts", f"must not be more than {MAX_BUCKETS}"
    if not counts and not bounds:
        return None
    if len(counts) != len(bounds) + 1:
        return "bucketCounts", f"must be one more than the {len(bounds)} explicitBounds; found {len(counts)}"
    if not all(map(isfinite, bounds)):
        return "explicitBounds", "must be finite"
    for lower, upper in pairwise(bounds):
        if lower >= upper:
            return "explicitBounds", f"must be strictly increasing; found {upper} after {lower}"
    total = sum(counts)
    if total != point.count:
        return "count", f"must be the sum of the bucketCounts, {total}; found {point.count}"
    return None


def _exponential_defect(point: ExponentialHistogramPoint) -> _Defect | None:
    scale = point.scale
    if not MIN_SCALE <= scale <= MAX_SCALE:
        return "scale", f"must be {MIN_SCALE} to {MAX_SCALE}; found {scale}"
    if not 0 <= point.zero_threshold < float("inf"):
        return "zeroThreshold", f"must be finite and not negative; found {point.zero_threshold}"
    # Twice the exponents of doubles. It keeps histograms small when they are brought to one scale.
    limit = 2 ** (11 + scale)
    for field, buckets in (("positive", point.positive), ("negative", point.negative)):
        offset, counts = buckets.offset, buckets.counts
        if len(counts) > MAX_BUCKETS:
            return f"{field}.bucketCounts", f"must not be more than {MAX_BUCKETS}"
        if counts and not -limit <= offset <= limit - len(counts):
            return f"{field}.offset", f"leads to buckets that hold no double at scale {scale}; found {offset}"
    total = point.zero_count + sum(point.positive.counts) + sum(point.negative.counts)
    if total != point.count:
        return "count", f"must be the sum of zeroCount and all bucketCounts, {total}; found {point.count}"
    return None


def _summary_defect(point: SummaryPoint) -> _Defect | None:
    previous = -1.0
    for quantile, _ in point.quantiles:
        if not 0 <= quantile <= 1:
            return "quantileValues", f"must be of quantiles from 0 to 1; found {quantile}"
        if quantile <= previous:
            return "quantileValues", f"must be strictly increasing; found {quantile} after {previous}"
        previous = quantile
    return None
