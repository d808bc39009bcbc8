"""Spans that are made up: a trace is told like a program, over a clock that moves only by what it tells."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from otel_worker_cli.demo.services import Service

AttributeValue: TypeAlias = str | bool | int | float | list[str]
Attributes: TypeAlias = dict[str, AttributeValue]

MILLISECOND_NANO = 1_000_000


class Kind(Enum):
    """The kinds of OpenTelemetry, by their names."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"


@dataclass(frozen=True, slots=True)
class MadeUpEvent:
    """An event; its time counts from the beginning of the trace."""

    at_nano: int
    name: str
    attributes: Attributes


# Two spans may look the same and still be two.
@dataclass(slots=True, eq=False)
class MadeUpSpan:
    """A span and all below it; times count from the beginning of the trace."""

    service: Service
    name: str
    kind: Kind
    start_nano: int
    end_nano: int = 0
    attributes: Attributes = field(default_factory=dict)
    children: list[MadeUpSpan] = field(default_factory=list)
    events: list[MadeUpEvent] = field(default_factory=list)
    # The producer of what a consumer takes, in another trace.
    linked: MadeUpSpan | None = None
    has_failed: bool = False
    status_message: str = ""

    def fail(self, error_type: str, message: str = "") -> None:
        """Give it the status Error; a message that says more than its attributes do belongs to it."""
        self.has_failed = True
        self.status_message = message
        self.attributes["error.type"] = error_type

    def walk(self) -> Iterator[MadeUpSpan]:
        """Yield it and all spans below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


class Recorder:
    """One trace while it is told: `with recorder.span(...)` opens a span, `work` lets time pass in it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.root: MadeUpSpan | None = None
        self.now_nano = 0
        self._open: list[MadeUpSpan] = []

    @contextmanager
    def span(
        self, service: Service, name: str, kind: Kind, attributes: Attributes | None = None
    ) -> Iterator[MadeUpSpan]:
        """Yield a span of the innermost open one; it ends when the block does."""
        span = MadeUpSpan(service, name, kind, self.now_nano, attributes=dict(attributes or {}))
        if self._open:
            self._open[-1].children.append(span)
        else:
            assert self.root is None, "a trace has one root"
            self.root = span
        self._open.append(span)
        yield span
        self._open.pop()
        span.end_nano = self.now_nano

    def work(self, median_ms: float, spread: float = 0.35) -> None:
        """Let a time pass that is distributed as latencies are."""
        self.wait(self.latency_ms(median_ms, spread))

    def latency_ms(self, median_ms: float, spread: float) -> float:
        """Return a time that is log-normal: half of them are below the median, and few are far above it."""
        return self.chance.lognormvariate(math.log(median_ms), spread)

    def wait(self, duration_ms: float) -> None:
        """Let exactly this time pass."""
        self.now_nano += round(duration_ms * MILLISECOND_NANO)

    def event(self, name: str, attributes: Attributes) -> None:
        """Put an event on the innermost open span."""
        self._open[-1].events.append(MadeUpEvent(self.now_nano, name, attributes))

    def exception(self, kind: str, message: str, stack: str) -> None:
        """Put an exception on the innermost open span; `stack` stands below its first line."""
        self.event(
            "exception",
            {
                "exception.type": kind,
                "exception.message": message,
                "exception.stacktrace": f"{kind}: {message}\n{stack}",
            },
        )

    @contextmanager
    def parallel(self) -> Iterator[Parallel]:
        """Yield what starts branches at this moment; the block takes as long as its longest branch."""
        parallel = Parallel(self)
        yield parallel
        self.now_nano = parallel.end_nano


class Parallel:
    """Branches that begin at the same moment."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._start_nano = self.end_nano = recorder.now_nano

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Tell one of the branches in this block."""
        self._recorder.now_nano = self._start_nano
        yield
        self.end_nano = max(self.end_nano, self._recorder.now_nano)
