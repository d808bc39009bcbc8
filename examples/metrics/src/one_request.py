"""Metrics of one's own, with a collector that lives for one request."""

from __future__ import annotations

from typing import Any

from workers import Response, WorkerEntrypoint

from workers_otel import create_metrics


class Default(WorkerEntrypoint):
    """Sells one thing."""

    async def fetch(self, request: Any) -> Any:
        """Record while answering, and send after the response."""
        metrics = create_metrics(
            service_name="shop", endpoint=self.env.OTLP_ENDPOINT, token=self.env.OTLP_AUTH_TOKEN
        )
        metrics.counter("shop.orders", 1, {"payment.method": "card"}, unit="{order}")
        metrics.counter("shop.revenue", 19.9, {"currency": "EUR"}, description="What customers paid.")
        metrics.gauge("shop.stock", 41, {"product": "tea"})
        metrics.histogram("shop.basket", 3, unit="{item}", bounds=[1, 2, 5, 10])
        self.ctx.waitUntil(metrics.flush())
        return Response("thank you")
