"""How services call each other, databases and queues: spans by the semantic conventions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from otel_worker_cli.demo.recording import Attributes, Kind, MadeUpSpan, Recorder
from otel_worker_cli.demo.services import STOREFRONT, Service

_MIN_CLIENT_ERROR, _MIN_SERVER_ERROR = 400, 500
# One way, in the data centre and to a browser.
_NEAR_MS, _FAR_MS = 0.4, 14.0
_PUBLIC_ADDRESS = "www.shop.example"


@dataclass(slots=True)
class Exchange:
    """A request and its answer: what is set here while it runs is what both sides record of it."""

    status: int = 200
    # Attributes of the server's span, and its reason for a failure.
    served: Attributes = field(default_factory=dict)
    reason: str = ""


@contextmanager
def http_request(
    recorder: Recorder,
    caller: Service | None,
    callee: Service,
    method: str,
    route: str,
    *,
    path: str = "",
    resend_count: int = 0,
) -> Iterator[Exchange]:
    """Tell an HTTP request between two services; the block is what the server does.

    `path` is the one that was asked for, if the route has parameters. `caller` None: it sends no spans.
    """
    path = path or route
    exchange = Exchange()
    if caller is None:
        with _http_server(recorder, callee, method, route, path, exchange):
            yield exchange
        return
    is_browser = caller is STOREFRONT
    address, port = (_PUBLIC_ADDRESS, 443) if is_browser else (callee.address, callee.port)
    one_way_ms = _FAR_MS if is_browser else _NEAR_MS
    name = f"{method} {route}"
    with http_client(recorder, caller, name, method, address, port, path, resend_count) as client:
        client.attributes["url.template"] = route
        recorder.work(one_way_ms)
        with _http_server(recorder, callee, method, route, path, exchange):
            yield exchange
        recorder.work(one_way_ms)
        end_http_client(client, exchange.status)


@contextmanager
def http_client(
    recorder: Recorder,
    caller: Service,
    name: str,
    method: str,
    address: str,
    port: int,
    path: str,
    resend_count: int = 0,
) -> Iterator[MadeUpSpan]:
    """Open the span of a request that leaves a service; `end_http_client` says how it ended."""
    scheme = "https" if port == 443 else "http"
    authority = address if port == 443 else f"{address}:{port}"
    attributes: Attributes = {
        "http.request.method": method,
        "url.full": f"{scheme}://{authority}{path}",
        "server.address": address,
        "server.port": port,
        "network.protocol.version": "1.1",
    }
    if resend_count:
        attributes["http.request.resend_count"] = resend_count
    with recorder.span(caller, name, Kind.CLIENT, attributes) as span:
        yield span


def end_http_client(span: MadeUpSpan, status: int) -> None:
    """Give a client's span the status of the answer: from 400 on it has failed."""
    span.attributes["http.response.status_code"] = status
    if status >= _MIN_CLIENT_ERROR:
        span.fail(str(status))


@contextmanager
def _http_server(
    recorder: Recorder, callee: Service, method: str, route: str, path: str, exchange: Exchange
) -> Iterator[None]:
    attributes: Attributes = {
        "http.request.method": method,
        "http.route": route,
        "url.path": path.partition("?")[0],
        "url.scheme": "http",
        "server.address": callee.address,
        "server.port": callee.port,
        "network.protocol.version": "1.1",
    }
    if "?" in path:
        attributes["url.query"] = path.partition("?")[2]
    with recorder.span(callee, f"{method} {route}", Kind.SERVER, attributes) as span:
        yield
        span.attributes.update(exchange.served)
        span.attributes["http.response.status_code"] = exchange.status
        # A server has failed from 500 on; what is below is the client's fault.
        if exchange.status >= _MIN_SERVER_ERROR:
            span.fail(str(span.attributes.get("error.type", exchange.status)), exchange.reason)


@contextmanager
def rpc(recorder: Recorder, caller: Service, callee: Service, method: str) -> Iterator[Attributes]:
    """Tell a gRPC call between two services; the block is what the server does.

    Yields the attributes that both sides record of the answer.
    """
    address: Attributes = {"server.address": callee.address, "server.port": callee.port}
    answer: Attributes = {"rpc.response.status_code": "OK"}
    common: Attributes = {"rpc.system.name": "grpc", "rpc.method": method}
    with recorder.span(caller, method, Kind.CLIENT, common | address) as client:
        recorder.work(_NEAR_MS)
        with recorder.span(callee, method, Kind.SERVER, common | address) as server:
            yield answer
            server.attributes.update(answer)
        recorder.work(_NEAR_MS)
        client.attributes.update(answer)


def sql(
    recorder: Recorder, service: Service, operation: str, table: str, query: str, median_ms: float
) -> None:
    """Tell a statement of PostgreSQL."""
    attributes: Attributes = {
        "db.system.name": "postgresql",
        "db.namespace": service.name,
        "db.collection.name": table,
        "db.operation.name": operation,
        "db.query.summary": f"{operation} {table}",
        "db.query.text": query,
        "server.address": f"{service.name}-db.shop.internal",
        "server.port": 5432,
    }
    with recorder.span(service, f"{operation} {table}", Kind.CLIENT, attributes):
        recorder.work(median_ms, 0.5)


def redis(recorder: Recorder, service: Service, operation: str, key: str, median_ms: float = 0.6) -> None:
    """Tell a command of Redis."""
    attributes: Attributes = {
        "db.system.name": "redis",
        "db.namespace": "0",
        "db.operation.name": operation,
        "db.query.text": f"{operation} {key}",
        "server.address": f"{service.name}-redis.shop.internal",
        "server.port": 6379,
    }
    with recorder.span(service, operation, Kind.CLIENT, attributes):
        recorder.work(median_ms)


def message_attributes(operation: str, kind: str, topic: str, message_id: str) -> Attributes:
    """Return what a producer and a consumer of Kafka record of a message."""
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.name": operation,
        "messaging.operation.type": kind,
        "messaging.message.id": message_id,
        "server.address": "kafka.shop.internal",
        "server.port": 9092,
    }
