"""The traffic of the sample shop: which requests come when, and where the problems are hidden in them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from typing import NamedTuple

from otel_worker_cli.demo.checkout import check_out, send_mail
from otel_worker_cli.demo.problems import STORIES, Problem, severity
from otel_worker_cli.demo.recording import MadeUpSpan, Recorder
from otel_worker_cli.demo.shop import (
    Visit,
    add_to_cart,
    browse,
    log_in,
    quote_shipping,
    search,
    view_product,
)

SECOND_NANO = 1_000_000_000

# No trace, with the mail that follows it, takes longer: what is played ends with whole traces.
LONGEST_SECONDS = 20.0

# What people do, and how often; checkouts are drawn by the same name.
_CHECKOUT = "checkout"
_REQUESTS = {
    "browse": browse,
    "view": view_product,
    "search": search,
    "login": log_in,
    "cart": add_to_cart,
    "quote": quote_shipping,
}
_WEIGHTS = {"browse": 28, "view": 26, "search": 18, "login": 5, "cart": 11, "quote": 5, _CHECKOUT: 7}

# Which requests a problem is in, and in what share of them while it shows.
_AFFECTED = {
    _CHECKOUT: (Problem.SLOW_DEPENDENCY, 1.0),
    "cart": (Problem.FAILING_RELEASE, 1 / 3),
    "quote": (Problem.RETRY_STORM, 0.7),
}
# However few requests are played, each problem is at its worst in this many of them.
CERTAIN = 3


class MadeUpTrace(NamedTuple):
    """A trace, and when it begins, counted from the beginning of what is played."""

    at_nano: int
    root: MadeUpSpan


class _Arrival(NamedTuple):
    """A request that is to come, and whether a problem is certain in it."""

    at_seconds: float
    request: str
    certain: Problem | None


def tell_traces(seconds: float, traces_per_second: float, seed: int) -> Iterator[MadeUpTrace]:
    """Yield the traces of a time, in the order in which they begin; the same ones for the same arguments.

    The last one ends before the time does, which has to be longer than LONGEST_SECONDS.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing is secret here
    arriving = seconds - LONGEST_SECONDS
    mails: list[tuple[int, int, MadeUpSpan]] = []
    arrivals = heapq.merge(_arrivals(chance, arriving, traces_per_second), _certain_arrivals(arriving))
    for number, arrival in enumerate(arrivals):
        at_nano = round(arrival.at_seconds * SECOND_NANO)
        yield from _mails_until(at_nano, mails, chance)
        recorder = Recorder(chance)
        visit = _visit(recorder, arrival, arrival.at_seconds / arriving)
        if arrival.request == _CHECKOUT:
            announced = check_out(visit)
            if announced is not None:
                queued_ms = min(recorder.latency_ms(400, 0.8), 5_000)
                begin_nano = at_nano + announced.end_nano + round(queued_ms * 1_000_000)
                heapq.heappush(mails, (begin_nano, number, announced))
        else:
            _REQUESTS[arrival.request](visit)
        yield _trace(at_nano, recorder)
    yield from _mails_until(round(seconds * SECOND_NANO), mails, chance)


def _visit(recorder: Recorder, arrival: _Arrival, progress: float) -> Visit:
    if arrival.certain is not None:
        return Visit(recorder, arrival.certain, 1.0)
    problem, share = _AFFECTED.get(arrival.request, (None, 0.0))
    is_affected = recorder.chance.random() < share
    if problem is None or not is_affected or not severity(problem, progress):
        return Visit(recorder)
    return Visit(recorder, problem, severity(problem, progress))


def _arrivals(chance: random.Random, seconds: float, per_second: float) -> Iterator[_Arrival]:
    """Yield who comes by chance: independent of each other, so with exponential times between them."""
    # Its own numbers: how many of them a trace takes does not matter.
    own = random.Random(chance.getrandbits(64))  # noqa: S311 - nothing is secret here
    names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    at_seconds = own.expovariate(per_second)
    while at_seconds < seconds:
        yield _Arrival(at_seconds, own.choices(names, weights)[0], None)
        at_seconds += own.expovariate(per_second)


def _certain_arrivals(seconds: float) -> list[_Arrival]:
    """Return those in which a problem is certain: around the middle of the time in which it shows."""
    arrivals = []
    for request, (problem, _) in _AFFECTED.items():
        story = STORIES[problem]
        for number in range(CERTAIN):
            share = 0.4 + 0.2 * number / (CERTAIN - 1)
            progress = story.begins + (story.ends - story.begins) * share
            arrivals.append(_Arrival(progress * seconds, request, problem))
    return sorted(arrivals)


def _mails_until(
    at_nano: int, mails: list[tuple[int, int, MadeUpSpan]], chance: random.Random
) -> Iterator[MadeUpTrace]:
    while mails and mails[0][0] <= at_nano:
        begin_nano, _, announced = heapq.heappop(mails)
        recorder = Recorder(chance)
        send_mail(recorder, announced)
        yield _trace(begin_nano, recorder)


def _trace(at_nano: int, recorder: Recorder) -> MadeUpTrace:
    assert recorder.root is not None, "every request opens a span"
    return MadeUpTrace(at_nano, recorder.root)
