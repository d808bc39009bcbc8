"""What an export request tells the live hub: the new spans of each trace, as a watcher may ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from otel_worker.model import STATUS_ERROR, Resource
from otel_worker.store.blocks import Block

Item = TypeVar("Item")


class AnnouncedTrace(Struct, array_like=True, gc=False):
    """The new spans of one trace: their ids, and each service, name and "has failed" among them once."""

    trace_id: str
    span_ids: list[str]
    features: list[tuple[str, str, bool]]


class Announcement(NamedTuple):
    """The text that goes to the hub, and how many traces it tells of."""

    text: str
    trace_count: int


class _Span(Struct, array_like=True, gc=False):
    """The first fields of `model.Span`: the decoder passes over the others."""

    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start_unix_nano: int
    duration_nano: int
    status_code: int


class _Group(Struct, gc=False):
    resource: Resource
    spans: list[_Span]


class _Part(Struct, rename="camel", gc=False):
    trace_id: str
    groups: list[_Group]


_encode = msgspec.json.Encoder().encode
_decode_parts = msgspec.json.Decoder(list[_Part]).decode
_decode_traces = msgspec.json.Decoder(list[AnnouncedTrace]).decode


def announce_blocks(blocks: Iterable[Block]) -> Announcement:
    """Return what to tell of blocks that were stored; their spans are read again, since few ask for them."""
    traces = merge_traces(_announced(part) for block in blocks for part in _decode_parts(block.spans))
    return Announcement(_encode(traces).decode(), len(traces))


def read_announcement(text: str) -> list[AnnouncedTrace]:
    """Return the traces of an announcement's text."""
    return _decode_traces(text)


def merge_traces(traces: Iterable[AnnouncedTrace]) -> list[AnnouncedTrace]:
    """Return each trace once, in the order of their first appearance."""
    merged: dict[str, AnnouncedTrace] = {}
    for trace in traces:
        known = merged.setdefault(trace.trace_id, trace)
        if known is not trace:
            merged[trace.trace_id] = AnnouncedTrace(
                trace.trace_id,
                _without_repetition([*known.span_ids, *trace.span_ids]),
                _without_repetition([*known.features, *trace.features]),
            )
    return list(merged.values())


def _announced(part: _Part) -> AnnouncedTrace:
    span_ids: list[str] = []
    features: list[tuple[str, str, bool]] = []
    for group in part.groups:
        service = group.resource.service_name
        span_ids += [span.span_id for span in group.spans]
        features += [(service, span.name, span.status_code == STATUS_ERROR) for span in group.spans]
    return AnnouncedTrace(part.trace_id, span_ids, _without_repetition(features))


def _without_repetition(items: Sequence[Item]) -> list[Item]:
    return list(dict.fromkeys(items))
