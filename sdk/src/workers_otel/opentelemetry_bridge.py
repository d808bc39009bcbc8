"""OpenTelemetry's metrics API on top of `Metrics`; needs the package `opentelemetry-api`.

    from opentelemetry.metrics import set_meter_provider
    set_meter_provider(BridgeMeterProvider(metrics))

Libraries that are instrumented with the API then record into `metrics`, each with its own scope.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from math import isfinite
from typing import Any, cast

from opentelemetry import metrics as api
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, CallbackT, Observation
from opentelemetry.util.types import Attributes

from workers_otel.attributes import Attributes as RecordedAttributes
from workers_otel.attributes import AttributeSet, clean_text, typed_attribute
from workers_otel.client import DEFAULT_MAX_ATTRIBUTE_LENGTH, Metrics
from workers_otel.drops import TOO_MANY_SERIES
from workers_otel.instruments import COUNTER, GAUGE, HISTOGRAM, UP_DOWN_COUNTER, Scope

# What an observable counter said last, by attributes; beyond this many it is dropped.
_MAX_OBSERVED_SERIES = 1_000
_MAX_SCOPE_LENGTH = 255


class BridgeMeterProvider(api.MeterProvider):
    """Makes meters that record into one collector of metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> api.Meter:
        """Return a meter; its arguments become the scope."""
        typed = (
            typed_attribute(key, value, DEFAULT_MAX_ATTRIBUTE_LENGTH)
            for key, value in sorted((attributes or {}).items())
        )
        scope_attributes: AttributeSet = tuple(attribute for attribute in typed if attribute is not None)
        scope = Scope(_scope_text(name), _scope_text(version), _scope_text(schema_url), scope_attributes)
        return _Meter(self._metrics, scope)


def _scope_text(text: str | None) -> str:
    return clean_text(str(text or ""), _MAX_SCOPE_LENGTH)


class _Meter(api.Meter):
    def __init__(self, metrics: Metrics, scope: Scope) -> None:
        super().__init__(scope.name, scope.version, scope.schema_url)
        self._metrics = metrics
        self._scope = scope

    def create_counter(self, name: str, unit: str = "", description: str = "") -> api.Counter:
        return _Counter(self._recording(COUNTER, name, unit, description))

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> api.UpDownCounter:
        return _UpDownCounter(self._recording(UP_DOWN_COUNTER, name, unit, description))

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> api._Gauge:
        return _Gauge(self._recording(GAUGE, name, unit, description))

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> api.Histogram:
        return _Histogram(
            self._recording(HISTOGRAM, name, unit, description, explicit_bucket_boundaries_advisory)
        )

    def create_observable_counter(
        self,
        name: str,
        callbacks: Sequence[CallbackT] | None = None,
        unit: str = "",
        description: str = "",
    ) -> api.ObservableCounter:
        record = self._recording(COUNTER, name, unit, description)
        self._observe(callbacks, _Differences(record, self._metrics.drop, is_monotonic=True).record)
        return _ObservableCounter()

    def create_observable_up_down_counter(
        self,
        name: str,
        callbacks: Sequence[CallbackT] | None = None,
        unit: str = "",
        description: str = "",
    ) -> api.ObservableUpDownCounter:
        record = self._recording(UP_DOWN_COUNTER, name, unit, description)
        self._observe(callbacks, _Differences(record, self._metrics.drop, is_monotonic=False).record)
        return _ObservableUpDownCounter()

    def create_observable_gauge(
        self,
        name: str,
        callbacks: Sequence[CallbackT] | None = None,
        unit: str = "",
        description: str = "",
    ) -> api.ObservableGauge:
        self._observe(callbacks, self._recording(GAUGE, name, unit, description))
        return _ObservableGauge()

    def _recording(
        self, kind: str, name: str, unit: str, description: str, bounds: Sequence[float] | None = None
    ) -> _Record:
        metrics, scope = self._metrics, self._scope

        def record(value: float, attributes: Attributes) -> None:
            # The API allows more kinds of values than there are; Metrics counts the others.
            typed = cast("RecordedAttributes | None", attributes)
            metrics.record(scope, kind, name, value, typed, unit, description, bounds)

        return record

    def _observe(self, callbacks: Iterable[CallbackT] | None, record: _Record) -> None:
        for callback in callbacks or ():
            observe = _observing(callback)

            def call(observe: Callable[[], Iterable[Observation]] = observe) -> None:
                for observation in observe():
                    record(observation.value, observation.attributes)

            self._metrics.before_flush(call)


# value, attributes
_Record = Callable[[float, Attributes], None]


def _observing(callback: CallbackT) -> Callable[[], Iterable[Observation]]:
    """Return a callback of either kind, function or generator, as a function."""
    if not isinstance(callback, Generator):
        return lambda: callback(CallbackOptions())
    # As the API has it: the generator runs up to its first yield, and each value sent brings observations.
    next(callback, None)

    def observe() -> Iterable[Observation]:
        try:
            return callback.send(CallbackOptions())
        except StopIteration:
            return ()

    return observe


class _Differences:
    """Turns totals, which observable counters observe, into what has come since the last ones."""

    def __init__(self, record: _Record, drop: Callable[[str], None], is_monotonic: bool) -> None:
        self._record = record
        self._drop = drop
        self._is_monotonic = is_monotonic
        self._totals: dict[Any, float] = {}

    def record(self, total: float, attributes: Attributes) -> None:
        key = tuple(sorted((name, repr(value)) for name, value in (attributes or {}).items()))
        is_known = key in self._totals
        if not is_known and len(self._totals) >= _MAX_OBSERVED_SERIES:
            self._drop(TOO_MANY_SERIES)
            return
        last = self._totals.get(key, 0)
        # A total that fell has begun anew.
        difference = total if self._is_monotonic and total < last else total - last
        if isfinite(difference):
            self._totals[key] = total
        if difference or not is_known:
            self._record(difference, attributes)


class _Counter(api.Counter):
    def __init__(self, record: _Record) -> None:
        self._record = record

    def add(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:
        self._record(amount, attributes)


class _UpDownCounter(api.UpDownCounter):
    def __init__(self, record: _Record) -> None:
        self._record = record

    def add(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:
        self._record(amount, attributes)


class _Gauge(api._Gauge):
    def __init__(self, record: _Record) -> None:
        self._record = record

    def set(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:
        self._record(amount, attributes)


class _Histogram(api.Histogram):
    def __init__(self, record: _Record) -> None:
        self._record = record

    def record(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:
        self._record(amount, attributes)


class _Observable:
    """Has nothing to call: its callbacks are called before each sending."""

    def __init__(self) -> None:
        """Not the API's: that only keeps a name and callbacks."""


class _ObservableCounter(_Observable, api.ObservableCounter):
    pass


class _ObservableUpDownCounter(_Observable, api.ObservableUpDownCounter):
    pass


class _ObservableGauge(_Observable, api.ObservableGauge):
    pass
