"""An exporter with a schedule that it keeps, however long the answers take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.ingest.bodies import MEDIA_TYPES, PROTOBUF, SPANS_PER_TRACE, BodyMaker
from bench.ingest.client import Client

# So many exports may be under way: at 50 a second, each may take 0.3 s before the next one is late.
CONNECTIONS = 16
# Until all connections wait for their first turn.
_START_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Export:
    """One trace on its way in."""

    trace_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an export, by the monotonic clock; the answer had been read at `answered_us`."""

    trace_id: str
    due_us: int
    begun_us: int
    answered_us: int

    @property
    def late_ms(self) -> float:
        return (self.begun_us - self.due_us) / 1000

    @property
    def export_ms(self) -> float:
        return (self.answered_us - self.begun_us) / 1000


def make_exports(maker: BodyMaker, count: int) -> list[Export]:
    """Return exports of one new trace each."""
    bodies = [maker.make(PROTOBUF, SPANS_PER_TRACE) for _ in range(count)]
    return [Export(_trace_id(body), body) for body in bodies]


def evenly(count: int, per_second: float) -> list[float]:
    """Return at which second each of so many exports is due, one interval from the next."""
    return [number / per_second for number in range(count)]


def at_random(count: int, per_second: float, random: Random) -> list[float]:
    """Return times as `evenly`, each at a random moment of its interval: windows have a beat of their own."""
    return [(number + random.random()) / per_second for number in range(count)]


def send(
    port: int,
    exports: Sequence[Export],
    due_seconds: Sequence[float],
    headers: Mapping[str, str] | None = None,
) -> list[Sent]:
    """Send exports when they are due over kept-alive connections; return what became of each, in their order.

    A late one is sent at once, and those after it keep their own time.
    """
    started_us = _now_us() + int(_START_SECONDS * 1e6)
    due_us = [started_us + int(seconds * 1e6) for seconds in due_seconds]
    turns = _Turns(zip(exports, due_us, strict=True))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        # Each one is bounded by the client's own timeout.
        connections = [pool.submit(_send_turns, port, turns, headers) for _ in range(CONNECTIONS)]
        sent = [one for connection in connections for one in connection.result()]
    return sorted(sent, key=lambda one: one.due_us)


class _Turns(Iterator[tuple[Export, int]]):
    """Exports with their times, handed out to threads."""

    def __init__(self, turns: Iterator[tuple[Export, int]]) -> None:
        self._turns = turns
        self._lock = threading.Lock()

    def __next__(self) -> tuple[Export, int]:
        with self._lock:
            return next(self._turns)


def _send_turns(port: int, turns: _Turns, headers: Mapping[str, str] | None) -> list[Sent]:
    sent = []
    with Client(port) as client:
        for export, due_us in turns:
            time.sleep(max(0, due_us - _now_us()) / 1e6)
            begun_us = _now_us()
            client.export(export.body, MEDIA_TYPES[PROTOBUF], headers)
            sent.append(Sent(export.trace_id, due_us, begun_us, _now_us()))
    return sent


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def _trace_id(body: bytes) -> str:
    request = ExportTraceServiceRequest.FromString(body)
    return bytes(request.resource_spans[0].scope_spans[0].spans[0].trace_id).hex()
