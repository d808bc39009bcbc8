"""A day of a shop's traces, the same ones every time: what the searches are measured on.

A request carries 64 traces of 8 spans. A trace is of one user and runs through four of a dozen services.
What is rare is so by construction: a service that few traces touch, users with some twenty traces each,
long traces. In the middle lies one trace of 10,000 spans, which came in 200 requests from 40 services.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from random import Random

from bench.ingest.bodies import SPANS_PER_TRACE, Scalar, repeating_attributes
from otel_worker.model import STATUS_ERROR, Resource, Scope, Span, SpanGroup, TracePart

TRACES_PER_REQUEST = 64

# 2026-11-22T00:00:00Z: when the last of the traces starts, give or take a request.
END_UNIX_NANO = 1_795_305_600_000_000_000
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
# A million spans are a day.
_REQUEST_NANO = 24 * HOUR // (1_000_000 // (TRACES_PER_REQUEST * SPANS_PER_TRACE))

ENTRY_SERVICE = "gateway"
SERVICES = (
    *("accounts", "cart", "catalog", "checkout", "mail", "payments"),
    *("prices", "recommendations", "search", "shipping"),
)
RARE_SERVICE = "invoice-archive"
_SERVICES_BEHIND_ENTRY = 3

TRACES_PER_USER = 20
# Of these traces each, one is special; the first comes early enough for the smallest database.
RARE_SERVICE_EVERY, _RARE_SERVICE_FIRST = 20_000, 700
LONG_EVERY, _LONG_FIRST = 5_000, 400
_ERROR_SHARE = 0.02

_MEDIAN_SECONDS, _SPREAD = 0.12, 0.8
LONG_SECONDS = (30, 90)

LARGE_TRACE_ID = "b" * 32
LARGE_TRACE_REQUESTS = 200
LARGE_TRACE_SPANS_A_REQUEST = 50
_LARGE_TRACE_SERVICES = 40

_SERVER, _INTERNAL = 2, 1
_SAMPLED = 0x101
_SCOPE = Scope("opentelemetry.instrumentation.asgi", "0.60b1")


class Traffic:
    """The export requests of a database with this many spans and the large trace, oldest first."""

    def __init__(self, span_count: int, large_trace_requests: int = LARGE_TRACE_REQUESTS) -> None:
        self.span_count = span_count
        self.large_trace_requests = large_trace_requests
        self.large_trace_spans = large_trace_requests * LARGE_TRACE_SPANS_A_REQUEST
        self.trace_count = span_count // SPANS_PER_TRACE
        self.user_count = self.trace_count // TRACES_PER_USER
        self.start_unix_nano = (
            END_UNIX_NANO - math.ceil(self.trace_count / TRACES_PER_REQUEST) * _REQUEST_NANO
        )
        self._random = Random(span_count)
        self._resources = {
            name: _resource(name) for name in (ENTRY_SERVICE, *SERVICES, RARE_SERVICE, *_large_services())
        }

    def requests(self) -> Iterator[list[TracePart]]:
        """Yield the decoded requests; each call after the first one would yield other traces."""
        numbers = iter(range(self.trace_count))
        start = self.start_unix_nano
        middle = start + (END_UNIX_NANO - start) // 2
        while some := list(islice(numbers, TRACES_PER_REQUEST)):
            if start <= middle < start + _REQUEST_NANO:
                yield from self._large_trace(middle)
            yield [self._trace(number, start) for number in some]
            start += _REQUEST_NANO

    def _trace(self, number: int, earliest_unix_nano: int) -> TracePart:
        random = self._random
        start = earliest_unix_nano + random.randrange(_REQUEST_NANO)
        duration = int(SECOND * random.lognormvariate(math.log(_MEDIAN_SECONDS), _SPREAD))
        if number % LONG_EVERY == _LONG_FIRST:
            duration = random.randrange(LONG_SECONDS[0] * SECOND, LONG_SECONDS[1] * SECOND)
        services = [ENTRY_SERVICE, *random.sample(SERVICES, _SERVICES_BEHIND_ENTRY)]
        if number % RARE_SERVICE_EVERY == _RARE_SERVICE_FIRST:
            services[-1] = RARE_SERVICE
        failing = random.randrange(SPANS_PER_TRACE) if random.random() < _ERROR_SHARE else None
        user = f"user-{random.randrange(self.user_count)}"
        root_id = self._span_id()
        root = self._span(root_id, "", start, duration, user, failing == 0)
        spans: dict[str, list[Span]] = {name: [] for name in services}
        spans[ENTRY_SERVICE].append(root)
        for index in range(1, SPANS_PER_TRACE):
            offset = random.randrange(duration // 2)
            child = self._span(
                self._span_id(),
                root_id,
                start + offset,
                random.randrange(duration - offset),
                user,
                failing == index,
            )
            spans[services[index % len(services)]].append(child)
        return TracePart(f"{random.getrandbits(128):032x}", self._groups(spans))

    def _large_trace(self, earliest_unix_nano: int) -> Iterator[list[TracePart]]:
        """Yield the large trace; its root comes with the first request and ends with the last."""
        services = _large_services()
        root_id = self._span_id()
        for request in range(self.large_trace_requests):
            start = earliest_unix_nano + request * SECOND
            spans = [
                self._span(self._span_id(), root_id, start + index, SECOND // 2, "batch", False)
                for index in range(LARGE_TRACE_SPANS_A_REQUEST)
            ]
            if request == 0:
                duration = self.large_trace_requests * SECOND
                spans[0] = self._span(root_id, "", start, duration, "batch", False)
            service = services[request % len(services)]
            yield [TracePart(LARGE_TRACE_ID, self._groups({service: spans}))]

    def _span(self, span_id: str, parent_id: str, start: int, duration: int, user: str, failed: bool) -> Span:
        attributes: dict[str, Scalar] = dict(repeating_attributes(self._random))
        # What comes by chance there is an eighth of all.
        if attributes["http.response.status_code"] == 500 or failed:
            attributes["http.response.status_code"] = 500 if failed else 200
        attributes["enduser.id"] = user
        name = f"{attributes['http.request.method']} {attributes['http.route']}"
        kind = _INTERNAL if parent_id else _SERVER
        status = STATUS_ERROR if failed else 0
        return Span(span_id, parent_id, name, kind, start, duration, status, _SAMPLED, {**attributes})

    def _groups(self, spans: dict[str, list[Span]]) -> list[SpanGroup]:
        return [SpanGroup(self._resources[name], _SCOPE, members) for name, members in spans.items()]

    def _span_id(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


def _large_services() -> list[str]:
    return [f"batch-{number:02}" for number in range(_LARGE_TRACE_SERVICES)]


def _resource(service: str) -> Resource:
    return Resource(
        {
            "service.name": service,
            "service.version": "2.14.0",
            "deployment.environment.name": "production",
            "host.name": f"{service}-7d9f8b5c4-x2x9q",
            "telemetry.sdk.language": "python",
        }
    )
