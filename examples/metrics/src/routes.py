"""Requests counted and timed by route: a decorator and nothing else."""

from __future__ import annotations

from typing import Any

from workers import Response, WorkerEntrypoint

from workers_otel import instrument_fetch, shared_metrics

get_metrics = shared_metrics(service_name="shop")


def route_of(request: Any) -> str | None:
    """Return the pattern of the path: the path itself has endlessly many values."""
    match request.url.partition("//")[2].split("/")[2:]:
        case ["users", _]:
            return "/routes/users/{id}"
        case ["broken"]:
            return "/routes/broken"
    return None


class Default(WorkerEntrypoint):
    """Knows users, and fails on demand."""

    @instrument_fetch(get_metrics, route=route_of)
    async def fetch(self, request: Any) -> Any:
        """Answer; an exception is counted as status 500."""
        match route_of(request):
            case "/routes/users/{id}":
                return Response("a user")
            case "/routes/broken":
                raise RuntimeError("as asked")
        return Response("not found", status=404)
