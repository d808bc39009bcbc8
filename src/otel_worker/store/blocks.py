"""Blocks: how the spans of one export request become rows, and how much a summary of each trace says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple

import msgspec

from otel_worker.model import STATUS_ERROR, Head, SpanGroup, TracePart
from otel_worker.store.database import MAX_INTEGER
from otel_worker.store.terms import Names, collect_terms

# Heads and spans of a block together: D1 takes 2,000,000 bytes for a row.
MAX_BLOCK_BYTES = 1_900_000
# What offset and length may take in a head, which is measured before they are known.
_POSITION_BYTES = 16


class Block(NamedTuple):
    """One row of `span_blocks` without its id, its terms, and the names in it."""

    digest: str
    oldest_us: int
    newest_us: int
    end_us: int
    span_count: int
    error_count: int
    size_bytes: int
    heads: str
    spans: str
    terms: str
    names: Names


encode_json = msgspec.json.Encoder().encode
decode_heads = msgspec.json.Decoder(list[Head]).decode
decode_head = msgspec.json.Decoder(Head).decode
decode_part = msgspec.json.Decoder(TracePart).decode
decode_parts = msgspec.json.Decoder(list[TracePart]).decode


class _EncodedPart(NamedTuple):
    """A part with its summary and its JSON text."""

    part: TracePart
    head: Head
    newest_unix_nano: int
    text: str
    # What it takes in a block at most.
    size_bytes: int


def _encode_part(part: TracePart) -> _EncodedPart:
    head, newest_unix_nano = _summarize(part)
    encoded = encode_json(part)
    size_bytes = len(encoded) + len(encode_json(head)) + _POSITION_BYTES
    return _EncodedPart(part, head, newest_unix_nano, encoded.decode(), size_bytes)


def build_blocks(parts: Iterable[TracePart]) -> tuple[list[Block], list[str]]:
    """Return the blocks that hold all parts, and the ids of spans too large for a row ("<trace>/<span>")."""
    blocks: list[Block] = []
    oversized: list[str] = []
    kept: list[_EncodedPart] = []
    block_bytes = 0
    waiting = list(parts)
    waiting.reverse()
    while waiting:
        part = waiting.pop()
        encoded = _encode_part(part)
        if encoded.size_bytes > MAX_BLOCK_BYTES:
            halves = _halve(part)
            waiting.extend(halves)
            if not halves:
                oversized.append(f"{part.trace_id}/{part.groups[0].spans[0].span_id}")
            continue
        if block_bytes + encoded.size_bytes > MAX_BLOCK_BYTES:
            blocks.append(_build_block(kept))
            kept, block_bytes = [], 0
        kept.append(encoded)
        block_bytes += encoded.size_bytes
    if kept:
        blocks.append(_build_block(kept))
    return blocks, oversized


def build_block(parts: Iterable[TracePart]) -> Block:
    """Return one block of parts that are known to fit, as when some of a block's spans were deleted."""
    return _build_block([_encode_part(part) for part in parts])


def _halve(part: TracePart) -> list[TracePart]:
    """Return two parts with half of the spans each, the first half last; nothing for a single span."""
    members = [(group, span) for group in part.groups for span in group.spans]
    if len(members) == 1:
        return []
    middle = len(members) // 2
    halves = []
    for half in (members[middle:], members[:middle]):
        groups: list[SpanGroup] = []
        for group, span in half:
            if not groups or groups[-1].resource is not group.resource or groups[-1].scope is not group.scope:
                groups.append(SpanGroup(group.resource, group.scope, []))
            groups[-1].spans.append(span)
        halves.append(TracePart(part.trace_id, groups))
    return halves


def _build_block(encoded_parts: Sequence[_EncodedPart]) -> Block:
    offset = 1  # behind the opening bracket
    for _, head, _, text, _ in encoded_parts:
        head.offset, head.length = offset, len(text)
        offset += len(text) + 1
    parts = [encoded.part for encoded in encoded_parts]
    heads = [encoded.head for encoded in encoded_parts]
    spans = f"[{','.join(encoded.text for encoded in encoded_parts)}]"
    encoded_spans, encoded_heads = spans.encode(), encode_json(heads)
    terms, names = collect_terms(parts)
    return Block(
        digest=blake2b(encoded_spans, digest_size=16).hexdigest(),
        oldest_us=to_us(min(head.start_unix_nano for head in heads)),
        newest_us=to_us(max(encoded.newest_unix_nano for encoded in encoded_parts)),
        end_us=to_us(max(head.end_unix_nano for head in heads)),
        span_count=sum(head.span_count for head in heads),
        error_count=sum(head.error_count for head in heads),
        size_bytes=len(encoded_spans) + len(encoded_heads) + len(terms),
        heads=encoded_heads.decode(),
        spans=spans,
        terms=terms,
        names=names,
    )


def to_us(unix_nano: int) -> int:
    """Return Unix microseconds, as columns hold them: 2255 and later become the last that fit."""
    return min(unix_nano // 1000, MAX_INTEGER)


def summarize_part(part: TracePart) -> Head:
    """Return the head of a part, which has at least one span; its place in a block is not known yet.

    The root is the earliest span without a parent, or else the earliest span. A span that was sent
    without an end, or with one before its start, counts as ending at its start.
    """
    return _summarize(part)[0]


def _summarize(part: TracePart) -> tuple[Head, int]:
    """Return the head of a part and the start of its latest span; lists, as loops cost more."""
    spans = [span for group in part.groups for span in group.spans]
    starts = [span.start_unix_nano for span in spans]
    start, newest = min(starts), max(starts)
    # A duration below 0 counts as none, so no span ends before the last one started.
    end = max(newest, max([span.start_unix_nano + span.duration_nano for span in spans]))
    roots = [span for span in spans if not span.parent_span_id]
    root = min(roots or spans, key=_start_of)
    services = {group.resource.service_name: None for group in part.groups}
    if len(services) == 1:
        (root_service,) = services
    else:
        root_service = next(
            group.resource.service_name for group in part.groups if any(span is root for span in group.spans)
        )
    head = Head(
        part.trace_id,
        start,
        end - start,
        len(spans),
        len([span for span in spans if span.status_code == STATUS_ERROR]),
        bool(roots),
        root.start_unix_nano,
        root.name,
        root_service,
        0,
        0,
        list(services),
    )
    return head, newest


_start_of = attrgetter("start_unix_nano")


def merge_heads(heads: Sequence[Head]) -> Head:
    """Return the summary of a whole trace from the heads of its parts (at least one)."""
    if len(heads) == 1:
        return heads[0]
    start = min(head.start_unix_nano for head in heads)
    end = max(head.end_unix_nano for head in heads)
    root = min(heads, key=lambda head: (not head.has_root, head.root_start_unix_nano))
    return Head(
        root.trace_id,
        start,
        end - start,
        sum(head.span_count for head in heads),
        sum(head.error_count for head in heads),
        root.has_root,
        root.root_start_unix_nano,
        root.root_name,
        root.root_service,
        0,
        0,
        list(dict.fromkeys(service for head in heads for service in head.services)),
    )
