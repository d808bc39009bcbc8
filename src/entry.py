"""The Worker's entry point: what the runtime calls, and the Durable Object classes it creates."""

from __future__ import annotations

from typing import Any

from workers import WorkerEntrypoint

from otel_worker.cloudflare.live_hub import LiveHub
from otel_worker.cloudflare.metric_aggregator import MetricsAggregator
from otel_worker.cloudflare.worker import answer, run_retention

__all__ = ["Default", "LiveHub", "MetricsAggregator"]


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """HTTP requests and cron triggers."""

    async def fetch(self, request: Any) -> Any:
        """Answer an HTTP request."""
        return await answer(self.env, self.ctx, request.js_object)

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        """Run the retention; the schedule is in wrangler.toml."""
        await run_retention(self.env)
