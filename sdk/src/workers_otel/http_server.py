"""Requests to a Worker, counted and timed by route: a decorator for `fetch`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workers_otel.background import flush_in_background
from workers_otel.client import Metrics
from workers_otel.drops import INVALID_RECORD

DURATION = "http.server.request.duration"
REQUESTS = "http.server.requests"
ERRORS = "http.server.errors"

# "HTTP metrics" of the semantic conventions advises these, in seconds.
DURATION_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# RFC 9110, and PATCH of RFC 5789. Anybody can send any other word.
_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
_OTHER_METHOD = "_OTHER"

_FIRST_ERROR_STATUS = 500
_NANO_PER_SECOND = 1_000_000_000

Handler = Callable[..., Any]
RouteOf = Callable[[Any], str | None]


def instrument_fetch(
    get_metrics: Callable[[Any], Metrics], route: str | RouteOf | None = None
) -> Callable[[Handler], Handler]:
    """Return a decorator for WorkerEntrypoint.fetch: counts requests and errors, and times them.

    `get_metrics` gets the Worker's `env`. `route` is the pattern of the path, as "/users/{id}", or a function
    from the request to it that returns None when no pattern matches; never the path itself. A status from 500
    on is an error, and so is an exception, which is counted as 500 and raised again as it was. The flush is
    left to `ctx.waitUntil`: the response does not wait for it. The time is that until the response begins.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def fetch(self: Any, request: Any, *rest: Any) -> Any:
            metrics = get_metrics(self.env)
            start_unix_nano = metrics.now_unix_nano()
            try:
                response = handler(self, request, *rest)
                if hasattr(response, "__await__"):
                    response = await response
            except Exception as error:
                _record(metrics, start_unix_nano, request, route, 500, type(error).__qualname__)
                raise
            else:
                status = getattr(response, "status", None)
                error_type = str(status) if isinstance(status, int) and status >= _FIRST_ERROR_STATUS else ""
                _record(metrics, start_unix_nano, request, route, status, error_type)
                return response
            finally:
                flush_in_background(self.ctx, metrics)

        return fetch

    return decorate


def _record(
    metrics: Metrics,
    start_unix_nano: int,
    request: Any,
    route: str | RouteOf | None,
    status: Any,
    error_type: str,
) -> None:
    if not metrics.is_on:
        return
    try:
        _record_request(metrics, start_unix_nano, request, route, status, error_type)
    except Exception:  # of a request that is none: it must not hide what the handler did
        metrics.drop(INVALID_RECORD)


def _record_request(
    metrics: Metrics,
    start_unix_nano: int,
    request: Any,
    route: str | RouteOf | None,
    status: Any,
    error_type: str,
) -> None:
    attributes: dict[str, Any] = _request_attributes(request)
    pattern = _pattern_of(route, request)
    if pattern is not None:
        attributes["http.route"] = pattern
    if isinstance(status, int):
        attributes["http.response.status_code"] = int(status)
    if error_type:
        attributes["error.type"] = error_type
        metrics.counter(ERRORS, 1, attributes, unit="{error}")
    seconds = (metrics.now_unix_nano() - start_unix_nano) / _NANO_PER_SECOND
    metrics.counter(REQUESTS, 1, attributes, unit="{request}")
    # A clock that was set back must not make an invalid duration.
    metrics.histogram(DURATION, max(seconds, 0.0), attributes, unit="s", bounds=DURATION_BOUNDS)


def _request_attributes(request: Any) -> dict[str, Any]:
    """Return method and scheme. The wrapper of a JavaScript request raises for an odd method."""
    js_request = getattr(request, "js_object", request)
    method = str(js_request.method)
    scheme = str(js_request.url).partition(":")[0]
    return {"http.request.method": method if method in _METHODS else _OTHER_METHOD, "url.scheme": scheme}


def _pattern_of(route: str | RouteOf | None, request: Any) -> str | None:
    if route is None or isinstance(route, str):
        return route
    try:
        return route(request)
    except Exception:  # of the user's function; the request itself is none of its business
        return None
