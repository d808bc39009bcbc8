"""The shop under steady traffic: what of it reaches the gateway and the receiver, and how users fare."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from bench.ingest.progress import say
from bench.metrics.load import Exchange
from bench.metrics.projects import RunningWorker
from bench.metrics.receiver import Count
from bench.metrics.shop import Shop, receiver_path
from bench.metrics.ways import GATEWAY, MERGED, PLAIN

PER_SECOND = 100.0
# So many requests may be under way: each may take 0.3 s before the next one is late.
_CONNECTIONS = 32
# Two seconds of requests; the client in the shop waits for its answer ten times as long.
_MAX_BACKLOG = 200
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class GatewayUse:
    """What a run took of the gateway; CPU time is that of its process, the Worker and the object together."""

    pushes: int
    rows_written: int
    alarms: int
    cpu_seconds: float
    proxy_cpu_seconds: float

    def __sub__(self, before: GatewayUse) -> GatewayUse:
        return GatewayUse(
            self.pushes - before.pushes,
            self.rows_written - before.rows_written,
            self.alarms - before.alarms,
            self.cpu_seconds - before.cpu_seconds,
            self.proxy_cpu_seconds - before.proxy_cpu_seconds,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """Requests of one way. `received`: until the receiver knew of everything."""

    way: str
    exchanges: Sequence[Exchange]
    received: Count
    gateway: GatewayUse | None
    cpu_seconds: float
    proxy_cpu_seconds: float

    @property
    def requests(self) -> int:
        return len(self.exchanges)

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return (max(one.answered_us for one in self.exchanges) - self.exchanges[0].begun_us) / 1e6

    @property
    def per_second(self) -> float:
        """What was reached."""
        return self.requests / self.seconds

    @property
    def late(self) -> list[float]:
        """By how many ms requests began late, of those for which the next one's turn had come."""
        return [one.late_ms for one in self.exchanges if one.late_ms > 1000 / PER_SECOND]

    @property
    def response_ms(self) -> list[float]:
        return [one.response_ms for one in self.exchanges]


def run_traffic(shop: Shop, way: str, requests: int) -> Run:
    """Have the shop sell steadily; raise unless the receiver gets to know of all of it exactly."""
    path = receiver_path(way)
    received, used, cpu = shop.receiver.count(path), _gateway_use(shop), shop.worker.cpu()
    if way == GATEWAY:
        with _Backlog(shop.gateway) as backlog:
            exchanges = shop.sell([way] * requests, _CONNECTIONS, PER_SECOND, backlog.is_held)
    else:
        exchanges = shop.sell([way] * requests, _CONNECTIONS, PER_SECOND)
    if way != PLAIN:
        shop.require_exact(way)
    worker_seconds, proxy_seconds = (now - then for now, then in zip(shop.worker.cpu(), cpu, strict=True))
    run = Run(
        way,
        exchanges,
        shop.receiver.count(path) - received,
        _gateway_use(shop) - used if way in (GATEWAY, MERGED) else None,
        worker_seconds,
        proxy_seconds,
    )
    say(
        f"{requests:,} requests, {way}: {run.per_second:.1f} a second, "
        f"{run.received.pushes:,} pushes received"
    )
    return run


class _Backlog:
    """Holds requests back while the gateway is behind: a busy machine is to be slow, and to lose nothing.

    On an idle one it never does. Use it as a context manager.
    """

    def __init__(self, gateway: RunningWorker) -> None:
        self._gateway = gateway
        self._before = self._begun = gateway.ask("/bench/metrics")["pushes"]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Backlog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def is_held(self, number: int) -> bool:
        """Return whether a request has to wait."""
        return number - (self._begun - self._before) > _MAX_BACKLOG

    def _look(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            self._begun = self._gateway.ask("/bench/metrics")["pushes"]


def measure_delays(shop: Shop, ways: Sequence[str], rounds: int, per_second: float) -> dict[str, list[float]]:
    """Return response times in ms by way, of single requests that take turns."""
    exchanges = shop.sell([*ways] * rounds, 2, per_second)
    for way in ways:
        if way != PLAIN:
            shop.require_exact(way)
    return {way: [one.response_ms for one in exchanges[turn :: len(ways)]] for turn, way in enumerate(ways)}


def _gateway_use(shop: Shop) -> GatewayUse:
    counts = shop.gateway.ask("/bench/metrics")
    worker_seconds, proxy_seconds = shop.gateway.cpu()
    return GatewayUse(
        counts["pushes"], counts["rows_written"], counts["alarms"], worker_seconds, proxy_seconds
    )
