"""OTLP/gRPC: its requests go the way of OTLP/HTTP, whose protobuf messages are the same."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import grpc.aio

from otel_worker.api.message import Request, Response, WebSocketUpgrade
from otel_worker.otlp.response import PROTOBUF
from otel_worker.otlp.wire import LENGTH, VARINT, read_fields
from otel_worker_cli.runtime.failures import ToolingError

_log = logging.getLogger(__name__)

# The services of OTLP (opentelemetry/proto/collector) by their path in OTLP/HTTP.
_SERVICES = {
    "opentelemetry.proto.collector.trace.v1.TraceService": "/v1/traces",
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "/v1/metrics",
}
# Where clients look for google.rpc.Status with its details.
_DETAILS = "grpc-status-details-bin"
# Each of them may hold a message in memory; what is more of one client waits for its turn.
_MAX_STREAMS_PER_CONNECTION = 32

_CODE_TAG = 1 << 3 | VARINT
_MESSAGE_TAG = 2 << 3 | LENGTH
_CODES = {code.value[0]: code for code in grpc.StatusCode}

Answer = Callable[[Request], Awaitable[Response | WebSocketUpgrade]]
Metadata = Sequence[tuple[str, str | bytes]]


class GrpcServer:
    """A server of OTLP/gRPC at one address."""

    def __init__(self, answer: Answer, max_message_bytes: int) -> None:
        """`answer` is that of the API; `max_message_bytes` is of an inflated message."""
        self._answer = answer
        self._server = grpc.aio.server(
            options=[
                # gRPC stops inflating at this limit too.
                ("grpc.max_receive_message_length", max_message_bytes),
                ("grpc.max_concurrent_streams", _MAX_STREAMS_PER_CONNECTION),
                # Otherwise a second server would get half of the requests, without a word.
                ("grpc.so_reuseport", 0),
            ]
        )
        self._server.add_generic_rpc_handlers(
            tuple(self._handlers(service, path) for service, path in _SERVICES.items())
        )

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; 0 asks for any. Raises ToolingError when it cannot be had."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise ToolingError(
                f"The port of OTLP/gRPC, {address}, cannot be used.",
                remedy="Another collector may be running. Choose another port with --grpc-port, "
                "or do without: --no-grpc.",
            ) from error
        await self._server.start()
        return int(bound)

    async def stop(self, grace_seconds: float) -> None:
        """Take no more requests, and return when those under way are answered or the time is over."""
        await self._server.stop(grace_seconds)

    def _handlers(self, service: str, path: str) -> grpc.GenericRpcHandler:
        async def export(message: bytes, context: Any) -> bytes:
            return await self._export(path, message, context)

        # Without serializers a message is bytes, as in a request over HTTP.
        return grpc.method_handlers_generic_handler(
            service, {"Export": grpc.unary_unary_rpc_method_handler(export)}
        )

    async def _export(self, path: str, message: bytes, context: Any) -> bytes:
        response = await self._answer(_to_request(path, message, context.invocation_metadata()))
        assert isinstance(response, Response), "telemetry is not sent to a WebSocket"
        if response.status == 200:
            return response.body
        code, text = _read_status(response.body)
        context.set_trailing_metadata(((_DETAILS, response.body),))
        await context.abort(code, text)
        raise AssertionError("abort raises")


def _to_request(path: str, message: bytes, metadata: Metadata) -> Request:
    """Return a call as the request that OTLP/HTTP would have sent."""
    headers = {"content-type": PROTOBUF}
    headers |= {key: value for key, value in metadata if key == "authorization" and isinstance(value, str)}

    async def read_body(_limit_bytes: int) -> bytes:
        return message

    return Request("POST", path, "", lambda name: headers.get(name.lower()), read_body)


def _read_status(body: bytes) -> tuple[grpc.StatusCode, str]:
    """Return code and message of a google.rpc.Status that the core has encoded."""
    code, text = grpc.StatusCode.UNKNOWN, ""
    for tag, value, stop in read_fields(body, 0, len(body)):
        if tag == _CODE_TAG:
            code = _CODES[value]
        elif tag == _MESSAGE_TAG:
            text = body[value:stop].decode()
    return code, text
