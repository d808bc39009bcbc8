"""What a watcher asks for, and which traces that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from otel_worker.live.announcement import AnnouncedTrace
from otel_worker.model import Head
from otel_worker.store.conditions import SpanConditions


class Subscription(Struct, frozen=True, array_like=True, gc=False):
    """The conditions of a list of traces; what is empty, False or 0 is not asked.

    `is_batched`: several messages may come in one frame, as a JSON array.
    """

    service: str = ""
    name: str = ""
    errors_only: bool = False
    shortest_nano: int = 0
    is_batched: bool = False

    @property
    def conditions(self) -> SpanConditions:
        """What one span of the trace has to be."""
        return SpanConditions(self.service or None, self.name or None, self.errors_only)

    @property
    def is_told_by_head(self) -> bool:
        """Whether a trace's summary says all that is asked."""
        return not self.name and not (self.service and self.errors_only)

    def may_match(self, head: Head) -> bool:
        """Tell whether a trace with this summary may be asked for; surely if `is_told_by_head`."""
        return (
            head.duration_nano >= self.shortest_nano
            and (not self.service or self.service in head.services)
            and (not self.errors_only or head.error_count > 0)
        )

    def has_span(self, trace: AnnouncedTrace) -> bool:
        """Tell whether one of the trace's new spans is as asked."""
        return any(
            (not self.service or self.service == service)
            and (not self.name or self.name == name)
            and (not self.errors_only or is_error)
            for service, name, is_error in trace.features
        )


# What everybody gets who has not asked for anything else.
EVERYTHING = Subscription()

encode_subscription = msgspec.json.Encoder().encode
decode_subscription = msgspec.json.Decoder(Subscription | None).decode


def choose(
    subscription: Subscription, traces: Iterable[AnnouncedTrace], heads: Mapping[str, Head]
) -> tuple[set[str], list[str]]:
    """Return the ids of the traces that are asked for, and of those of which only older spans can tell."""
    chosen: set[str] = set()
    undecided: list[str] = []
    for trace in traces:
        head = heads.get(trace.trace_id)
        if head is None or not subscription.may_match(head):
            continue
        if subscription.is_told_by_head or subscription.has_span(trace):
            chosen.add(trace.trace_id)
        elif head.span_count > len(trace.span_ids):
            undecided.append(trace.trace_id)
    return chosen, undecided
