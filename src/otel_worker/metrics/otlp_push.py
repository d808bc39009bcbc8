"""Passing cumulative metrics on to an OTLP endpoint: one bad point must not keep the others back.

Prometheus stores nothing of a request that has one sample it does not take, and says so with a 400, or
even a 500 when a sample is too old. So a request that is refused is sent again in halves, until the metrics
that are at fault stand alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from otel_worker.metric_model import MetricGroup
from otel_worker.otlp.metric_json_encoder import encode_metrics_json

# A metric's name and kind.
MetricKey = tuple[str, str]

# Passing: the same request may succeed later (OTLP specification, "OTLP/HTTP Response", with 500 apart).
_RETRYABLE = frozenset({408, 429, 502, 503, 504})
# What no other request would change: a wrong address or token. A redirect is one too.
_HOPELESS = frozenset({401, 403, 404, 405})
NO_ANSWER = 0

# Some 300 bytes each: a request stays below 1 MB.
MAX_POINTS_PER_REQUEST = 3_000
# How many requests one flush may take, most of them because of points that are refused: Cloudflare allows a
# Durable Object 1,000 at a time.
MAX_REQUESTS = 200

_FIRST_RETRY_SECONDS = 5.0
_MAX_RETRY_SECONDS = 300.0


@dataclass(slots=True)
class PushOutcome:
    """What became of a flush.

    `is_complete`: everything was taken or refused for good. `is_exhausted`: it is not, because MAX_REQUESTS
    did not suffice. `refused` names the metrics that were refused, by name and kind.
    """

    sent_points: int = 0
    refused_points: int = 0
    requests: int = 0
    is_complete: bool = True
    # Of the last request that was not taken; NO_ANSWER when there was none.
    status: int = 200
    is_exhausted: bool = False
    refused: set[MetricKey] = field(default_factory=set, compare=False)


async def push_groups(groups: Sequence[MetricGroup], post: Callable[[bytes], Awaitable[int]]) -> PushOutcome:
    """Send metrics; `post` sends one OTLP JSON body and returns the HTTP status, or NO_ANSWER."""
    outcome = PushOutcome()
    waiting = [_single(group, number) for group in groups for number in range(len(group.metrics))]
    requests = deque(_requests_of(waiting))
    while requests and outcome.is_complete:
        if outcome.requests == MAX_REQUESTS:
            outcome.is_complete, outcome.is_exhausted = False, True
            break
        # The larger parts first: whatever is left out then is close to a metric at fault. Later the smallest
        # ones, so that some metrics at fault are found whatever their number is.
        metrics = requests.popleft() if outcome.requests < MAX_REQUESTS // 2 else requests.pop()
        outcome.requests += 1
        status = await post(encode_metrics_json(metrics))
        if 200 <= status < 300:
            outcome.sent_points += _point_count(metrics)
            continue
        outcome.status = status
        if status < 400 or status in _RETRYABLE or status in _HOPELESS:
            outcome.is_complete = False
        elif len(metrics) > 1:
            middle = len(metrics) // 2
            requests += [metrics[:middle], metrics[middle:]]
        else:
            outcome.refused_points += _point_count(metrics)
            outcome.refused.update(_keys_of(metrics))
    if outcome.status >= 500 and not outcome.sent_points:
        # It was not about single points: nothing at all is taken at the moment.
        outcome.is_complete = False
        outcome.refused.clear()
    return outcome


def without(groups: Iterable[MetricGroup], keys: Container[MetricKey]) -> list[MetricGroup]:
    """Return the groups without the metrics of these names and kinds."""
    return [
        MetricGroup(
            group.resource,
            group.scope,
            [metric for metric in group.metrics if (metric.name, metric.kind) not in keys],
        )
        for group in groups
    ]


def retry_seconds(failures: int, random: float) -> float:
    """Return how long to wait after so many failures in a row, at least 1; `random` is from 0 up to 1."""
    longest = min(_MAX_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + random / 2)


def _requests_of(metrics: Sequence[MetricGroup]) -> list[list[MetricGroup]]:
    requests: list[list[MetricGroup]] = []
    room = 0
    for metric in metrics:
        count = _point_count([metric])
        if not requests or count > room:
            requests.append([])
            room = MAX_POINTS_PER_REQUEST
        requests[-1].append(metric)
        room -= count
    return requests


def _single(group: MetricGroup, number: int) -> MetricGroup:
    return MetricGroup(group.resource, group.scope, [group.metrics[number]])


def _keys_of(groups: Iterable[MetricGroup]) -> Iterator[MetricKey]:
    return ((metric.name, metric.kind) for group in groups for metric in group.metrics)


def _point_count(groups: Sequence[MetricGroup]) -> int:
    return sum(len(metric.points) for group in groups for metric in group.metrics)
