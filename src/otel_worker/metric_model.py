"""The model that both OTLP encodings of metrics are decoded to (metrics.proto).

Attribute values have the forms of `model`. Times are Unix nanoseconds; 0 where none was sent.
"""

from __future__ import annotations

from msgspec import Struct, field

from otel_worker.errors import FieldViolation
from otel_worker.model import Attributes, Resource, Scope

# metrics.proto, AggregationTemporality.
DELTA, CUMULATIVE = 1, 2

GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY = (
    "gauge", "sum", "histogram", "exponentialHistogram", "summary",
)  # fmt: skip

# metrics.proto, DataPointFlags.
NO_RECORDED_VALUE = 1


class NumberPoint(Struct, gc=False, tag="number"):
    """A value of a sum or a gauge."""

    attributes: Attributes
    start_unix_nano: int
    time_unix_nano: int
    value: int | float
    flags: int = 0


class HistogramPoint(Struct, gc=False, tag="histogram"):
    """A histogram with explicit bounds: one bucket count more than bounds, or none of both."""

    attributes: Attributes
    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: float | None
    bucket_counts: list[int]
    bounds: list[float]
    min: float | None = None
    max: float | None = None
    flags: int = 0


class Buckets(Struct, gc=False):
    """Counts of neighbouring exponential buckets; the first is number `offset`."""

    offset: int = 0
    counts: list[int] = field(default_factory=list)


class ExponentialHistogramPoint(Struct, gc=False, tag="exponentialHistogram"):
    """A histogram whose bucket i holds values in (base^i, base^(i+1)], base = 2^(2^-scale)."""

    attributes: Attributes
    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: float | None
    scale: int
    zero_count: int
    positive: Buckets
    negative: Buckets
    zero_threshold: float = 0.0
    min: float | None = None
    max: float | None = None
    flags: int = 0


class SummaryPoint(Struct, gc=False, tag="summary"):
    """Count, sum and quantiles, each a pair of quantile and value; only kept and passed on."""

    attributes: Attributes
    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: float
    quantiles: list[tuple[float, float]]
    flags: int = 0


Point = NumberPoint | HistogramPoint | ExponentialHistogramPoint | SummaryPoint


class Metric(Struct, gc=False):
    """Points of one instrument. `temporality` and `is_monotonic` are 0 and False where the kind has none."""

    name: str
    description: str
    unit: str
    kind: str
    temporality: int
    is_monotonic: bool
    points: list[Point]


class MetricGroup(Struct, gc=False):
    """Metrics that share a resource and a scope."""

    resource: Resource
    scope: Scope
    metrics: list[Metric]


class MetricExport(Struct, gc=False):
    """A decoded ExportMetricsServiceRequest: its valid points, and what was wrong with the others.

    `rejections` holds the first few reasons; `rejected_count` counts all rejected points.
    """

    groups: list[MetricGroup]
    rejected_count: int = 0
    rejections: list[FieldViolation] = field(default_factory=list)
