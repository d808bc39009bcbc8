"""A library that is instrumented with OpenTelemetry's metrics API, in a Worker; needs `opentelemetry-api`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from workers import Response, WorkerEntrypoint

from workers_otel import shared_metrics
from workers_otel.opentelemetry_bridge import BridgeMeterProvider

get_metrics = shared_metrics(service_name="shop")


class Library:
    """Knows OpenTelemetry and nothing of Workers."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("shop.cache", "1.2.3")
        self._entries: dict[str, str] = {}
        self._hits = meter.create_counter("cache.hits", "{hit}")
        self._misses = meter.create_counter("cache.misses", "{miss}")
        meter.create_observable_gauge("cache.entries", [self._observe_entries], "{entry}")

    def get(self, key: str) -> str:
        """Return what is cached, and cache it if it is not."""
        (self._hits if key in self._entries else self._misses).add(1)
        return self._entries.setdefault(key, key.upper())

    def _observe_entries(self, options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(len(self._entries))


# Of the isolate, as its metrics are.
_libraries: list[Library] = []


class Default(WorkerEntrypoint):
    """Uses the library."""

    async def fetch(self, request: Any) -> Any:
        """Make the library's meter provider with the first request: the top of a module has no `env`."""
        metrics = get_metrics(self.env)
        if not _libraries:
            _libraries.append(Library(BridgeMeterProvider(metrics)))
        text = _libraries[0].get("tea")
        self.ctx.waitUntil(metrics.flush())
        return Response(text)
