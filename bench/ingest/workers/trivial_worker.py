"""A Worker that reads the body and answers 200: what a request costs before anybody does anything."""

from __future__ import annotations

from typing import Any

from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """Takes any request."""

    async def fetch(self, request: Any) -> Any:
        """Read the body and forget it."""
        from js import Response

        (await request.js_object.arrayBuffer()).to_bytes()
        return Response.new("", status=200)
