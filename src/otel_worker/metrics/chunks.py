"""Which row a series is kept in: chunks, filled up to a size that leaves room for growing numbers."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from otel_worker.metric_model import ExponentialHistogramPoint, HistogramPoint, SummaryPoint
from otel_worker.metrics.rows import ROW_BYTES
from otel_worker.metrics.series import Series

# Estimates in characters: numbers of usual size, with what is around them.
_SERIES_BYTES, _STREAM_BYTES = 140, 60
_BOUND_BYTES, _COUNT_BYTES, _QUANTILE_BYTES = 8, 8, 32
# What an exponential histogram may grow to, 160 buckets on both sides, most of them small.
_EXPONENTIAL_BYTES = 2000
_FULL_BYTES = ROW_BYTES * 3 // 4


class Chunk(Struct):
    """The series of one row, by number, and how many characters they will take."""

    series: dict[int, Series] = field(default_factory=dict)
    bytes_by_series: dict[int, int] = field(default_factory=dict)
    # How many of the series each stream has; the row has a stream once.
    streams: dict[int, int] = field(default_factory=dict)
    used_bytes: int = 0


class Chunks:
    """All chunks of an aggregator, by their numbers."""

    def __init__(self) -> None:
        self.by_number: dict[int, Chunk] = {}
        self._open = 0
        self.used_bytes = 0

    def series_of(self, number: int) -> Iterable[Series]:
        """Return the series of a chunk, which may be none."""
        chunk = self.by_number.get(number)
        return chunk.series.values() if chunk else ()

    def place(self, series: Series) -> None:
        """Put a new series into a chunk with room, and tell it which."""
        size = _series_bytes(series) + _stream_bytes(series)
        chunk = self.by_number.get(self._open)
        if chunk is None or chunk.used_bytes + size > _FULL_BYTES:
            self._open = self._find_room(size)
        series.chunk = self._open
        self.put_back(series)

    def put_back(self, series: Series) -> None:
        """Put a series into the chunk that it says."""
        chunk = self.by_number.setdefault(series.chunk, Chunk())
        chunk.series[series.number] = series
        chunk.bytes_by_series[series.number] = size = _series_bytes(series)
        before = chunk.used_bytes
        chunk.used_bytes += size
        stream = series.stream.number
        if stream not in chunk.streams:
            chunk.streams[stream] = 0
            chunk.used_bytes += _stream_bytes(series)
        chunk.streams[stream] += 1
        self.used_bytes += chunk.used_bytes - before

    def remove(self, series: Series) -> None:
        """Take a series out; its chunk stays, for others."""
        chunk = self.by_number[series.chunk]
        before = chunk.used_bytes
        del chunk.series[series.number]
        chunk.used_bytes -= chunk.bytes_by_series.pop(series.number)
        stream = series.stream.number
        chunk.streams[stream] -= 1
        if not chunk.streams[stream]:
            del chunk.streams[stream]
            chunk.used_bytes -= _stream_bytes(series)
        self.used_bytes += chunk.used_bytes - before

    def _find_room(self, size: int) -> int:
        number = 0
        while number in self.by_number and self.by_number[number].used_bytes + size > _FULL_BYTES:
            if not self.by_number[number].series:
                break
            number += 1
        return number


def _series_bytes(series: Series) -> int:
    point = series.point
    size = _SERIES_BYTES + len(series.attributes_json)
    if isinstance(point, HistogramPoint):
        size += _BOUND_BYTES * len(point.bounds) + _COUNT_BYTES * len(point.bucket_counts)
    elif isinstance(point, ExponentialHistogramPoint):
        size += _EXPONENTIAL_BYTES
    elif isinstance(point, SummaryPoint):
        size += _QUANTILE_BYTES * len(point.quantiles)
    return size


def _stream_bytes(series: Series) -> int:
    """Return the size of a series' stream, with its group: too much where streams share one.

    Its description may come later, so it is no part of this.
    """
    stream = series.stream
    return _STREAM_BYTES + len(stream.name) + len(stream.group_json)
