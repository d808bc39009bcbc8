"""Passing cumulative metrics on to an OTLP endpoint: one bad point must not keep the others back.

Prometheus stores nothing of a request that has one sample it does not take, and says so with a 400, or
even a 500 when a sample is too old. So a request that is refused is sent again in halves, until the metrics
that are at fault stand alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from otel_worker.metric_model import MetricGroup
from otel_worker.otlp.metric_json_encoder import encode_metrics_json

# Passing: the same request may succeed later (OTLP specification, "OTLP/HTTP Response", with 500 apart).
_RETRYABLE = frozenset({408, 429, 502, 503, 504})
# What no other request would change: a wrong address or token. A redirect is one too.
_HOPELESS = frozenset({401, 403, 404, 405})
NO_ANSWER = 0

# Some 300 bytes each: a request stays below 1 MB.
MAX_POINTS_PER_REQUEST = 3_000
# How many requests one flush may take, most of them because of points that are refused.
MAX_REQUESTS = 40

_FIRST_RETRY_SECONDS = 5.0
_MAX_RETRY_SECONDS = 300.0


@dataclass(slots=True)
class PushOutcome:
    """What became of a flush; `is_complete`: everything was taken or refused for good."""

    sent_points: int = 0
    refused_points: int = 0
    requests: int = 0
    is_complete: bool = True
    # Of the last request that was not taken; NO_ANSWER when there was none.
    status: int = 200


async def push_groups(groups: Sequence[MetricGroup], post: Callable[[bytes], Awaitable[int]]) -> PushOutcome:
    """Send metrics; `post` sends one OTLP JSON body and returns the HTTP status, or NO_ANSWER."""
    outcome = PushOutcome()
    waiting = [_single(group, number) for group in groups for number in range(len(group.metrics))]
    # The larger part first: whatever MAX_REQUESTS leaves out is close to a metric at fault.
    requests = deque(_requests_of(waiting))
    while requests and outcome.is_complete:
        metrics = requests.popleft()
        if outcome.requests == MAX_REQUESTS:
            outcome.is_complete = False
            break
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
    if outcome.status >= 500 and not outcome.sent_points:
        # It was not about single points: nothing at all is taken at the moment.
        outcome.is_complete = False
    return outcome


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


def _point_count(groups: Sequence[MetricGroup]) -> int:
    return sum(len(metric.points) for group in groups for metric in group.metrics)
