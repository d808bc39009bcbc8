"""What bounds the memory of an aggregator, and what an operator can choose about its series."""

from __future__ import annotations

from dataclasses import dataclass

NANOS_PER_SECOND = 1_000_000_000
# Prometheus counts time in milliseconds: two points of one series are that far apart at least.
NANOS_PER_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class AggregationOptions:
    """Limits and choices for the series of one service."""

    series_limit: int = 10_000
    # Of all rows together, estimated. What is in memory takes up to seven times as much: 1 KB for a
    # counter, 1.4 KB for a histogram of 16 buckets, 15 KB for an exponential one of 320.
    state_bytes: int = 8_000_000
    points_per_push: int = 10_000
    # Of one series, with its metric's name, unit and description, as JSON.
    attribute_bytes: int = 4096
    # Of one resource together with its scope, as JSON.
    resource_bytes: int = 16_384
    # Buckets of a histogram on each side as sent, quantiles of a summary. SDKs have 16 and 160.
    bucket_limit: int = 512
    # Prometheus takes a series for stale after five minutes, but a counter of rare events must not
    # start again each time: the rarest usual job runs once a day. Two hours are for its delays.
    expiry_seconds: int = 26 * 3600
    # Gauges, summaries and what SDKs already sum are values of one moment of one instance: shown for
    # as long as Prometheus itself would show them.
    passed_on_expiry_seconds: int = 300
    retry_window_seconds: int = 600
    # 109 pushes a second for the whole window; above that the window gets shorter.
    digest_limit: int = 65_536
    # How long no point must have had a histogram's bounds before it takes those of others: a rollout
    # of a new version, during which both come, is over by then.
    bounds_settle_seconds: int = 600
    # Not part of a delta's series, so that the deltas of all isolates sum up.
    dropped_resource_attributes: frozenset[str] = frozenset({"service.instance.id"})
    # When given, only these tell the series of deltas apart, and the others are not kept.
    identifying_resource_attributes: frozenset[str] | None = None

    @property
    def expiry_nanos(self) -> int:
        return self.expiry_seconds * NANOS_PER_SECOND


# Prometheus makes labels of these two only: series that differ in other attributes of their resource would
# be one series there, with values that jump.
PROMETHEUS_OPTIONS = AggregationOptions(
    identifying_resource_attributes=frozenset({"service.name", "service.namespace"})
)
