"""One aggregator with all it can take: pushes of the shop, sent again as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.ingest.progress import say
from bench.metrics.load import post, send
from bench.metrics.projects import RunningWorker
from bench.metrics.receiver import Receiver
from bench.metrics.shop import FROM_GATEWAY
from bench.metrics.sums import Sums, received_sums, require_equal
from bench.metrics.ways import SERVICE
from otel_worker_cli.runtime.failures import ToolingError

THROUGH_THE_WORKER, CALLED_DIRECTLY = "saturated", "saturated-directly"

# A push waits half a second for its commit: so many make up for it.
_CONNECTIONS = 200
_DIRECT_CONNECTIONS, _DIRECT_PUSHES_A_CALL = 4, 250
_ARRIVAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Saturation:
    """What one object took, and what it took for that."""

    pushes: int
    seconds: float
    rows_written: int
    worker_cpu_seconds: float
    proxy_cpu_seconds: float
    # How long a request waited for its answer.
    answer_ms: Sequence[float]


def renamed_for(service: str, body: str) -> str:
    """Return a push of the shop as if another service had made it."""
    name = f'"stringValue":"{SERVICE}"'
    if body.count(name) != 1:
        raise ToolingError("A push of the shop does not name its service once.")
    return body.replace(name, f'"stringValue":"{service}"')


def saturate(gateway: RunningWorker, receiver: Receiver, bodies: Sequence[str]) -> Saturation:
    """Send export requests of the shop over HTTP, each once, for a service of its own."""
    renamed = [renamed_for(THROUGH_THE_WORKER, body) for body in bodies]
    requests = [post("/v1/metrics", body.encode()) for body in renamed]
    saturation = _measure(gateway, requests, _CONNECTIONS, 1)
    _require_exact(receiver, received_sums(renamed, THROUGH_THE_WORKER), THROUGH_THE_WORKER)
    return saturation


def saturate_directly(gateway: RunningWorker, receiver: Receiver, body: str, calls: int) -> Saturation:
    """Have the Worker beside the object call it, many times at once; the body is decoded once a call."""
    renamed = renamed_for(CALLED_DIRECTLY, body)
    path = f"/bench/push/{CALLED_DIRECTLY}/{_DIRECT_PUSHES_A_CALL}"
    requests = [post(path, renamed.encode())] * calls
    saturation = _measure(gateway, requests, _DIRECT_CONNECTIONS, _DIRECT_PUSHES_A_CALL)
    once = received_sums([renamed], CALLED_DIRECTLY)
    expected = {
        name: tuple(amount * saturation.pushes for amount in amounts) for name, amounts in once.items()
    }
    _require_exact(receiver, expected, CALLED_DIRECTLY)
    return saturation


def _measure(
    gateway: RunningWorker, requests: Sequence[bytes], connections: int, pushes_a_request: int
) -> Saturation:
    counts, (worker_seconds, proxy_seconds) = gateway.ask("/bench/metrics"), gateway.cpu()
    started = time.perf_counter()
    exchanges = send(gateway.port, requests, connections)
    seconds = time.perf_counter() - started
    worker_after, proxy_after = gateway.cpu()
    after = gateway.ask("/bench/metrics")
    pushes = len(requests) * pushes_a_request
    if after["pushes"] - counts["pushes"] != pushes:
        raise ToolingError(f"{pushes} pushes were made, {after['pushes'] - counts['pushes']} came.")
    say(f"{pushes:,} pushes to one aggregator: {pushes / seconds:.0f} a second")
    return Saturation(
        pushes,
        seconds,
        after["rows_written"] - counts["rows_written"],
        worker_after - worker_seconds,
        proxy_after - proxy_seconds,
        [exchange.response_ms for exchange in exchanges],
    )


def _require_exact(receiver: Receiver, expected: Sums, service: str) -> None:
    def received() -> Sums:
        return received_sums(receiver.bodies(FROM_GATEWAY), service)

    receiver.wait(lambda: received() == expected, _ARRIVAL_SECONDS)
    require_equal(received(), expected, service)
