"""A shop that counts what it sells, and sends it in the way that the first part of the path names.

GET /straight/7   request number 7; the ways are those of ways.py
GET /fetch/7/900  what is posted has 900 bytes
GET /flush/merged what a flush of that way's one collector returns
GET /outcomes     by way: how often a flush returned what
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from workers import Response, WorkerEntrypoint

from bench.metrics.sales import BOUNDS, Sale, sale_of
from bench.metrics.ways import FETCH, GATEWAY, MERGED, PLAIN, RECORD, SERVICE, SHARED
from workers_otel import Metrics, create_metrics

_TOKEN = "bench"
# Beside other jobs an answer may take longer than the client's own limit, and nothing is to be lost.
_TIMEOUT_MS = 20_000

# Of the isolate, by way.
_shared: dict[str, Metrics] = {}
_outcomes: Counter[str] = Counter()


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """Sells one thing a request."""

    async def fetch(self, request: Any) -> Any:
        """Answer; what is sent is sent after the response."""
        way, _, rest = request.url.partition("//")[2].partition("/")[2].partition("/")
        if way == "health":
            return Response("")
        if way == "outcomes":
            return Response(json.dumps(_outcomes))
        if way == "flush":
            result = await _shared[rest].flush()
            return Response(json.dumps({result.outcome: result.sent_points}))
        number, _, size_bytes = rest.partition("/")
        sale = sale_of(int(number))
        if way == FETCH:
            self.ctx.waitUntil(_fetch(f"{self.env.RECEIVER}/fetch", int(size_bytes)))
        elif way != PLAIN:
            metrics = self._collector(way)
            count_sale(metrics, sale)
            if way != RECORD:
                self.ctx.waitUntil(_flush(way, metrics))
        return Response(f"{sale.item_count} {sale.category} for {sale.revenue} {sale.currency}\n")

    def _collector(self, way: str) -> Metrics:
        if way in _shared:
            return _shared[way]
        base = self.env.GATEWAY if way in (GATEWAY, MERGED) else f"{self.env.RECEIVER}/{way}"
        metrics = create_metrics(service_name=SERVICE, endpoint=base, token=_TOKEN, timeout_ms=_TIMEOUT_MS)
        if way in (RECORD, SHARED, MERGED):
            _shared[way] = metrics
        return metrics


def count_sale(metrics: Metrics, sale: Sale) -> None:
    """Record three counters and a histogram."""
    metrics.counter("shop.orders", 1, {"payment.method": sale.payment_method}, unit="{order}")
    metrics.counter("shop.items", sale.item_count, {"product.category": sale.category}, unit="{item}")
    metrics.counter("shop.revenue", sale.revenue, {"currency": sale.currency})
    metrics.histogram("shop.duration", sale.duration_ms, {"http.route": sale.route}, unit="ms", bounds=BOUNDS)


async def _flush(way: str, metrics: Metrics) -> None:
    result = await metrics.flush()
    _outcomes[f"{way}: {result.outcome} {result.error}".rstrip()] += 1


async def _fetch(url: str, size_bytes: int) -> None:
    """Post as the client does, but that there is nothing to say."""
    from js import AbortSignal, fetch
    from pyodide.ffi import to_js

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_TOKEN}"}
    response = await fetch(
        url,
        method="POST",
        headers=to_js([list(header) for header in headers.items()]),
        body="x" * size_bytes,
        redirect="manual",
        signal=AbortSignal.timeout(_TIMEOUT_MS),
    )
    await response.text()
