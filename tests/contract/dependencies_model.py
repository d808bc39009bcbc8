"""Dependencies by brute force: random calls between services, and what plain Python says of them."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from otel_worker.model import STATUS_ERROR, Attributes, Resource, Scope, Span, SpanGroup, TracePart
from otel_worker.store.dependencies import Dependencies, Edge, ServiceTotal
from tests.contract.search_model import Export, Member, service_of

MS = 1_000_000
RESOURCES: tuple[Attributes, ...] = (
    {"service.name": "shop"},
    {"service.name": "till", "host": "a"},
    {"service.name": "till", "host": "b"},
    {"service.name": 'naïve "quoted" 🦄\0'},
    {"service.name": "cloudflare-workers-observability"},
    {"service.name": "cloudflare-workers-observability", "cloudflare.script_name": "edge"},
    {"service.name": "", "faas.name": "shop"},
    {"service.name": 5, "faas.name": "edge"},
    {},
)


def random_exports(random: Random, start_unix_nano: int, trace_count: int) -> list[Export]:
    """Return requests whose spans call each other across traces' requests; some are sent twice.

    All starts are within a second of `start_unix_nano`.
    """
    exports: list[Export] = [[] for _ in range(trace_count)]
    for trace_number in range(trace_count):
        for number in range(1, random.randrange(2, 14)):
            parent = random.randrange(0, number + 2)
            member = Member(
                trace_number,
                random.choice(RESOURCES),
                Span(
                    f"{number:016x}",
                    f"{parent:016x}" if parent else "",
                    "work",
                    random.randrange(6),
                    start_unix_nano + random.randrange(1_000) * MS + random.randrange(3),
                    random.choice((-MS, 0, 1, MS, random.randrange(10**12))),
                    random.choice((0, 1, STATUS_ERROR)),
                    0,
                    {},
                ),
            )
            random.choice(exports).append(member)
            if random.random() < 0.2:
                random.choice(exports).append(_sent_again(random, member))
    return [export for export in exports if export]


def _sent_again(random: Random, member: Member) -> Member:
    """Return the copy that an exporter sends once more, perhaps when the span has ended."""
    span = member.span
    again = Span(*(getattr(span, name) for name in span.__struct_fields__))
    if random.random() < 0.5:
        again.duration_nano += random.choice((-1, 1)) * random.randrange(1, 1_000)
        again.status_code = STATUS_ERROR - again.status_code
    return Member(member.trace_number, member.resource, again)


def parts_of(export: Export, trace_ids: list[str]) -> list[TracePart]:
    """Return an export as it is decoded: spans in a row with one resource share a group."""
    parts: dict[int, TracePart] = {}
    for number, attributes, span in export:
        groups = parts.setdefault(number, TracePart(trace_ids[number], [])).groups
        if not groups or groups[-1].resource.attributes != attributes:
            groups.append(SpanGroup(Resource(attributes), Scope("model", "1"), []))
        groups[-1].spans.append(span)
    return list(parts.values())


def depend(exports: Iterable[Export], start_unix_nano: int, end_unix_nano: int) -> Dependencies:
    """Return what all spans that start within a window say."""
    spans: dict[tuple[int, str], Member] = {}
    for export in exports:
        for member in export:
            key = (member.trace_number, member.span.span_id)
            other = spans.get(key)
            if start_unix_nano <= member.span.start_unix_nano <= end_unix_nano and (
                other is None or member.span.end_unix_nano > other.span.end_unix_nano
            ):
                spans[key] = member
    calls: dict[tuple[str, str], list[Span]] = {}
    services: dict[str, list[Span]] = {}
    for (trace_number, _), (_, resource, span) in spans.items():
        service = service_of(resource)
        services.setdefault(service, []).append(span)
        parent = spans.get((trace_number, span.parent_span_id))
        if parent is not None and service_of(parent.resource) != service:
            calls.setdefault((service_of(parent.resource), service), []).append(span)
    edges = [
        Edge(*pair, len(some), _errors(some), _percentile(some, 50), _percentile(some, 95))
        for pair, some in calls.items()
    ]
    totals = [ServiceTotal(service, len(some), _errors(some)) for service, some in services.items()]
    return Dependencies(
        sorted(edges, key=lambda edge: (-edge.call_count, edge.parent, edge.child)),
        sorted(totals, key=lambda total: (-total.span_count, total.service)),
        start_unix_nano,
        end_unix_nano,
        len(spans),
        True,
    )


def _errors(spans: Iterable[Span]) -> int:
    return sum(span.status_code == STATUS_ERROR for span in spans)


def _percentile(spans: Iterable[Span], percent: int) -> int:
    """Return the smallest duration that so many percent of all do not exceed."""
    durations = sorted(max(0, span.duration_nano) for span in spans)
    return next(
        duration
        for duration in durations
        if 100 * sum(each <= duration for each in durations) >= percent * len(durations)
    )
