"""The tools `get_services`, `get_operations` and `get_service_dependencies`: what there is to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.collector import Collector
from otel_worker_cli.mcp.document import Answer, Document, to_result
from otel_worker_cli.mcp.fields import Moment, Name, Offset
from otel_worker_cli.mcp.moments import show_time
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

# The collector keeps names of 256 characters.
_NAME_BYTES = 1_200
_SERVICE_BYTES = 200

# The room for the services beside the calls between them.
_SERVICES_BYTES = 10_000


class Names(Document):
    """Names, sorted."""

    names: list[str]


class NamesAnswer(Answer):
    """Names of services or of operations."""

    total_count: int
    untrusted_telemetry: Names


class Call(Document):
    """The calls of one service by another."""

    parent: str
    child: str
    call_count: int
    error_count: int
    p50_duration: str
    p50_duration_nano: int
    p95_duration: str
    p95_duration_nano: int


class ServiceCount(Document):
    """What one service sent."""

    service: str
    span_count: int
    error_count: int


class Dependencies(Document):
    """The most frequent calls, and the services with the most spans, first."""

    edges: list[Call]
    services: list[ServiceCount]


class DependenciesAnswer(Answer):
    """Who calls whom."""

    start_time: str
    start_time_unix_nano: str
    end_time: str
    end_time_unix_nano: str
    span_count: int = Field(description="The spans that this is counted from.")
    edge_count: int
    service_count: int
    untrusted_telemetry: Dependencies


class CatalogTools:
    """The tools over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def get_services(self, offset: Offset = 0) -> Annotated[CallToolResult, NamesAnswer]:
        """List the services that sent spans: the names for search_traces and get_operations."""
        return to_result(_names_answer(await self._collector.list_services(), offset))

    async def get_operations(
        self, service: Name, offset: Offset = 0
    ) -> Annotated[CallToolResult, NamesAnswer]:
        """List the operations of a service, which are the names of its spans: for search_traces."""
        return to_result(_names_answer(await self._collector.list_operations(service), offset))

    async def get_service_dependencies(
        self, start: Moment = None, end: Moment = None
    ) -> Annotated[CallToolResult, DependenciesAnswer]:
        """Show which services call which, how often, how often in vain, and how long calls take.

        Of the hour before end, which is now, unless start says otherwise.
        """
        found = await self._collector.read_dependencies(start or "", end or "")
        try:
            return to_result(_dependencies_answer(found))
        except (LookupError, TypeError, ValueError) as error:
            raise ToolError(
                "The collector's answer is not understood: it may be of another version than this MCP server."
            ) from error


def _names_answer(names: Sequence[str], offset: int) -> NamesAnswer:
    texts, budget = Texts(), Budget()
    shown: list[str] = []
    for name in names[offset:]:
        text = texts.show(name, _NAME_BYTES)
        if not budget.takes(text):
            break
        shown.append(text)
    answer = NamesAnswer(
        total_count=len(names), cut_texts=texts.cut_count or None, untrusted_telemetry=Names(names=shown)
    )
    following = offset + len(shown)
    if following < len(names):
        answer.leave_out(f"Call again with offset={following}.")
    return answer


def _dependencies_answer(found: dict[str, Any]) -> DependenciesAnswer:
    """Return the answer; raises LookupError, TypeError or ValueError for what is none of a collector."""
    texts = Texts()
    services = sorted(found["services"], key=lambda each: (-int(each["spanCount"]), str(each["service"])))
    edges = sorted(
        found["edges"], key=lambda each: (-int(each["callCount"]), str(each["parent"]), str(each["child"]))
    )
    budget = Budget()
    services_budget = Budget(_SERVICES_BYTES)
    budget.left_bytes -= _SERVICES_BYTES
    shown = Dependencies(
        edges=budget.fill(_call(edge, texts) for edge in edges),
        services=services_budget.fill(_service_count(service, texts) for service in services),
    )
    start_unix_nano, end_unix_nano = int(found["startTimeUnixNano"]), int(found["endTimeUnixNano"])
    answer = DependenciesAnswer(
        start_time=show_time(start_unix_nano),
        start_time_unix_nano=str(start_unix_nano),
        end_time=show_time(end_unix_nano),
        end_time_unix_nano=str(end_unix_nano),
        span_count=int(found["spanCount"]),
        edge_count=len(edges),
        service_count=len(services),
        cut_texts=texts.cut_count or None,
        untrusted_telemetry=shown,
    )
    if found["isComplete"] is not True:
        answer.leave_out("There are more spans in this time than one answer is counted from: take less time.")
    if len(shown.edges) < len(edges) or len(shown.services) < len(services):
        answer.leave_out("These are the most frequent ones; get_services has the names of all services.")
    return answer


def _call(edge: dict[str, Any], texts: Texts) -> Call:
    p50_nano, p95_nano = int(edge["p50DurationNano"]), int(edge["p95DurationNano"])
    return Call(
        parent=texts.show(str(edge["parent"]), _SERVICE_BYTES),
        child=texts.show(str(edge["child"]), _SERVICE_BYTES),
        call_count=int(edge["callCount"]),
        error_count=int(edge["errorCount"]),
        p50_duration=format_duration(p50_nano),
        p50_duration_nano=p50_nano,
        p95_duration=format_duration(p95_nano),
        p95_duration_nano=p95_nano,
    )


def _service_count(service: dict[str, Any], texts: Texts) -> ServiceCount:
    return ServiceCount(
        service=texts.show(str(service["service"]), _SERVICE_BYTES),
        span_count=int(service["spanCount"]),
        error_count=int(service["errorCount"]),
    )
