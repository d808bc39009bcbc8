"""What was recorded between two flushes, and its merging with what could not be sent."""

from __future__ import annotations

from workers_otel.attributes import AttributeSet
from workers_otel.instruments import Instrument, Point

SeriesKey = tuple[Instrument, AttributeSet]


class Window:
    """Data points by series, since `start_unix_nano`; 0 is before the first record."""

    __slots__ = ("points", "start_unix_nano")

    def __init__(self, start_unix_nano: int) -> None:
        self.start_unix_nano = start_unix_nano
        self.points: dict[SeriesKey, Point] = {}

    def add(
        self,
        instrument: Instrument,
        attributes: AttributeSet,
        value: float,
        now_unix_nano: int,
        limit: int | None,
    ) -> bool:
        """Record a value; false if it would be one series more than `limit`, and nothing happened."""
        key = (instrument, attributes)
        point = self.points.get(key)
        if point is None:
            if limit is not None and len(self.points) >= limit:
                return False
            point = self.points[key] = instrument.new_point()
        point.add(value, now_unix_nano)
        return True

    def merge(self, newer: Window, limit: int) -> int:
        """Take in the window after this one; return how many data points were too many and are lost."""
        lost = 0
        for key, newer_point in newer.points.items():
            point = self.points.get(key)
            if point is not None:
                # Points of a series are of one class: its instrument's.
                point.merge(newer_point)  # type: ignore[arg-type]
            elif len(self.points) < limit:
                self.points[key] = newer_point
            else:
                lost += 1
        return lost
