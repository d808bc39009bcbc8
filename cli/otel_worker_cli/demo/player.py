"""Plays made-up traces through the exporter, in real time or as fast as the collector takes them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
)

from otel_worker_cli.client import ClientError
from otel_worker_cli.demo.exporting import MAX_WAITING_SPANS, Deliveries, open_provider, tracer_of
from otel_worker_cli.demo.recording import Kind, MadeUpSpan
from otel_worker_cli.demo.scenario import MadeUpTrace
from otel_worker_cli.demo.services import SERVICES

# Far enough below what fits: one service has not all of them.
_FLUSHED_SPANS = MAX_WAITING_SPANS // 4


@dataclass(slots=True)
class Played:
    """What was played: how much the exporter delivered, and what the collector rejected of that."""

    traces: int = 0
    spans: int = 0
    rejected_spans: int = 0
    reason: str = ""


class Player:
    """Makes spans of traces, each with the SDK of its service; raises the ClientError of a failed export."""

    def __init__(self, providers: list[TracerProvider], deliveries: Deliveries, begin_unix_nano: int) -> None:
        self.played = Played()
        self._providers = providers
        self._tracers = dict(zip(SERVICES, map(tracer_of, providers), strict=True))
        self._deliveries = deliveries
        self._begin_unix_nano = begin_unix_nano
        self._open: list[tuple[int, int, Span]] = []
        self._numbers = itertools.count()
        # Where a consumer's link leads to.
        self._producers: dict[MadeUpSpan, SpanContext] = {}
        self._unflushed_spans = 0

    def play(
        self, traces: Iterable[MadeUpTrace], wait_until: Callable[[int], None], report: Callable[[int], None]
    ) -> None:
        """Play all traces to their ends.

        `wait_until` gets the Unix time that comes next; `report`, how far it is from the beginning. A
        KeyboardInterrupt that comes from `wait_until` leaves whole traces.
        """
        try:
            for trace in traces:
                self._end_spans(trace.at_nano, wait_until)
                wait_until(self._begin_unix_nano + trace.at_nano)
                self._check()
                self._start(trace.root, Context(), self._begin_unix_nano + trace.at_nano)
                self.played.traces += 1
                report(trace.at_nano)
            self._end_spans(None, wait_until)
        except KeyboardInterrupt:
            # What has begun is sent as it would have ended, so that all traces are whole.
            self._end_spans(None, wait_for_nothing)
            raise
        self._flush()

    def _start(self, made_up: MadeUpSpan, context: Context, begin_unix_nano: int) -> None:
        links = [] if made_up.linked is None else [Link(self._producers.pop(made_up.linked))]
        span = self._tracers[made_up.service].start_span(
            made_up.name,
            context,
            SpanKind[made_up.kind.value],
            made_up.attributes,
            links,
            begin_unix_nano + made_up.start_nano,
        )
        for event in made_up.events:
            span.add_event(event.name, event.attributes, begin_unix_nano + event.at_nano)
        if made_up.has_failed:
            span.set_status(Status(StatusCode.ERROR, made_up.status_message or None))
        if made_up.kind is Kind.PRODUCER:
            self._producers[made_up] = span.get_span_context()
        for child in made_up.children:
            is_remote = child.service is not made_up.service
            self._start(child, _context_of(span, is_remote), begin_unix_nano)
        # Behind its children, who may end in the same nanosecond.
        heapq.heappush(self._open, (begin_unix_nano + made_up.end_nano, next(self._numbers), span))

    def _end_spans(self, at_nano: int | None, wait_until: Callable[[int], None]) -> None:
        """End the spans whose time has come; None: all of them."""
        while self._open and (at_nano is None or self._open[0][0] <= self._begin_unix_nano + at_nano):
            end_unix_nano, _, span = self._open[0]
            # Interrupted here, it is still among the open ones.
            wait_until(end_unix_nano)
            heapq.heappop(self._open)
            span.end(end_unix_nano)
            self._unflushed_spans += 1
            if self._unflushed_spans >= _FLUSHED_SPANS:
                self._flush()

    def _flush(self) -> None:
        for provider in self._providers:
            provider.force_flush()
        self._unflushed_spans = 0
        self._check()
        self.played.spans = self._deliveries.spans
        self.played.rejected_spans = self._deliveries.rejected_spans
        self.played.reason = self._deliveries.reason

    def _check(self) -> None:
        if self._deliveries.failure is not None:
            raise self._deliveries.failure


def _context_of(span: Span, is_remote: bool) -> Context:
    """Return the context of a span's children; those in other services know it from a header."""
    parent = span.get_span_context()
    if not is_remote:
        return set_span_in_context(span, Context())
    received = SpanContext(parent.trace_id, parent.span_id, True, parent.trace_flags, parent.trace_state)
    return set_span_in_context(NonRecordingSpan(received), Context())


@contextmanager
def open_player(url: str, token: str, begin_unix_nano: int) -> Iterator[Player]:
    """Yield a player to a collector; what has ended is sent before it closes, unless an export failed."""
    deliveries = Deliveries()
    providers = [open_provider(service, url, token, deliveries) for service in SERVICES]
    try:
        yield Player(providers, deliveries, begin_unix_nano)
    except ClientError as error:
        deliveries.failed(error)
        raise
    finally:
        for provider in providers:
            provider.shutdown()


def wait_for_nothing(unix_nano: int) -> None:
    """Go on at once: what is played is over."""
