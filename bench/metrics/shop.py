"""The shop in use: its requests, by way, and whether the receiver knows of all that they counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.metrics.load import Exchange, get, never_held, send
from bench.metrics.projects import RunningWorker
from bench.metrics.receiver import Receiver
from bench.metrics.sums import Sums, counted_sums, received_sums, require_equal
from bench.metrics.ways import FETCH, GATEWAY, MERGED, SERVICE, SHARED, STRAIGHT
from otel_worker_cli.runtime.failures import ToolingError

# What the client says of a flush when there is nothing left, as in its README.
NOTHING = "nothing"

FROM_GATEWAY = "/from-gateway"

# A push may be repeated by the client, and waits for the gateway's next flush.
_ARRIVAL_SECONDS = 30.0


def receiver_path(way: str) -> str:
    """Return where the receiver gets what a way sends."""
    return FROM_GATEWAY if way in (GATEWAY, MERGED) else f"/{way}/v1/metrics"


@dataclass
class Shop:
    """Numbers its requests, and remembers which number went which way."""

    worker: RunningWorker
    gateway: RunningWorker
    receiver: Receiver
    # What FETCH posts: as much as a push has.
    fetch_bytes: int = 0
    _sold: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _next_number: int = 0

    @property
    def sent_requests(self) -> int:
        """How many requests were to push what they counted."""
        return sum(len(self._sold[way]) for way in (STRAIGHT, SHARED, GATEWAY, MERGED))

    def sell(
        self,
        ways: Sequence[str],
        connections: int = 1,
        per_second: float | None = None,
        is_held: Callable[[int], bool] = never_held,
    ) -> list[Exchange]:
        """Send a request for each of these ways (see `send`), and return what became of each."""
        requests = []
        for way in ways:
            path = f"/{way}/{self._next_number}"
            requests.append(get(f"{path}/{self.fetch_bytes}" if way == FETCH else path))
            self._sold[way].append(self._next_number)
            self._next_number += 1
        return send(self.worker.port, requests, connections, per_second, is_held)

    def require_exact(self, way: str) -> None:
        """Return when the receiver knows of all that was ever counted and sent where this way sends it.

        Raises ToolingError when it does not come to that.
        """
        if way in (SHARED, MERGED):
            self._flush(way)
        path = receiver_path(way)
        counted = counted_sums(
            number
            for other, numbers in self._sold.items()
            if receiver_path(other) == path
            for number in numbers
        )
        self.receiver.wait(lambda: self._received(way) == counted, _ARRIVAL_SECONDS)
        try:
            require_equal(self._received(way), counted, way)
        except ToolingError as failure:
            outcomes = self.worker.ask("/outcomes").items()
            flushes = ", ".join(f"{count} x {outcome}" for outcome, count in outcomes)
            detail = f"{failure.detail}\nFlushes: {flushes}"
            raise ToolingError(failure.problem, detail=detail) from failure

    def _flush(self, way: str) -> None:
        """Have the one collector send what has joined a flush that could not take it any more."""
        self.receiver.wait(lambda: NOTHING in self.worker.ask(f"/flush/{way}"), _ARRIVAL_SECONDS)

    def _received(self, way: str) -> Sums:
        return received_sums(self.receiver.bodies(receiver_path(way)), SERVICE)
