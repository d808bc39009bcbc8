"""One soak from start to end: load, kills, and the count of every span."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import LOOPBACK
from otel_worker_cli.runtime.project import Checkout
from soak.chaos import Collector
from soak.ledger import Ledger
from soak.verification import Findings, verify_database
from soak.writers import ANSWER_SECONDS, PATIENCE_SECONDS, Writer

# Between two kills up to so many requests have to be acknowledged: each kill meets a loaded collector.
_MAX_ACKNOWLEDGED_BETWEEN_KILLS = 30
# And a random time up to this passes, so that kills fall on every moment of a request.
_MAX_DELAY_SECONDS = 0.2
_RECOVERY_SECONDS = 120.0
# Traces that are asked for over HTTP in the end; the file is read whole.
_MAX_HTTP_READS = 500


@dataclass(frozen=True)
class Plan:
    """How long and how hard; every `everything_every`-th kill takes wrangler too."""

    kills: int
    seed: int
    seconds: float
    writers: int = 4
    everything_every: int = 10


@dataclass
class Result:
    """What a soak counted."""

    kills_of_the_runtime: int
    kills_of_everything: int
    events: Counter[str]
    acknowledged_requests: int
    acknowledged_spans: int
    given_up: int
    read_over_http: int
    findings: Findings
    seconds: float
    problems: list[str]

    @property
    def is_clean(self) -> bool:
        return self.findings.is_clean and not self.problems

    @property
    def kills(self) -> int:
        return self.kills_of_the_runtime + self.kills_of_everything


def soak(plan: Plan, folder: Path, checkout: Checkout, on_progress: Callable[[str], None]) -> Result:
    """Run the plan in an empty folder. Raises ToolingError when the collector does not come back."""
    started = time.monotonic()
    token = secrets.token_urlsafe(24)
    ledger, stop = Ledger(), threading.Event()
    collector = Collector(folder, checkout, token)
    writers = [
        Writer(number, plan.seed, collector.port, token, ledger, stop) for number in range(plan.writers)
    ]
    try:
        for writer in writers:
            writer.start()
        kills = _kill_again_and_again(plan, collector, ledger, writers, started + plan.seconds, on_progress)
        stop.set()
        for writer in writers:
            writer.join(PATIENCE_SECONDS + ANSWER_SECONDS)
        problems = [f"{writer.name}: {writer.failure!r}" for writer in writers if writer.failure]
        problems += [f"{writer.name} does not end" for writer in writers if writer.is_alive()]
        collector.restart()
        on_progress("restarted for the last time; reading")
        read_over_http, unreadable = _read_over_http(collector.port, token, ledger, random.Random(plan.seed))
        problems += unreadable
    finally:
        stop.set()
        for writer in writers:
            writer.abandon()
        collector.stop()
    if sum(kills.values()) < plan.kills:
        problems.append(f"the time was over after {sum(kills.values())} of {plan.kills} kills")
    acknowledged = ledger.acknowledged
    return Result(
        kills_of_the_runtime=kills["runtime"],
        kills_of_everything=kills["everything"],
        events=ledger.events,
        acknowledged_requests=len(acknowledged),
        acknowledged_spans=sum(export.span_count for export in acknowledged),
        given_up=len(ledger.given_up),
        read_over_http=read_over_http,
        findings=verify_database(collector.database_file(), acknowledged, ledger.given_up),
        seconds=time.monotonic() - started,
        problems=problems,
    )


def _kill_again_and_again(
    plan: Plan,
    collector: Collector,
    ledger: Ledger,
    writers: list[Writer],
    deadline: float,
    on_progress: Callable[[str], None],
) -> Counter[str]:
    """Return how often what was killed; the collector works again when this returns."""
    chance = random.Random(plan.seed)
    kills: Counter[str] = Counter()
    _wait_for_acknowledgements(1, ledger, writers)
    for number in range(1, plan.kills + 1):
        if time.monotonic() > deadline:
            break
        time.sleep(chance.random() * _MAX_DELAY_SECONDS)
        if number % plan.everything_every == 0:
            collector.kill_everything()
            kills["everything"] += 1
        else:
            collector.kill_runtime()
            kills["runtime"] += 1
        _wait_for_acknowledgements(chance.randint(1, _MAX_ACKNOWLEDGED_BETWEEN_KILLS), ledger, writers)
        events = ledger.events
        on_progress(
            f"kill {number} of {plan.kills}: {ledger.acknowledged_count} requests acknowledged, "
            f"{events['repeated']} repeated"
        )
    return kills


def _wait_for_acknowledgements(more: int, ledger: Ledger, writers: list[Writer]) -> None:
    wanted = ledger.acknowledged_count + more
    deadline = time.monotonic() + _RECOVERY_SECONDS
    while ledger.acknowledged_count < wanted:
        if not any(writer.is_alive() for writer in writers):
            raise ToolingError("Every writer has ended.", detail=repr([writer.failure for writer in writers]))
        if time.monotonic() > deadline:
            raise ToolingError(f"The collector stores nothing {_RECOVERY_SECONDS:g} s after a kill.")
        time.sleep(0.01)


def _read_over_http(port: int, token: str, ledger: Ledger, chance: random.Random) -> tuple[int, list[str]]:
    """Ask for traces of some acknowledged exports; return how many were asked for, and what was wrong."""
    acknowledged = ledger.acknowledged
    problems: list[str] = []
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    exports = chance.sample(acknowledged, min(_MAX_HTTP_READS, len(acknowledged)))
    for export in exports:
        trace_id = export.trace_id(0)
        connection.request("GET", f"/v1/traces/{trace_id}", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        body = response.read()
        wanted = sorted(span_id for trace, span_id in export.span_ids() if trace == trace_id)
        found = sorted(span["spanId"] for span in json.loads(body)["spans"]) if response.status == 200 else []
        if found != wanted:
            problems.append(f"GET {trace_id}: {response.status}, {len(found)} of {len(wanted)} spans")
    connection.close()
    return len(exports), problems[:5]
