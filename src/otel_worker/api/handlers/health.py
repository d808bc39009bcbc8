"""Whether the collector runs, for load balancers and start-up scripts."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.router import Collector


async def check_health(collector: Collector, request: Request) -> Response:
    """GET /health: 200, without a token and without a secret."""
    return json_response({"status": "ok"})
