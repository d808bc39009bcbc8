"""Sends the same bodies to both servers in turns, and measures until the spans are in their databases."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.ingest.bodies import MEDIA_TYPES, PROTOBUF, BodyMaker
from bench.ingest.client import Client
from bench.ingest.progress import say
from bench.peers.packages import phoenix_program, phoenix_version
from bench.peers.servers import PHOENIX, Server, launch_ours, launch_phoenix, running
from bench.peers.tables import Rest, Sample, Samples, render
from otel_worker_cli.runtime.project import Checkout

_SEED = 11
# A busy machine stores 60 spans a second in the slower one.
_STORED_WITHIN_SECONDS = 300.0
# What a server still does when its spans are stored is none of the next turn's.
_PAUSE_SECONDS = 1.0
_IDLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; `requests` are those of one turn, by their spans."""

    rounds: int
    requests: dict[int, int]
    warm_up_requests: int


FULL = Plan(7, {512: 4, 64: 16}, 3)
QUICK = Plan(2, {512: 1, 64: 4}, 1)


def measure(checkout: Checkout, quick: bool) -> str:
    """Measure everything and return the tables."""
    plan = QUICK if quick else FULL
    program = phoenix_program(checkout)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        own_folder, other_folder = Path(name) / "ours", Path(name) / "phoenix"
        own_folder.mkdir()
        other_folder.mkdir()
        servers = [
            stack.enter_context(running(launch_ours(own_folder), own_folder)),
            stack.enter_context(running(launch_phoenix(program, other_folder), other_folder)),
        ]
        say("both servers are ready")
        return _measure(servers, plan, f"{PHOENIX} {phoenix_version(checkout)}")


def _measure(servers: Sequence[Server], plan: Plan, peer: str) -> str:
    maker = BodyMaker(_SEED)
    largest = max(plan.requests)
    ready = {server.name: server.processes.resident_bytes() for server in servers}
    for server in servers:
        _send(server, [maker.make(PROTOBUF, largest) for _ in range(plan.warm_up_requests)], largest)
    samples: Samples = {(server.name, size): [] for size in plan.requests for server in servers}
    for number in range(plan.rounds):
        for size, count in plan.requests.items():
            bodies = [maker.make(PROTOBUF, size) for _ in range(count)]
            # Who comes first changes, since whatever else runs on the machine does not.
            for server in servers if number % 2 == 0 else reversed(servers):
                time.sleep(_PAUSE_SECONDS)
                sample = _send(server, bodies, size)
                samples[server.name, size].append(sample)
                say(f"round {number + 1}, {size} spans, {server.name}: {sample.cpu_us_a_span:,.1f} us a span")
    rests = {server.name: _rest(server, ready[server.name]) for server in servers}
    return render(samples, rests, peer, servers[0].stored_spans())


def _rest(server: Server, ready_bytes: int) -> Rest:
    processes = server.processes
    before = processes.cpu_seconds()
    time.sleep(_IDLE_SECONDS)
    idle_share = (processes.cpu_seconds() - before) / _IDLE_SECONDS
    return Rest(ready_bytes, processes.resident_bytes(), processes.peak_bytes(), idle_share)


def _send(server: Server, bodies: Sequence[bytes], size: int) -> Sample:
    """Export one body after the other, wait for the last span, and return what that took."""
    stored = server.stored_spans()
    span_count = size * len(bodies)
    cpu_before, started = server.processes.cpu_seconds(), time.perf_counter()
    with Client(server.port) as client:
        answers = [client.export(body, MEDIA_TYPES[PROTOBUF])[0] for body in bodies]
    server.wait_until_stored(stored + span_count, _STORED_WITHIN_SECONDS)
    seconds = time.perf_counter() - started
    cpu_seconds = server.processes.cpu_seconds() - cpu_before
    return Sample(
        cpu_us_a_span=cpu_seconds / span_count * 1e6,
        answer_ms=median(answers) * 1e3,
        stored_spans_a_second=span_count / seconds,
    )
