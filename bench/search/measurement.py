"""Asks every kind of question in databases of three sizes, and measures the answers."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import mean, median

from bench.ingest.client import Client
from bench.ingest.progress import say
from bench.ingest.projects import TRIVIAL, assemble
from bench.search.datasets import Dataset, prepare
from bench.search.facts import Facts
from bench.search.questions import KINDS, Asker
from bench.search.tables import Measured, Samples, render
from bench.search.traffic import Traffic
from bench.search.ways import Get, ask, native_get, start_worker
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout

_SEED = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    span_counts: tuple[int, ...]
    repetitions: int
    warm_up_seconds: float


FULL = Plan((10_000, 100_000, 1_000_000), 30, 8.0)
QUICK = Plan((10_000,), 5, 1.0)


@dataclass(slots=True)
class _Bench:
    """One dataset, and those who answer."""

    asker: Asker
    worker_port: int
    trivial_port: int
    native: Get
    plan: Plan

    def warm_up(self) -> None:
        """Ask all kinds until the Worker is as fast as it gets."""
        end = time.monotonic() + self.plan.warm_up_seconds
        with Client(self.worker_port) as client:
            while time.monotonic() < end:
                for kind in KINDS.values():
                    ask(client.get, kind(self.asker))

    def measure(self, name: str) -> Measured:
        """Return what one kind of question costs."""
        questions = [KINDS[name](self.asker) for _ in range(self.plan.repetitions)]
        # A new connection each time: while the others have theirs, the server would close an old one.
        with Client(self.trivial_port) as client:
            trivial_ms = median(client.get("/")[0] * 1000 for _ in questions)
        with Client(self.worker_port) as client:
            ask(client.get, KINDS[name](self.asker))

            def rows_read() -> int:
                return int(client.state()["rowsRead"])

            answers = [ask(client.get, question, rows_read) for question in questions]
        native = [ask(self.native, question) for question in questions]
        return Measured(
            trivial_ms=trivial_ms,
            wall_ms=[answer.seconds * 1000 for answer in answers],
            native_ms=[answer.seconds * 1000 for answer in native],
            rows_read=mean(answer.rows_read for answer in answers),
            requests=mean(answer.requests for answer in answers),
            trace_count=mean(answer.trace_count for answer in answers),
        )


def measure(checkout: Checkout, quick: bool) -> str:
    """Measure all sizes and return the tables."""
    plan = QUICK if quick else FULL
    # All of them first: making one is hard work, next to which nothing else is to be measured.
    datasets = [prepare(checkout, Traffic(span_count)) for span_count in plan.span_counts]
    samples: Samples = {}
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch:
        folder = Path(scratch)
        trivial = assemble(TRIVIAL, folder / TRIVIAL, checkout).start(checkout)
        try:
            for dataset in datasets:
                _measure_dataset(dataset, folder, trivial.port, checkout, plan, samples)
        finally:
            trivial.stop()
    return render(samples)


def _measure_dataset(
    dataset: Dataset, folder: Path, trivial_port: int, checkout: Checkout, plan: Plan, samples: Samples
) -> None:
    """Add the samples of one dataset."""
    span_count = dataset.traffic.span_count
    with ExitStack() as stack:
        facts = stack.enter_context(Facts(dataset.facts))
        native = stack.enter_context(native_get(dataset))
        worker = start_worker(dataset, folder / f"{span_count}", checkout)
        stack.callback(worker.stop)
        bench = _Bench(Asker(dataset.traffic, facts, Random(_SEED)), worker.port, trivial_port, native, plan)
        bench.warm_up()
        say(f"{span_count:,} spans: warm")
        for name in KINDS:
            samples[span_count, name] = measured = bench.measure(name)
            say(f"{span_count:,} spans, {name}: {median(measured.wall_ms):.1f} ms")
        # For what is not there, none may be right.
        if not any(samples[span_count, name].rows_read for name in KINDS):
            raise ToolingError("The counting Worker counts no rows; does the collector still use D1Database?")
