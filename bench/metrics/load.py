"""Requests on a schedule that is kept, however long the answers take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.ingest.projects import TOKEN
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import LOOPBACK

# Far above what any answer takes on a busy machine.
_TIMEOUT_SECONDS = 60.0
# Until all connections wait for their first turn.
_START_SECONDS = 0.2
_HOLD_SECONDS = 0.02
_OK = b"HTTP/1.1 200 "


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of a request, by the monotonic clock; its answer had been read at `answered_us`."""

    due_us: int
    begun_us: int
    answered_us: int

    @property
    def late_ms(self) -> float:
        return (self.begun_us - self.due_us) / 1000

    @property
    def response_ms(self) -> float:
        return (self.answered_us - self.begun_us) / 1000


def get(path: str) -> bytes:
    """Return a GET request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """Return a POST request of JSON as it goes over the wire, with the token of the measurements."""
    head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def never_held(_number: int) -> bool:
    """Hold nothing back."""
    return False


def send(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    per_second: float | None = None,
    is_held: Callable[[int], bool] = never_held,
) -> list[Exchange]:
    """Send requests over kept-alive connections; return what became of each, by when they were due.

    With a rate, each is due one interval after the one before it, whatever became of that; a late one goes at
    once. Without one, each connection sends its next request when it has the answer to the last one.
    A request waits while `is_held` says so of its number.
    Raises ToolingError when one is not answered with 200.
    """
    return asyncio.run(_send(port, requests, connections, per_second, is_held))


async def _send(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    per_second: float | None,
    is_held: Callable[[int], bool],
) -> list[Exchange]:
    started_us = _now_us() + int(_START_SECONDS * 1e6)
    turns = (
        (number, request, started_us + int(number / per_second * 1e6) if per_second else None)
        for number, request in enumerate(requests)
    )
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_send_turns(port, turns, is_held)) for _ in range(connections)]
    except ExceptionGroup as failures:
        raise _first(failures) from failures
    exchanges = [exchange for task in tasks for exchange in task.result()]
    return sorted(exchanges, key=lambda exchange: exchange.due_us)


async def _send_turns(
    port: int, turns: Iterator[tuple[int, bytes, int | None]], is_held: Callable[[int], bool]
) -> list[Exchange]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    exchanges = []
    try:
        for number, request, due_us in turns:
            if due_us is not None:
                await asyncio.sleep(max(0, due_us - _now_us()) / 1e6)
            while is_held(number):
                await asyncio.sleep(_HOLD_SECONDS)
            begun_us = _now_us()
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                writer.write(request)
                await _read_answer(reader)
            exchanges.append(Exchange(begun_us if due_us is None else due_us, begun_us, _now_us()))
    except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
        raise ToolingError("A request got no answer.", detail=repr(error)) from error
    finally:
        writer.close()
    return exchanges


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    """Read an answer to its end, and return its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get(b"content-length", 0)))
    if not head.startswith(_OK):
        detail = body[:500].decode(errors="replace")
        raise ToolingError(f"A request was answered {head[9:12].decode()}.", detail=detail)
    return body


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while length := int(await reader.readline(), 16):
        body += await reader.readexactly(length)
        await reader.readline()
    await reader.readline()
    return body


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _now_us() -> int:
    return time.monotonic_ns() // 1000
