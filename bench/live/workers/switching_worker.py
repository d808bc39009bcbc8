"""The collector with a switch: a request with the header X-Live: off is answered as with LIVE=off.

Both ways go through one process, so that what they cost can be compared: two processes differ by more.
"""

from __future__ import annotations

from typing import Any

from entry import Default as Collector
from entry import LiveHub, MetricsAggregator
from otel_worker.cloudflare.worker import answer

__all__ = ["Default", "LiveHub", "MetricsAggregator"]


class _WithoutLive:
    """The bindings and variables of the Worker, with LIVE=off."""

    LIVE = "off"

    def __init__(self, env: Any) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


class Default(Collector):
    """The collector; what the switch adds to each request is a look at one header."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        js_request = request.js_object
        if js_request.headers.get("X-Live") == "off":
            return await answer(_WithoutLive(self.env), self.ctx, js_request)
        return await super().fetch(request)
