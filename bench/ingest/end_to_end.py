"""Whole requests in workerd: a trivial Worker, the straightforward port and the collector, turn by turn."""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import apsw

from bench.ingest.bodies import ENCODINGS, MEDIA_TYPES, BodyMaker
from bench.ingest.client import Client
from bench.ingest.end_to_end_tables import Case, Sample, Samples, render
from bench.ingest.progress import say
from bench.ingest.projects import OURS, REFERENCE, VARIANTS, Project, assemble
from bench.ingest.workerd_processes import WorkerdProcesses
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout

_SEED = 1

# What a request sets in motion after its answer (a log line, a checkpoint) is to count for its variant.
_SETTLE_SECONDS = 0.05

_WARM_UP_TURN = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. CPU time comes in ticks of 10 ms, so a turn should take a second of it.

    Until a Worker has used some seconds of CPU time, V8 runs Python's interpreter unoptimised: at half speed.
    """

    rounds: int
    warm_up_cpu_seconds: float
    # Requests a turn, by spans a request; the straightforward port gets fewer of the large ones.
    requests: dict[int, int]
    reference_requests: dict[int, int]

    def requests_of(self, variant: str, span_count: int) -> int:
        return (self.reference_requests if variant == REFERENCE else self.requests)[span_count]


FULL = Plan(5, 6.0, {1: 100, 8: 100, 64: 60, 512: 30}, {1: 50, 8: 50, 64: 20, 512: 5})
QUICK = Plan(1, 1.0, {1: 30, 64: 20, 512: 8}, {1: 20, 64: 6, 512: 2})


@dataclass(slots=True)
class _Runner:
    """One Worker that runs, with what was sent to it."""

    variant: str
    project: Project
    port: int
    processes: WorkerdProcesses
    sent_spans: int = 0
    # Before, a request may bring names that are new to the catalog, each one a row more.
    is_warm: bool = False
    rows_written: dict[Case, set[int]] = field(default_factory=lambda: defaultdict(set))

    def send(self, case: Case, bodies: list[bytes]) -> Sample:
        """Send the bodies one after the other, and return what each cost."""
        media_type = MEDIA_TYPES[case.encoding]
        # A new connection each turn: while the others have theirs, the server would close an old one.
        with Client(self.port) as client:
            rows_before = self._counted_rows(client)
            cpu_before = self.processes.cpu_seconds()
            answers = [client.export(body, media_type) for body in bodies]
            time.sleep(_SETTLE_SECONDS)
            cpu_seconds = self.processes.cpu_seconds() - cpu_before
            rows_written = self._counted_rows(client) - rows_before
        self.sent_spans += case.span_count * len(bodies)
        if self.variant == REFERENCE:
            self.rows_written[case].update(json.loads(answer)["rowsWritten"] for _, answer in answers)
        elif self.variant == OURS and self.is_warm:
            rows, rest = divmod(rows_written, len(bodies))
            if rest:
                raise ToolingError("The collector did not write the same number of rows for each request.")
            self.rows_written[case].add(rows)
        return Sample(
            cpu_ms=cpu_seconds / len(bodies) * 1000,
            wall_ms=median(seconds for seconds, _ in answers) * 1000,
        )

    def _counted_rows(self, client: Client) -> int:
        return int(client.state()["rowsWritten"]) if self.variant == OURS else 0


def measure(checkout: Checkout, quick: bool) -> str:
    """Run all three Workers side by side and return the tables."""
    plan = QUICK if quick else FULL
    samples: Samples = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch:
        with ExitStack() as stack:
            runners = [_start(variant, Path(scratch), checkout, stack) for variant in VARIANTS]
            _measure_rounds(runners, plan, samples)
        for runner in runners:
            _check_stored(runner)
    rows = {runner.variant: runner.rows_written for runner in runners}
    return render(samples, rows)


def _start(variant: str, scratch: Path, checkout: Checkout, stack: ExitStack) -> _Runner:
    project = assemble(variant, scratch / variant, checkout)
    session = project.start(checkout)
    stack.callback(session.stop)
    processes = WorkerdProcesses.of_group(session.pid)
    say(f"{variant} runs, with {len(processes.ids)} workerd processes")
    return _Runner(variant, project, session.port, processes)


def _measure_rounds(runners: list[_Runner], plan: Plan, samples: Samples) -> None:
    maker = BodyMaker(_SEED)
    cases = [Case(encoding, span_count) for encoding in ENCODINGS for span_count in plan.requests]
    for runner in runners:
        _warm_up(runner, cases, plan.warm_up_cpu_seconds, maker)
    for turn in range(plan.rounds):
        for case in cases:
            most = max(plan.requests_of(runner.variant, case.span_count) for runner in runners)
            bodies = [maker.make(case.encoding, case.span_count) for _ in range(most)]
            for runner in runners:
                count = plan.requests_of(runner.variant, case.span_count)
                samples[runner.variant, case].append(runner.send(case, bodies[:count]))
        say(f"round {turn + 1} of {plan.rounds}")


def _warm_up(runner: _Runner, cases: list[Case], cpu_seconds: float, maker: BodyMaker) -> None:
    """Send bodies of all cases until the Worker has used that much."""
    end = runner.processes.cpu_seconds() + cpu_seconds
    requests = 0
    while runner.processes.cpu_seconds() < end:
        for case in cases:
            bodies = [maker.make(case.encoding, case.span_count) for _ in range(_WARM_UP_TURN)]
            runner.send(case, bodies)
            requests += len(bodies)
    runner.is_warm = True
    say(f"{runner.variant} is warm after {requests} requests")


def _check_stored(runner: _Runner) -> None:
    """Raise unless the database holds every span that was sent, once."""
    query = {
        OURS: "SELECT sum(span_count) FROM span_blocks",
        REFERENCE: "SELECT count(*) FROM spans",
    }.get(runner.variant)
    if query is None:
        return
    connection = apsw.Connection(str(runner.project.database_file()))
    try:
        ((stored,),) = connection.execute(query)
    finally:
        connection.close()
    if stored != runner.sent_spans:
        raise ToolingError(f"{runner.variant}: {runner.sent_spans} spans were sent, {stored} are stored.")
    say(f"{runner.variant} has stored all {stored} spans")
