"""The gRPC server by itself: faults that pass, and what is under way when it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from otel_worker.api.app import error_response
from otel_worker.api.message import Request, Response
from otel_worker.errors import OtelWorkerError, QuotaExceeded, StorageUnavailable
from otel_worker.otlp.response import PROTOBUF
from otel_worker_cli.local.grpc_server import Answer, GrpcServer
from otel_worker_cli.runtime.failures import ToolingError

WAIT_SECONDS = 20.0
MAX_MESSAGE_BYTES = 1_000_000
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextlib.asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[GrpcServer, Any]]:
    """Yield a server, and a method of it to call."""
    server = GrpcServer(answer, MAX_MESSAGE_BYTES)
    port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield server, channel.unary_unary(TRACES)
    await server.stop(0)


def test_a_call_is_the_request_that_http_would_have_sent() -> None:
    seen: list[object] = []

    async def answer(request: Request) -> Response:
        body = await request.read_body(MAX_MESSAGE_BYTES)
        headers = [
            request.header(name) for name in ("Content-Type", "AUTHORIZATION", "Content-Encoding", "Origin")
        ]
        seen.append((request.method, request.path, request.query, body, headers))
        return Response(200, b"answer", PROTOBUF)

    async def scenario() -> None:
        async with serving(answer) as (_, call):
            metadata = (("authorization", "Bearer token"), ("origin", "https://evil.example"))
            assert await call(b"message", metadata=metadata, timeout=WAIT_SECONDS) == b"answer"

    asyncio.run(scenario())
    assert seen == [("POST", "/v1/traces", "", b"message", [PROTOBUF, "Bearer token", None, None])]


@pytest.mark.parametrize(
    ("error", "code", "seconds"),
    [
        (StorageUnavailable("busy"), grpc.StatusCode.UNAVAILABLE, 2),
        (QuotaExceeded("empty"), grpc.StatusCode.RESOURCE_EXHAUSTED, 3600),
    ],
)
def test_a_fault_that_passes_says_when_to_come_again(
    error: OtelWorkerError, code: grpc.StatusCode, seconds: int
) -> None:
    async def answer(request: Request) -> Response:
        return error_response(request, error)

    async def scenario() -> None:
        async with serving(answer) as (_, call):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"", timeout=WAIT_SECONDS)
        assert (caught.value.code(), caught.value.details()) == (code, error.message)
        status = Status.FromString(dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
        retry = RetryInfo()
        assert status.details[0].Unpack(retry)
        assert retry.retry_delay.seconds == seconds

    asyncio.run(scenario())


def test_what_is_under_way_is_answered_before_it_ends() -> None:
    async def scenario() -> None:
        has_begun, may_answer = asyncio.Event(), asyncio.Event()

        async def answer(_request: Request) -> Response:
            has_begun.set()
            await may_answer.wait()
            return Response(200, b"late", PROTOBUF)

        async with serving(answer) as (server, call):
            calling = asyncio.ensure_future(call(b"", timeout=WAIT_SECONDS))
            await asyncio.wait_for(has_begun.wait(), WAIT_SECONDS)
            stopping = asyncio.create_task(server.stop(WAIT_SECONDS))
            await asyncio.sleep(0)
            assert not stopping.done()
            may_answer.set()
            assert await calling == b"late"
            await asyncio.wait_for(stopping, WAIT_SECONDS)

    asyncio.run(scenario())


def test_a_port_is_had_once() -> None:
    async def answer(_request: Request) -> Response:
        return Response(200, b"", PROTOBUF)

    async def scenario() -> None:
        first, second = GrpcServer(answer, MAX_MESSAGE_BYTES), GrpcServer(answer, MAX_MESSAGE_BYTES)
        port = await first.start("127.0.0.1", 0)
        with pytest.raises(ToolingError, match=str(port)):
            await second.start("127.0.0.1", port)
        await first.stop(0)
        await second.stop(0)

    asyncio.run(scenario())
