"""Memory at its peak: bodies as large as the collector takes them, one alone and four at once."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.bodies import ENCODINGS, MEDIA_TYPES, PROTOBUF, BodyMaker
from bench.ingest.client import Client
from bench.ingest.progress import say
from bench.ingest.projects import OURS, assemble
from bench.ingest.workerd_processes import WorkerdProcesses
from bench.report import table
from otel_worker.settings import DEFAULT_MAX_BODY_BYTES
from otel_worker_cli.runtime.project import Checkout

_SEED = 3
_MEGABYTE = 1_000_000
_WARM_UP_SPANS = (1, 8, 64)
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Case:
    """One way to send bodies at the limit."""

    encoding: str
    concurrent: int
    gzipped: bool

    @property
    def title(self) -> str:
        return f"{self.encoding}, {'gzip' if self.gzipped else 'identity'}, {self.concurrent}"


@dataclass(frozen=True, slots=True)
class Peak:
    """What a case took, in bytes."""

    idle: int
    peak: int
    idle_heap: int
    peak_heap: int


FULL = [
    Case(encoding, concurrent, gzipped)
    for encoding in ENCODINGS
    for gzipped in (False, True)
    for concurrent in (1, 4)
]
QUICK = [Case(PROTOBUF, 4, False)]


def measure(checkout: Checkout, quick: bool) -> str:
    """Send the bodies of each case to a fresh Worker and return the table."""
    maker = BodyMaker(_SEED)
    rows = []
    for case in QUICK if quick else FULL:
        made = [maker.make_of_size(case.encoding, DEFAULT_MAX_BODY_BYTES) for _ in range(case.concurrent)]
        peak = _measure_case(case, [body for body, _ in made], maker, checkout)
        rows.append(_row(case, made[0][1], peak))
        say(f"{case.title}: {_megabytes(peak.peak - peak.idle)} MB more than idle")
    header = (
        "encoding, coding, at once",
        "spans a body",
        "process idle",
        "process at its peak",
        "difference",
        "Python heap idle",
        "Python heap after",
    )
    title = f"In MB; every body is {DEFAULT_MAX_BODY_BYTES / _MEGABYTE:.1f} MB inflated:"
    return f"{title}\n\n{table(header, rows)}"


def _measure_case(case: Case, bodies: Sequence[bytes], maker: BodyMaker, checkout: Checkout) -> Peak:
    headers: Mapping[str, str] = {"Content-Encoding": "gzip"} if case.gzipped else {}
    if case.gzipped:
        bodies = [gzip.compress(body, _GZIP_LEVEL) for body in bodies]
    media_type = MEDIA_TYPES[case.encoding]
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch:
        session = assemble(OURS, Path(scratch) / OURS, checkout).start(checkout)
        try:
            with Client(session.port) as client:
                for span_count in _WARM_UP_SPANS:
                    client.export(maker.make(case.encoding, span_count), media_type)
                process = WorkerdProcesses.of_group(session.pid).largest()
                idle_heap = int(client.state()["heapBytes"])
                process.reset_peak()
                idle = process.resident_bytes()

                def export(body: bytes) -> None:
                    with Client(session.port) as own_client:
                        own_client.export(body, media_type, headers)

                with ThreadPoolExecutor(case.concurrent) as pool:
                    # Each one is bounded by the client's own timeout.
                    list(pool.map(export, bodies))
                peak = process.peak_bytes()
                return Peak(idle, peak, idle_heap, int(client.state()["heapBytes"]))
        finally:
            session.stop()


def _row(case: Case, span_count: int, peak: Peak) -> tuple[str, ...]:
    return (
        case.title,
        str(span_count),
        _megabytes(peak.idle),
        _megabytes(peak.peak),
        _megabytes(peak.peak - peak.idle),
        _megabytes(peak.idle_heap),
        _megabytes(peak.peak_heap),
    )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / _MEGABYTE:.0f}"
