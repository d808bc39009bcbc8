"""The one use case of the collector: take an export request, store it, announce it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from otel_worker.errors import InvalidOtlp
from otel_worker.live.announcement import announce_blocks
from otel_worker.live.hub import Hub
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.otlp.response import JSON
from otel_worker.store.blocks import MAX_BLOCK_BYTES, Block, build_blocks
from otel_worker.store.catalog import KnownNames, insert_names
from otel_worker.store.database import Database
from otel_worker.store.sharding import shards_of, split_by_home
from otel_worker.store.write import Written, write_blocks

_log = logging.getLogger(__name__)

# How many of the spans that no row can hold are named to the exporter.
_MAX_OVERSIZED = 5


class PartialSuccess(NamedTuple):
    """What the exporter is told: how many spans were refused for good and why; 0 and "" when all is well."""

    rejected_count: int
    message: str


class Ingested(NamedTuple):
    """What became of an export request: how many of its spans are stored, and what the exporter is told."""

    accepted_count: int
    answer: PartialSuccess


async def ingest_traces(
    database: Database,
    hub: Hub | None,
    known_names: Mapping[int, KnownNames],
    body: bytes,
    media_type: str,
    now_unix_ms: int,
) -> Ingested:
    """Store the spans of an ExportTraceServiceRequest; when it returns they are durable.

    `known_names` are those of each shard by its number; names that are new to one go to its catalog with
    the spans. With several shards a request is one transaction in each of them.

    Raises InvalidOtlp when the body is no such request or has not one valid span, StorageUnavailable
    when the same request may succeed later. A request that was stored before stores nothing.

    New spans are announced to the hub if somebody watches; None: there is no live view.
    """
    export = decode_export_json(body) if media_type == JSON else decode_export_protobuf(body)
    shards = shards_of(database)
    blocks: list[list[Block]] = []
    oversized: list[str] = []
    for parts in split_by_home(export.parts, len(shards)):
        blocks_of_shard, oversized_of_shard = build_blocks(parts)
        blocks.append(blocks_of_shard)
        oversized += oversized_of_shard
        del parts
    rejected_count, rejections = export.rejected_count + len(oversized), export.rejections
    # An isolate has 128 MB for all its requests: while D1 works, only what it was given stays in memory.
    del body, export
    reasons = [f"{field} {description}" for field, description in rejections]
    reasons += [f"span {ids} is larger than {MAX_BLOCK_BYTES} bytes" for ids in oversized[:_MAX_OVERSIZED]]
    message = f"{rejected_count} spans rejected: {'; '.join(reasons)}" if rejected_count else ""
    if rejected_count and not any(blocks):
        raise InvalidOtlp(message, tuple(rejections))
    watched_blocks: list[Block] = []
    try:
        for number, shard in enumerate(shards):
            if blocks[number]:
                written = await _write(shard, known_names[number], blocks[number], now_unix_ms)
                if written.is_watched:
                    watched_blocks += written.blocks
    finally:
        # Also when a later shard failed: sent again, what is stored is nothing new.
        if watched_blocks and hub is not None:
            _announce(hub, watched_blocks)
    accepted_count = sum(block.span_count for blocks_of_shard in blocks for block in blocks_of_shard)
    return Ingested(accepted_count, PartialSuccess(rejected_count, message))


async def _write(
    shard: Database, known_names: KnownNames, blocks: Sequence[Block], now_unix_ms: int
) -> Written:
    """Store blocks and their new names in one transaction."""
    new_names = known_names.find_new([block.names for block in blocks], now_unix_ms)
    also = [insert_names(new_names)] if new_names else []
    written = await write_blocks(shard, blocks, now_unix_ms, also)
    known_names.remember(new_names)
    return written


def _announce(hub: Hub, blocks: Sequence[Block]) -> None:
    """Tell the watchers. The spans are stored: a failure here must not make the exporter send them again."""
    try:
        hub.announce(announce_blocks(blocks))
    except Exception:
        _log.exception("the live hub failed; the spans are stored")
