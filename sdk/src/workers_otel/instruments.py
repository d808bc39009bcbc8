"""Instruments: what is fixed with the first record of a name, and the data points they add up to."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from workers_otel import drops
from workers_otel.attributes import INT64_MAX, INT64_MIN, AttributeSet, clean_text
from workers_otel.drops import Dropped

COUNTER, UP_DOWN_COUNTER, GAUGE, HISTOGRAM = "counter", "up_down_counter", "gauge", "histogram"

# The buckets that OpenTelemetry's SDKs use by default; they suit milliseconds.
DEFAULT_BOUNDS = (
    0.0,
    5.0,
    10.0,
    25.0,
    50.0,
    75.0,
    100.0,
    250.0,
    500.0,
    750.0,
    1000.0,
    2500.0,
    5000.0,
    7500.0,
    1e4,
)
MAX_BOUNDS = 200

# "Instrument name syntax" and "Instrument unit" of OpenTelemetry's metrics API.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-/]{0,254}", re.ASCII)
_UNIT = re.compile(r"[ -~]{0,63}", re.ASCII)
MAX_DESCRIPTION_LENGTH = 1023


class Scope(NamedTuple):
    """The library that records: OTLP's InstrumentationScope."""

    name: str
    version: str = ""
    schema_url: str = ""
    attributes: AttributeSet = ()


class Instrument:
    """One name in one scope. Its kind, unit and bounds stay; a float makes it one of floats for good."""

    __slots__ = ("bounds", "description", "is_float", "kind", "name", "scope", "unit")

    def __init__(self, scope: Scope, kind: str, name: str, bounds: tuple[float, ...]) -> None:
        self.scope = scope
        self.kind = kind
        self.name = name
        self.bounds = bounds
        self.unit = ""
        self.description = ""
        self.is_float = False

    def describe(self, unit: str, description: str) -> None:
        """Take on what is not known yet; raises Dropped for a unit that contradicts."""
        if unit and unit != self.unit:
            if self.unit:
                raise Dropped(drops.UNIT_CONFLICT)
            if not _UNIT.fullmatch(unit):
                raise Dropped(drops.INVALID_UNIT)
            self.unit = unit
        if description and not self.description:
            self.description = clean_text(description, MAX_DESCRIPTION_LENGTH)

    def check(self, value: float) -> float:
        """Return a value that can be recorded, as an exact int or float; raises Dropped for any other."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Dropped(drops.INVALID_VALUE)
        if isinstance(value, float):
            if not isfinite(value):
                raise Dropped(drops.INVALID_VALUE)
        elif not INT64_MIN <= value <= INT64_MAX:
            raise Dropped(drops.INVALID_VALUE)
        if value < 0 and self.kind in (COUNTER, HISTOGRAM):
            raise Dropped(drops.NEGATIVE_VALUE)
        self.is_float = self.is_float or isinstance(value, float)
        return value

    def new_point(self) -> Point:
        if self.kind == HISTOGRAM:
            return HistogramPoint(self.bounds)
        return GaugePoint() if self.kind == GAUGE else SumPoint()


class Instruments:
    """All instruments of a collector, at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._instruments: dict[tuple[Scope, str], Instrument] = {}

    def find(self, scope: Scope, kind: str, name: str, bounds: Sequence[float] | None) -> Instrument:
        """Return the instrument of a name; raises Dropped if it cannot be or has other kind or bounds."""
        instrument = self._instruments.get((scope, name))
        if instrument is None:
            return self._create(scope, kind, name, bounds)
        if instrument.kind != kind:
            raise Dropped(drops.KIND_CONFLICT)
        if bounds is not None and tuple(bounds) != instrument.bounds:
            raise Dropped(drops.BOUNDS_CONFLICT)
        return instrument

    def _create(self, scope: Scope, kind: str, name: str, bounds: Sequence[float] | None) -> Instrument:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Dropped(drops.INVALID_NAME)
        if len(self._instruments) >= self._limit:
            raise Dropped(drops.TOO_MANY_INSTRUMENTS)
        instrument = Instrument(
            scope, kind, name, DEFAULT_BOUNDS if bounds is None else _checked_bounds(bounds)
        )
        self._instruments[scope, name] = instrument
        return instrument


def _checked_bounds(bounds: Sequence[float]) -> tuple[float, ...]:
    """Return bounds that are finite and ascending; raises Dropped for others."""
    if len(bounds) > MAX_BOUNDS or any(isinstance(bound, bool) for bound in bounds):
        raise Dropped(drops.INVALID_BOUNDS)
    try:
        checked = tuple(float(bound) for bound in bounds)
    except (TypeError, ValueError, OverflowError):
        raise Dropped(drops.INVALID_BOUNDS) from None
    is_ascending = all(low < high for low, high in pairwise(checked))
    if not is_ascending or not all(map(isfinite, checked)):
        raise Dropped(drops.INVALID_BOUNDS)
    return checked


class SumPoint:
    """What a counter has added up."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def add(self, value: float, now_unix_nano: int) -> None:
        self.value += value


class GaugePoint:
    """The last value, and when it was."""

    __slots__ = ("time_unix_nano", "value")

    def __init__(self) -> None:
        self.value: float = 0
        self.time_unix_nano = 0

    def add(self, value: float, now_unix_nano: int) -> None:
        self.value = value
        self.time_unix_nano = now_unix_nano


class HistogramPoint:
    """Values counted by bucket; a bucket includes its upper bound."""

    __slots__ = ("bounds", "bucket_counts", "max", "min", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.bucket_counts = [0] * (len(bounds) + 1)
        self.sum: float = 0
        self.min = float("inf")
        self.max = float("-inf")

    def add(self, value: float, now_unix_nano: int) -> None:
        self.bucket_counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
        self.min = min(self.min, value)
        self.max = max(self.max, value)


Point = SumPoint | GaugePoint | HistogramPoint
