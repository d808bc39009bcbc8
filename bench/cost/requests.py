"""What export requests and their deletion take in workerd: rows on D1's own word, CPU time, D1's time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from bench.cost.prices import RETENTION_DAYS
from bench.cost.storage import Stored, read_file
from bench.ingest.bodies import MEDIA_TYPES, PROTOBUF, BodyMaker
from bench.ingest.client import Client
from bench.ingest.projects import OURS, REFERENCE, assemble
from bench.ingest.workerd_processes import WorkerdProcesses
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout

_SETTLE_SECONDS = 0.05
_DAY = 86_400_000_000_000
_FRESH_SEED, _FRESH_SPANS = 12, 2048
_CRON = "/cdn-cgi/handler/scheduled?cron=17+*+*+*+*"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one request took in the mean."""

    span_count: int
    rows_written: float
    rows_read: float
    cpu_ms: float
    # From the call of D1 to its answer.
    batch_ms: float


@dataclass(frozen=True, slots=True)
class Deleted:
    """What retention took in the mean for what one request had brought."""

    rows_written: float
    rows_read: float
    cpu_ms: float


def measure_collector(
    checkout: Checkout, folder: Path, maker: BodyMaker, span_count: int, request_count: int, warm_up: int
) -> tuple[Ingested, Deleted]:
    """Send requests whose spans are older than the retention to a fresh collector, then run its cron."""
    session = assemble(OURS, folder, checkout).start(checkout)
    try:
        processes = WorkerdProcesses.of_group(session.pid)
        with Client(session.port) as client:
            _export(client, maker, span_count, warm_up)
            before, cpu_before = client.state(), processes.cpu_seconds()
            _export(client, maker, span_count, request_count)
            time.sleep(_SETTLE_SECONDS)
            cpu_seconds, after = processes.cpu_seconds() - cpu_before, client.state()
            ingested = Ingested(
                span_count,
                (after["rowsWritten"] - before["rowsWritten"]) / request_count,
                (after["rowsRead"] - before["rowsRead"]) / request_count,
                cpu_seconds / request_count * 1000,
                (after["batchSeconds"] - before["batchSeconds"]) / request_count * 1000,
            )
            # Its names are the same: those of the menus stay, as they do while traffic goes on.
            client.export(BodyMaker(_FRESH_SEED).make(PROTOBUF, _FRESH_SPANS), MEDIA_TYPES[PROTOBUF])
            return ingested, _delete_old(client, processes, warm_up + request_count)
    finally:
        session.stop()


def _export(client: Client, maker: BodyMaker, span_count: int, request_count: int) -> None:
    for _ in range(request_count):
        client.export(maker.make(PROTOBUF, span_count), MEDIA_TYPES[PROTOBUF])


def _delete_old(client: Client, processes: WorkerdProcesses, request_count: int) -> Deleted:
    """Run retention, which has to leave nothing old, and return what it took for each request."""
    old = f"/v1/traces?end={time.time_ns() - RETENTION_DAYS * _DAY}"
    if not json.loads(client.get(old)[1]):
        raise ToolingError("Nothing was stored that is older than the retention.")
    before, cpu_before = client.state(), processes.cpu_seconds()
    client.get(_CRON)
    time.sleep(_SETTLE_SECONDS)
    cpu_seconds, after = processes.cpu_seconds() - cpu_before, client.state()
    if json.loads(client.get(old)[1]):
        raise ToolingError("The cron run did not delete everything that is older than the retention.")
    return Deleted(
        (after["rowsWritten"] - before["rowsWritten"]) / request_count,
        (after["rowsRead"] - before["rowsRead"]) / request_count,
        cpu_seconds / request_count * 1000,
    )


def measure_reference(
    checkout: Checkout, folder: Path, maker: BodyMaker, span_count: int, request_count: int, warm_up: int
) -> tuple[Ingested, Stored]:
    """Send requests to the straightforward port, which stores a row a span; it has no retention."""
    project = assemble(REFERENCE, folder, checkout)
    session = project.start(checkout)
    try:
        processes = WorkerdProcesses.of_group(session.pid)
        with Client(session.port) as client:
            _export(client, maker, span_count, warm_up)
            cpu_before = processes.cpu_seconds()
            rows_written = 0
            for _ in range(request_count):
                _, answer = client.export(maker.make(PROTOBUF, span_count), MEDIA_TYPES[PROTOBUF])
                rows_written += int(json.loads(answer)["rowsWritten"])
            time.sleep(_SETTLE_SECONDS)
            cpu_seconds = processes.cpu_seconds() - cpu_before
    finally:
        session.stop()
    ingested = Ingested(span_count, rows_written / request_count, 0, cpu_seconds / request_count * 1000, 0)
    return ingested, read_file(project.database_file(), span_count * (warm_up + request_count))
