"""What the tools for one trace share: its tree, its head, and the names of its services."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from otel_worker_cli.analysis.trace_tree import TraceTree, build_tree
from otel_worker_cli.client import TraceSummary
from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.collector import MAX_READ_SPANS, Collector
from otel_worker_cli.mcp.document import Answer
from otel_worker_cli.mcp.moments import show_time
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

_SERVICE_BYTES = 60
_MAX_SERVICES = 100
OTHER_SERVICES = "(another service)"


class TraceAnswer(Answer):
    """The members of every answer about one trace."""

    trace_id: str
    start_time: str
    start_time_unix_nano: str
    duration: str
    duration_nano: int
    span_count: int = Field(description="Of the whole trace.")
    error_count: int = Field(description="Failed spans of the whole trace.")


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace as a tool looks at it; `is_whole`: all of its spans are in the tree."""

    summary: TraceSummary
    tree: TraceTree
    is_whole: bool

    @property
    def head(self) -> dict[str, str | int]:
        """The members of a TraceAnswer."""
        return {
            "trace_id": self.summary.trace_id,
            "start_time": show_time(self.summary.start_unix_nano),
            "start_time_unix_nano": str(self.summary.start_unix_nano),
            "duration": format_duration(self.summary.duration_nano),
            "duration_nano": self.summary.duration_nano,
            "span_count": self.summary.span_count,
            "error_count": self.summary.error_count,
        }

    def find(self, span_id: str) -> int:
        """Return the place of a span; raises ToolError."""
        place = self.tree.find(span_id.lower())
        if place is None:
            raise ToolError(
                f"Trace {self.summary.trace_id} has no span {span_id.lower()} among the "
                f"{len(self.tree.nodes)} that were read; get_trace_topology lists its spans."
            )
        return place

    def mind_the_rest(self, answer: Answer) -> None:
        """Say that the trace has more spans than were looked at."""
        if not self.is_whole:
            answer.leave_out(
                f"Only the first {MAX_READ_SPANS} spans of this trace, by start, were looked at."
            )


async def read_trace(collector: Collector, trace_id: str) -> Trace:
    """Return a trace that has spans; raises ToolError."""
    found = await collector.read_trace(trace_id.lower())
    if not found.spans:
        raise ToolError(f"Trace {trace_id.lower()} has no spans left; search_traces lists other traces.")
    return Trace(found.summary, build_tree(found.spans), found.is_whole)


class ServiceNames:
    """The services of an answer, each written once: spans refer to them by number."""

    def __init__(self, texts: Texts, budget: Budget) -> None:
        self.shown: list[str] = []
        self._texts = texts
        self._budget = budget
        self._numbers: dict[str, int] = {}

    def number_of(self, service: str) -> int:
        """Return the place of a service in `shown`; beyond a bound all share one."""
        number = self._numbers.get(service)
        if number is None:
            number = min(len(self.shown), _MAX_SERVICES)
            if number == len(self.shown):
                is_last = number == _MAX_SERVICES
                text = OTHER_SERVICES if is_last else self._texts.show(service, _SERVICE_BYTES)
                self.shown.append(text)
                self._budget.charge(text)
            self._numbers[service] = number
        return number
