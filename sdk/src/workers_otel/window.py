"""What was recorded between two flushes."""

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
