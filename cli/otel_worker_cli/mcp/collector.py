"""The collector as the tools ask it: bounded reading, and errors that say what to do."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from mcp.server.mcpserver.exceptions import ToolError

from otel_worker_cli.client import (
    Client,
    ClientError,
    NotAllowed,
    NotFound,
    Refused,
    TraceSummary,
    UnexpectedAnswer,
    Unreachable,
)
from otel_worker_cli.client.model import read_summary
from otel_worker_cli.client.pages import Parameters
from otel_worker_cli.client.span import ReadSpan, read_span
from otel_worker_cli.mcp.untrusted import harmless

# Each of them may look into 2,000 export requests: so far a search goes before it asks whether to go on.
MAX_SEARCH_PAGES = 5
# Of a trace, from its start on. A span takes about a kilobyte here.
MAX_READ_SPANS = 20_000

_MAX_REASON_CHARACTERS = 300
_WHY_NO_TRACE = (
    "It may have been deleted, be too old, or not have arrived yet; search_traces lists what there is."
)
_AGO = re.compile(r"-([0-9]{1,9})(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class FoundTraces:
    """Traces, newest first, and the cursor of what follows; "" when there is no more."""

    summaries: list[TraceSummary]
    cursor: str


@dataclass(frozen=True, slots=True)
class ReadTrace:
    """The summary of a trace and its spans by their start: all, or the first MAX_READ_SPANS."""

    summary: TraceSummary
    spans: list[ReadSpan]

    @property
    def is_whole(self) -> bool:
        # The summary may count copies of a span.
        return len(self.spans) < MAX_READ_SPANS or len(self.spans) >= self.summary.span_count


class Collector:
    """A collector behind the client of this package. All methods raise ToolError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def moment(self, text: str) -> str:
        """Return a time as the API takes it; "-15m" is 15 minutes before now, by the collector's clock."""
        ago = _AGO.fullmatch(text)
        if ago is None:
            return text
        return str(max(0, self._client.now_unix_nano() - int(ago[1]) * _SECONDS[ago[2]] * 10**9))

    async def list_services(self) -> list[str]:
        """Return the names of all services, sorted."""
        with self._explained():
            return [str(name) async for name in self._client.iterate("/v1/services", ())]

    async def list_operations(self, service: str) -> list[str]:
        """Return the names of the spans of a service, sorted; none for an unknown one."""
        # Such a segment of a path cannot be sent: it would name another path.
        if service in (".", ".."):
            return []
        with self._explained():
            path = f"/v1/services/{quote(service, safe='')}/operations"
            return [str(name) async for name in self._client.iterate(path, ())]

    async def search_traces(self, parameters: Parameters, limit: int) -> FoundTraces:
        """Return a page of the list; `parameters` are those of GET /v1/traces without the limit."""
        found: list[TraceSummary] = []
        with self._explained():
            asked: Parameters = parameters
            for _ in range(MAX_SEARCH_PAGES):
                # The link repeats the limit, which is of what was wanted then.
                others = [(name, value) for name, value in asked if name != "limit"]
                page = await self._client.list_page([*others, ("limit", str(limit - len(found)))])
                found += page.summaries
                asked = page.next
                if not asked or len(found) >= limit:
                    break
        return FoundTraces(found, dict(asked).get("cursor", ""))

    async def read_trace(self, trace_id: str) -> ReadTrace:
        """Return a trace. Only failed spans keep their whole document: the others are many."""
        with self._explained(f"There is no trace {trace_id}. {_WHY_NO_TRACE}"):
            summary, documents = await self._client.open_trace(trace_id, MAX_READ_SPANS)
            async with contextlib.aclosing(documents):
                spans = [_light(read_span(document)) async for document in documents]
            return ReadTrace(read_summary(summary), spans)

    async def read_spans(self, trace_id: str, span_ids: Sequence[str]) -> list[ReadSpan | None]:
        """Return spans with all they have, in this order; None for one that is not there."""

        async def read(span_id: str) -> ReadSpan | None:
            try:
                return read_span(await self._client.get_json(f"/v1/traces/{trace_id}/spans/{span_id}"))
            except NotFound:
                return None

        with self._explained():
            return list(await asyncio.gather(*map(read, span_ids)))

    async def read_dependencies(self, start: str, end: str) -> Any:
        """Return the answer of GET /v1/dependencies; "" is the collector's default."""
        asked = (("start", self.moment(start)), ("end", self.moment(end)))
        with self._explained("This collector is of a version without GET /v1/dependencies; update it."):
            return await self._client.get_json("/v1/dependencies", [each for each in asked if each[1]])

    @contextlib.contextmanager
    def _explained(self, not_found: str = "") -> Iterator[None]:
        """Turn an error of the client into one that tells a model, or the person behind it, what to do."""
        try:
            yield
        except ClientError as error:
            raise ToolError(_explain(error, self._client.url, not_found)) from error


def _explain(error: ClientError, url: str, not_found: str = "") -> str:
    """Return what went wrong and what to do; nothing of an answer that is not an error of the collector."""
    reason = harmless(str(error))[:_MAX_REASON_CHARACTERS]
    if isinstance(error, NotAllowed):
        return (
            f"The collector at {url} refuses the token: {reason}. Tell the user to set OTEL_WORKER_TOKEN in "
            "the configuration of this MCP server, to the collector's AUTH_TOKEN or READ_TOKEN."
        )
    if isinstance(error, NotFound) and not_found:
        return not_found
    if isinstance(error, Refused):
        return f"The collector refuses this: {reason}. Change the arguments accordingly."
    if isinstance(error, Unreachable):
        return (
            f"No usable answer from the collector at {url}: {reason}. Tell the user to check that one runs "
            "there (`otel-worker serve` starts one on this machine) and that OTEL_WORKER_URL, in the "
            "configuration of this MCP server, is its address. It may be a fault that passes: try once more."
        )
    assert isinstance(error, UnexpectedAnswer), error
    return (
        f"What answers at {url} is not a collector that this MCP server understands. Tell the user to check "
        "OTEL_WORKER_URL in the configuration of this MCP server."
    )


def _light(span: ReadSpan) -> ReadSpan:
    return span if span.is_error else replace(span, document={})
