"""Leads to the example that the first part of the path names: /routes, /request, /alarms, /llm or /bridge."""

from __future__ import annotations

from typing import Any

import bridge
import llm
import one_request
import routes
from alarms import Reminder, set_reminder
from workers import Response, WorkerEntrypoint

__all__ = ["Default", "Reminder"]


class Default(WorkerEntrypoint):
    """All examples in one Worker."""

    async def fetch(self, request: Any) -> Any:
        """Hand the request to an example."""
        name = request.url.partition("//")[2].split("/")[1]
        if name == "routes":
            return await routes.Default.fetch(self, request)
        if name == "request":
            return await one_request.Default.fetch(self, request)
        if name == "alarms":
            return await set_reminder(self.env)
        if name == "llm":
            return await llm.Default.fetch(self, request)
        if name == "bridge":
            return await bridge.Default.fetch(self, request)
        return Response("no such example", status=404)
