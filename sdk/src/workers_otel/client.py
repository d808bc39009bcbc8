"""The collector of metrics that a Worker records with: `Metrics`, and how one is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from workers_otel.attributes import Attributes
from workers_otel.delivery import Delivery
from workers_otel.endpoint import read_endpoint
from workers_otel.instruments import COUNTER, GAUGE, HISTOGRAM, UP_DOWN_COUNTER, Scope
from workers_otel.recorder import SCOPE, Recorder
from workers_otel.resource import Resource
from workers_otel.result import OFF, FlushResult
from workers_otel.transport import Transport, default_transport, service_transport

# waitUntil has 30 s; a collector that works answers in a fraction of one.
DEFAULT_TIMEOUT_MS = 5_000
DEFAULT_MAX_SERIES = 1_000
DEFAULT_MAX_ATTRIBUTE_VALUES = 100
DEFAULT_MAX_ATTRIBUTE_LENGTH = 256

# The top level of a module sees 1970.
_YEAR_2020_UNIX_NANO = 1_577_836_800 * 10**9


class Metrics:
    """Adds records up in memory, and sends them with `flush`.

    Nothing raises: what cannot be recorded is counted, and the next flush says how often and why. Records of
    one name and equal attributes are one series, whatever the order of the attributes. One object knows
    nothing of another; it may serve one request, or all requests of an isolate.
    """

    def __init__(self, recorder: Recorder, delivery: Delivery | None, off_reason: str) -> None:
        """Use create_metrics or shared_metrics."""
        self._recorder = recorder
        self._delivery = delivery
        self._off_reason = off_reason
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_on(self) -> bool:
        """Whether anything is recorded and sent: not without an endpoint and a token."""
        return self._delivery is not None

    def counter(
        self,
        name: str,
        value: float = 1,
        attributes: Attributes | None = None,
        *,
        unit: str = "",
        description: str = "",
    ) -> None:
        """Add to a sum that only grows; a negative value is dropped."""
        self.record(SCOPE, COUNTER, name, value, attributes, unit, description)

    def up_down_counter(
        self,
        name: str,
        value: float,
        attributes: Attributes | None = None,
        *,
        unit: str = "",
        description: str = "",
    ) -> None:
        """Add to a sum that also falls."""
        self.record(SCOPE, UP_DOWN_COUNTER, name, value, attributes, unit, description)

    def gauge(
        self,
        name: str,
        value: float,
        attributes: Attributes | None = None,
        *,
        unit: str = "",
        description: str = "",
    ) -> None:
        """Set a value; the last one before a flush is sent, with its time."""
        self.record(SCOPE, GAUGE, name, value, attributes, unit, description)

    def histogram(
        self,
        name: str,
        value: float,
        attributes: Attributes | None = None,
        *,
        unit: str = "",
        description: str = "",
        bounds: Sequence[float] | None = None,
    ) -> None:
        """Count a value in its bucket; a negative one is dropped.

        `bounds` are the upper bounds of the buckets, ascending. They are fixed with the first record of a
        name; the default suits milliseconds.
        """
        self.record(SCOPE, HISTOGRAM, name, value, attributes, unit, description, bounds)

    def record(
        self,
        scope: Scope,
        kind: str,
        name: str,
        value: float,
        attributes: Attributes | None = None,
        unit: str = "",
        description: str = "",
        bounds: Sequence[float] | None = None,
    ) -> None:
        """Record for a library that has a scope of its own; what the methods above do."""
        if self._delivery is not None:
            self._recorder.record(scope, kind, name, value, attributes, unit, description, bounds)

    def drop(self, reason: str) -> None:
        """Count something that an instrumentation could not record."""
        if self._delivery is not None:
            self._recorder.count_drop(reason)

    def before_flush(self, callback: Callable[[], None]) -> None:
        """Have something called before each sending: it records what can only be looked up, as a gauge."""
        self._callbacks.append(callback)

    def now_unix_nano(self) -> int:
        """Return the time; in a Worker it stands still between two I/O operations."""
        return self._recorder.clock()

    async def flush(self) -> FlushResult:
        """Send what was recorded since the last flush: one POST, and none if there is nothing.

        Await it, or hand it to `ctx.waitUntil`, which sends after the response. Nothing is raised but
        CancelledError. It ends within the time limit.

        A body that has no answer in half of the time is sent once more at once. If it has none still, or is
        answered 429, 502, 503 or 504, it is kept and sent again with the next flush, byte for byte, before
        anything newer: a receiver that knows it again, as the gateway does, counts it once. After 9 minutes
        it is given up and counted as lost. While one flush waits for its answer, another one sends nothing:
        the first one sends on its behalf, in a second POST.
        """
        if self._delivery is None:
            return FlushResult(OFF, error=self._off_reason)
        return await self._delivery.flush(self._callbacks)


def system_clock() -> int:
    """Return the Unix time in nanoseconds, in whole microseconds.

    In a Worker it is a JavaScript number, whose last digits are noise. While the top level of a module runs,
    at deploy, there is no clock: then this is 0.
    """
    now_unix_nano = (time.time_ns() + 500) // 1000 * 1000
    return now_unix_nano if now_unix_nano > _YEAR_2020_UNIX_NANO else 0


def create_metrics(
    *,
    service_name: str,
    endpoint: str | None,
    token: str | None,
    resource_attributes: Attributes | None = None,
    instance_id: str | None = None,
    random_instance_id: bool = False,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
    max_series: int = DEFAULT_MAX_SERIES,
    max_attribute_values: int = DEFAULT_MAX_ATTRIBUTE_VALUES,
    max_attribute_length: int = DEFAULT_MAX_ATTRIBUTE_LENGTH,
    transport: Transport | None = None,
    clock: Callable[[], int] = system_clock,
) -> Metrics:
    """Return a collector of metrics; without a usable endpoint and token it does nothing, and flush says why.

    `endpoint` is the base of an OTLP endpoint, or the whole URL that ends in /v1/metrics.
    `instance_id` becomes service.instance.id; `random_instance_id` makes one for each isolate.
    `max_series` bounds the series between two flushes and the names, `max_attribute_values` the values of an
    attribute: others become "other".
    `transport` sends; it has to be given outside of a Worker. `clock` returns the time in Unix nanoseconds.
    """
    target = read_endpoint(endpoint, token)
    transport = transport or default_transport()
    recorder = Recorder(clock, max_series, max_attribute_values, max_attribute_length)
    if isinstance(target, str):
        return Metrics(recorder, None, target)
    if transport is None:
        return Metrics(recorder, None, "no transport is given, and this is no Worker")
    resource = Resource(
        service_name, resource_attributes or {}, instance_id, random_instance_id, max_attribute_length
    )
    return Metrics(recorder, Delivery(recorder, resource, target, transport, timeout_ms), "")


def shared_metrics(
    *,
    endpoint_variable: str = "OTLP_ENDPOINT",
    token_variable: str = "OTLP_AUTH_TOKEN",  # noqa: S107 - the name of a variable
    service_variable: str = "OTLP_SERVICE",
    **options: Any,
) -> Callable[[Any], Metrics]:
    """Return a function from a Worker's `env` to one collector of the isolate, which its first call makes.

    Call this at the top of a module, where there is no `env` yet. `options` are those of create_metrics but
    `endpoint` and `token`, which are read from variables of the Worker; neither has to be set. Where
    there is a service binding of the name `service_variable`, requests go through it.
    """
    # A wrong option is to fail at deploy, and not in a request.
    create_metrics(endpoint=None, token=None, **options)
    made: list[Metrics] = []

    def get_metrics(env: Any) -> Metrics:
        if not made:
            endpoint = getattr(env, endpoint_variable, None)
            token = getattr(env, token_variable, None)
            service = getattr(env, service_variable, None)
            transport = {} if service is None else {"transport": service_transport(service)}
            made.append(create_metrics(endpoint=endpoint, token=token, **{**options, **transport}))
        return made[0]

    return get_metrics
