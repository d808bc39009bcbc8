"""Routes as data, and finding the one for a method and a path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from otel_worker.api.auth import Access
from otel_worker.api.message import Request, Response, WebSocketUpgrade
from otel_worker.errors import MethodNotAllowed, NotFound
from otel_worker.live.hub import Hub
from otel_worker.metrics.gateway import MetricGateway
from otel_worker.settings import Settings
from otel_worker.store.catalog import KnownNames
from otel_worker.store.database import Database
from otel_worker.store.stats import Usage


@dataclass(frozen=True, slots=True)
class Collector:
    """What handlers work with: the settings, the two ports and the clock (Unix milliseconds).

    `hub` is None where live is switched off, `metrics` where there is no gateway. `known_names`, by the
    number of the shard, is kept from request to request by whoever makes this.

    `usage` and `database_bytes`, the size of the database, are None where the driver does not count them.
    `count_spans` hears how many spans of an export request were accepted and rejected.
    """

    settings: Settings
    database: Database
    hub: Hub | None
    now_unix_ms: Callable[[], int]
    usage: Usage | None = None
    database_bytes: Callable[[], int | None] = lambda: None
    metrics: MetricGateway | None = None
    known_names: Mapping[int, KnownNames] = field(default_factory=lambda: defaultdict(KnownNames))
    count_spans: Callable[[int, int], None] = lambda accepted, rejected: None


Handler = Callable[..., Awaitable[Response | WebSocketUpgrade]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the API. "{}" in the path is one segment; the handler gets them in order, not decoded."""

    method: str
    path: str
    handler: Handler
    access: Access


class Router:
    """Finds routes by the segments of a path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            if "{}" in route.path:
                self._patterns.setdefault(tuple(route.path.split("/")), {})[route.method] = route
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

    def find(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the values of its "{}" segments.

        Raises NotFound for an unknown path and MethodNotAllowed, with what is allowed, for a known one.
        """
        methods, values = self._match(request.path)
        route = methods.get(request.method)
        if route is None:
            raise MethodNotAllowed(request.method, tuple(sorted(methods)))
        return route, values

    def _match(self, path: str) -> tuple[dict[str, Route], tuple[str, ...]]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, ()
        segments = path.split("/")
        for pattern, methods in self._patterns.items():
            values = _match_segments(pattern, segments)
            if values is not None:
                return methods, values
        raise NotFound(f"there is nothing at {path[:200]}")


def _match_segments(pattern: tuple[str, ...], segments: list[str]) -> tuple[str, ...] | None:
    """Return the segments that "{}" stands for, none of them empty, or None when the path is another."""
    if len(pattern) != len(segments):
        return None
    values: list[str] = []
    for known, found in zip(pattern, segments, strict=True):
        if known == "{}" and found:
            values.append(found)
        elif known != found:
            return None
    return tuple(values)
