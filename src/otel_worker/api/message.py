"""Requests and responses as plain values, the same in a Worker, a local server and a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from otel_worker.otlp.response import JSON

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request whose headers and body are read when somebody asks for them.

    `path` starts with "/" and is not decoded; `query` is the raw text behind "?". `header` takes a name
    of any case and returns the value or None. `read_body` takes a limit in bytes and returns the body as
    sent, or raises PayloadTooLarge as soon as it is known to be longer.
    """

    method: str
    path: str
    query: str
    header: Callable[[str], str | None]
    read_body: Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; `headers` does not hold Content-Type."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WebSocketUpgrade:
    """The answer "switch to a WebSocket and hand it to the hub", with the subprotocol that was agreed on."""

    subprotocol: str | None


def json_response(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return a value as a JSON response."""
    return Response(status, _encode(value), JSON, headers)
