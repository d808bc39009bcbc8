"""Alarms of Durable Objects, counted and timed: a decorator for `alarm`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workers_otel.client import Metrics

ALARMS = "durable_object.alarms"
ERRORS = "durable_object.alarm.errors"
DURATION = "durable_object.alarm.duration"

# An alarm may run for 15 minutes.
DURATION_BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)

_NANO_PER_SECOND = 1_000_000_000

Handler = Callable[..., Any]


def instrument_alarm(get_metrics: Callable[[Any], Metrics]) -> Callable[[Handler], Handler]:
    """Return a decorator for DurableObject.alarm: counts alarms and errors, and times them, by class.

    `get_metrics` gets the object's `env`. An exception is counted and raised again as it was, so the runtime
    repeats the alarm; each attempt counts. The alarm ends when the flush has: nobody waits for it, and
    `ctx.waitUntil` of a Durable Object takes no coroutine.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def alarm(self: Any, *arguments: Any) -> Any:
            metrics = get_metrics(self.env)
            start_unix_nano = metrics.now_unix_nano()
            attributes = {"durable_object.class": type(self).__name__}
            try:
                result = handler(self, *arguments)
                return await result if hasattr(result, "__await__") else result
            except Exception as error:
                attributes["error.type"] = type(error).__qualname__
                metrics.counter(ERRORS, 1, attributes, unit="{error}")
                raise
            finally:
                seconds = (metrics.now_unix_nano() - start_unix_nano) / _NANO_PER_SECOND
                metrics.counter(ALARMS, 1, attributes, unit="{alarm}")
                metrics.histogram(DURATION, max(seconds, 0.0), attributes, unit="s", bounds=DURATION_BOUNDS)
                await metrics.flush()

        return alarm

    return decorate
