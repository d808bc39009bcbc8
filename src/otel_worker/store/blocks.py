"""Blocks: how the spans of one export request become rows, and how much a summary of each trace says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from otel_worker.model import STATUS_ERROR, Head, SpanGroup, TracePart
from otel_worker.store.database import MAX_INTEGER
from otel_worker.store.terms import block_terms

# Heads and spans of a block together: D1 takes 2,000,000 bytes for a row.
MAX_BLOCK_BYTES = 1_900_000
# What offset and length may take in a head, which is measured before they are known.
_POSITION_BYTES = 16


class Block(NamedTuple):
    """One row of `span_blocks` without its id, and its terms."""

    digest: str
    oldest_us: int
    newest_us: int
    end_us: int
    span_count: int
    error_count: int
    heads: str
    spans: str
    terms: str
    # Trace id and span id of each span.
    span_ids: list[tuple[str, str]]


encode_json = msgspec.json.Encoder().encode
decode_heads = msgspec.json.Decoder(list[Head]).decode
decode_head = msgspec.json.Decoder(Head).decode
decode_part = msgspec.json.Decoder(TracePart).decode
decode_parts = msgspec.json.Decoder(list[TracePart]).decode


class _EncodedPart(NamedTuple):
    """A part with its summary and its JSON text."""

    part: TracePart
    head: Head
    text: str


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
        encoded = encode_json(part)
        head = summarize_part(part)
        part_bytes = len(encoded) + len(encode_json(head)) + _POSITION_BYTES
        if part_bytes > MAX_BLOCK_BYTES:
            halves = _halve(part)
            waiting.extend(halves)
            if not halves:
                oversized.append(f"{part.trace_id}/{part.groups[0].spans[0].span_id}")
            continue
        if block_bytes + part_bytes > MAX_BLOCK_BYTES:
            blocks.append(_build_block(kept))
            kept, block_bytes = [], 0
        kept.append(_EncodedPart(part, head, encoded.decode()))
        block_bytes += part_bytes
    if kept:
        blocks.append(_build_block(kept))
    return blocks, oversized


def build_block(parts: Iterable[TracePart]) -> Block:
    """Return one block of parts that are known to fit, as when some of a block's spans were deleted."""
    return _build_block(
        [_EncodedPart(part, summarize_part(part), encode_json(part).decode()) for part in parts]
    )


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
    for _, head, text in encoded_parts:
        head.offset, head.length = offset, len(text)
        offset += len(text) + 1
    parts = [encoded.part for encoded in encoded_parts]
    heads = [encoded.head for encoded in encoded_parts]
    spans = f"[{','.join(encoded.text for encoded in encoded_parts)}]"
    return Block(
        digest=blake2b(spans.encode(), digest_size=16).hexdigest(),
        oldest_us=to_us(min(head.start_unix_nano for head in heads)),
        newest_us=to_us(
            max(span.start_unix_nano for part in parts for group in part.groups for span in group.spans)
        ),
        end_us=to_us(max(head.end_unix_nano for head in heads)),
        span_count=sum(head.span_count for head in heads),
        error_count=sum(head.error_count for head in heads),
        heads=encode_json(heads).decode(),
        spans=spans,
        terms=block_terms(parts),
        span_ids=[
            (part.trace_id, span.span_id) for part in parts for group in part.groups for span in group.spans
        ],
    )


def to_us(unix_nano: int) -> int:
    """Return Unix microseconds, as columns hold them: 2255 and later become the last that fit."""
    return min(unix_nano // 1000, MAX_INTEGER)


def summarize_part(part: TracePart) -> Head:
    """Return the head of a part, which has at least one span; its place in a block is not known yet.

    The root is the earliest span without a parent, or else the earliest span. A span that was sent
    without an end, or with one before its start, counts as ending at its start.
    """
    span_count = error_count = 0
    start = end = None
    root = root_rank = root_service = None
    services: dict[str, None] = {}
    for group in part.groups:
        service = group.resource.service_name
        services[service] = None
        span_count += len(group.spans)
        for span in group.spans:
            span_start = span.start_unix_nano
            span_end = span_start + span.duration_nano if span.duration_nano > 0 else span_start
            if start is None or span_start < start:
                start = span_start
            if end is None or span_end > end:
                end = span_end
            if span.status_code == STATUS_ERROR:
                error_count += 1
            rank = (span.parent_span_id != "", span_start)
            if root_rank is None or rank < root_rank:
                root, root_rank, root_service = span, rank, service
    assert start is not None
    assert end is not None
    assert root is not None
    assert root_service is not None
    return Head(
        part.trace_id,
        start,
        end - start,
        span_count,
        error_count,
        root.parent_span_id == "",
        root.start_unix_nano,
        root.name,
        root_service,
        0,
        0,
        list(services),
    )


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
