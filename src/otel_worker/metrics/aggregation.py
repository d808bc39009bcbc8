"""The aggregator: all series of one service, as pushes of many clients make them.

It does no I/O and has no clock. Whoever owns it calls, one after another: `push` for each request,
`dirty_rows` to store what changed (and answers the requests only then), `snapshot` and `mark_sent` for
what is passed on, `expire` now and then. `load` makes it again out of the stored rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from otel_worker.errors import FieldViolation
from otel_worker.metric_model import NO_RECORDED_VALUE, Metric, MetricGroup, Point
from otel_worker.metrics.options import NANOS_PER_MILLISECOND, NANOS_PER_SECOND, AggregationOptions
from otel_worker.metrics.retry_window import RetryWindow
from otel_worker.metrics.series import (
    Series,
    add_delta,
    end_series,
    find_point_fault,
    replace_point,
    start_series,
    take_next_bounds,
)
from otel_worker.metrics.series_store import SeriesStore
from otel_worker.metrics.snapshot import Snapshot, take_snapshot
from otel_worker.metrics.streams import GroupIdentity, Stream, canonical_json, find_metric_fault

# The same as for spans: enough to see what is wrong.
_MAX_REJECTIONS = 5


class PushResult(Struct, gc=False):
    """What became of a push. Of a duplicate nothing is counted: its first copy was answered.

    `ignored_points` are accepted ones that were not newer than what their series holds.
    """

    accepted_points: int = 0
    ignored_points: int = 0
    rejected_count: int = 0
    rejections: list[FieldViolation] = field(default_factory=list)
    is_duplicate: bool = False

    def reject(self, metric: Metric, reason: str, count: int = 1) -> None:
        self.rejected_count += count
        if len(self.rejections) < _MAX_REJECTIONS:
            self.rejections.append(FieldViolation(f"metric {metric.name[:200]!r}", reason))


class Aggregator:
    """The series of one service; at most one request at a time may use it."""

    def __init__(self, options: AggregationOptions | None = None) -> None:
        self._options = options or AggregationOptions()
        self._retries = RetryWindow(self._options.retry_window_seconds, self._options.digest_limit)
        self._store = SeriesStore(self._retries)
        self._now_unix_nano = 0

    @classmethod
    def load(cls, rows: Mapping[str, str], options: AggregationOptions | None = None) -> Aggregator:
        """Return the aggregator that wrote the rows.

        Raises StorageFailure for a row of another format version, or one that cannot be read.
        """
        aggregator = cls(options)
        aggregator._store.load(rows)
        aggregator._now_unix_nano = max(
            (series.seen_unix_nano for series in aggregator._store.by_number.values()),
            default=aggregator._store.start_floor_unix_nano,
        )
        return aggregator

    @property
    def series_count(self) -> int:
        return len(self._store.by_number)

    def push(self, groups: Sequence[MetricGroup], digest: str, now_unix_nano: int) -> PushResult:
        """Add the points of one request, unless a request with this digest was added before.

        A point that cannot be taken is rejected with a reason and changes nothing. The result MUST be
        answered only when `dirty_rows` are stored: a duplicate is as little stored as its first copy.
        """
        now_unix_nano = self._advance(now_unix_nano)
        if not self._retries.remember(digest, now_unix_nano):
            return PushResult(is_duplicate=True)
        result = PushResult()
        room = self._options.points_per_push
        for group in groups:
            identity = GroupIdentity(group, self._options)
            for metric in group.metrics:
                if len(metric.points) > room:
                    reason = f"the request has more than {self._options.points_per_push} points"
                    result.reject(metric, reason, len(metric.points) - room)
                self._push_metric(identity, metric, metric.points[:room], now_unix_nano, result)
                room = max(0, room - len(metric.points))
        return result

    def dirty_rows(self) -> dict[str, str]:
        """Return the rows that changed since the last call, by id.

        They MUST be stored in one transaction. If that fails, the aggregator knows more than is stored:
        it is not to be used again, and made anew with `load`.
        """
        return self._store.dirty_rows()

    def snapshot(self, now_unix_nano: int) -> Snapshot:
        """Return all series as cumulative points, for either way out.

        What it says MUST be stored before it is given out: a counter that goes back to what was stored
        looks like a reset, and Prometheus counts all of it again.
        The moments of two snapshots for one receiver MUST be three milliseconds apart at least: the first
        point of a series may be two behind its moment.
        """
        return take_snapshot(self._store.by_number.values(), self._advance(now_unix_nano))

    def mark_sent(self, snapshot: Snapshot) -> None:
        """Note that a snapshot was passed on: its zeros are not needed again.

        What waited for this is done: series that ended are removed, and histograms that are to take
        other bounds are reset.
        """
        by_number = self._store.by_number
        for number, start_unix_nano in snapshot.unsent:
            series = by_number.get(number)
            if series is not None and series.point.start_unix_nano == start_unix_nano:
                series.is_sent = True
                self._store.touch(series)
        for number, given_out in snapshot.resets:
            series = by_number.get(number)
            if series is not None and series.point.start_unix_nano == given_out.start_unix_nano:
                take_next_bounds(series, given_out)
                self._store.touch(series)
        for number in snapshot.ended:
            series = by_number.get(number)
            if series is not None and series.has_ended:
                self._store.remove(series, snapshot.time_unix_nano)

    def expire(self, now_unix_nano: int) -> int:
        """Remove the series that nothing came for; return how many.

        One that comes back starts again, after everything that was given out of it.
        """
        now_unix_nano = self._advance(now_unix_nano)
        self._retries.forget_old(now_unix_nano)
        summed_limit = now_unix_nano - self._options.expiry_nanos
        passed_on_limit = now_unix_nano - self._options.passed_on_expiry_seconds * NANOS_PER_SECOND
        expired = [
            series
            for series in self._store.by_number.values()
            if series.seen_unix_nano <= (summed_limit if series.stream.is_summed else passed_on_limit)
        ]
        for series in expired:
            self._store.remove(series, now_unix_nano)
        return len(expired)

    def _advance(self, now_unix_nano: int) -> int:
        """Return the time, which never runs backwards, though an object's machine may change."""
        self._now_unix_nano = max(self._now_unix_nano, now_unix_nano)
        return self._now_unix_nano

    def _push_metric(
        self,
        identity: GroupIdentity,
        metric: Metric,
        points: Sequence[Point],
        now_unix_nano: int,
        result: PushResult,
    ) -> None:
        if not points:
            return
        fault = find_metric_fault(metric, self._options.attribute_bytes)
        if fault is not None:
            result.reject(metric, fault, len(points))
            return
        stream = self._store.streams.find(identity, metric)
        if len(stream.group_json) > self._options.resource_bytes:
            reason = f"resource and scope are larger than {self._options.resource_bytes} bytes"
            result.reject(metric, reason, len(points))
            return
        for point in points:
            fault = find_point_fault(point, stream, self._options.bucket_limit)
            if fault is None:
                fault = self._push_point(stream, point, now_unix_nano, result)
            if fault is not None:
                result.reject(metric, fault)

    def _push_point(self, stream: Stream, point: Point, now_unix_nano: int, result: PushResult) -> str | None:
        """Take a point; return why it cannot be, or None."""
        attributes_json = canonical_json.encode(point.attributes)
        series = self._store.get(stream, attributes_json)
        is_taken = True
        if point.flags & NO_RECORDED_VALUE:
            is_taken = series is not None and end_series(series, point.time_unix_nano, now_unix_nano)
        elif series is None:
            fault = self._add_series(stream, attributes_json, point, now_unix_nano)
            if fault is not None:
                return fault
        elif not stream.is_summed:
            is_taken = replace_point(series, point, now_unix_nano)
        else:
            if series.has_ended:
                start = now_unix_nano + NANOS_PER_MILLISECOND
                fault = start_series(series, point, start, now_unix_nano)
            else:
                fault = add_delta(series, point, now_unix_nano, self._options)
            if fault is not None:
                return fault
        if is_taken and series is not None:
            self._store.touch(series)
        result.accepted_points += 1
        result.ignored_points += not is_taken
        return None

    def _add_series(
        self, stream: Stream, attributes_json: bytes, point: Point, now_unix_nano: int
    ) -> str | None:
        if len(attributes_json) > self._options.attribute_bytes:
            return f"the attributes are larger than {self._options.attribute_bytes} bytes"
        if self.series_count >= self._options.series_limit:
            return f"the service has {self.series_count} series; no more are taken until some expire"
        if self._store.used_bytes >= self._options.state_bytes:
            return f"the series of the service take {self._store.used_bytes} bytes; no more are taken"
        series = Series(0, 0, stream, attributes_json, point, now_unix_nano)
        fault = start_series(series, point, self._find_start(point, now_unix_nano), now_unix_nano)
        if fault is None:
            self._store.add(series)
        return fault

    def _find_start(self, point: Point, now_unix_nano: int) -> int:
        """Return where a series starts: with its first point, if that is no time that cannot be."""
        start = point.start_unix_nano
        if not now_unix_nano - self._options.expiry_nanos < start <= now_unix_nano:
            start = now_unix_nano
        floor = self._store.start_floor_unix_nano
        return start if start > floor else floor + NANOS_PER_MILLISECOND
