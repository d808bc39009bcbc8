"""The one use case of the collector: take an export request, store it, announce it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

from otel_worker.errors import InvalidOtlp
from otel_worker.live.events import span_added, trace_updated
from otel_worker.live.hub import Hub
from otel_worker.model import TracePart
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.otlp.response import JSON
from otel_worker.store.blocks import MAX_BLOCK_BYTES, build_blocks
from otel_worker.store.database import Database
from otel_worker.store.read import read_summaries
from otel_worker.store.write import write_blocks

_log = logging.getLogger(__name__)


class PartialSuccess(NamedTuple):
    """What the exporter is told: how many spans were refused for good and why; 0 and "" when all is well."""

    rejected_count: int
    message: str


async def ingest_traces(
    database: Database, hub: Hub, body: bytes, media_type: str, now_unix_ms: int
) -> PartialSuccess:
    """Store the spans of an ExportTraceServiceRequest; when it returns they are durable.

    Raises InvalidOtlp when the body is no such request or has not one valid span, StorageUnavailable
    when the same request may succeed later. A request that was stored before stores nothing.
    """
    export = decode_export_json(body) if media_type == JSON else decode_export_protobuf(body)
    blocks, oversized = build_blocks(export.parts)
    rejected_count = export.rejected_count + len(oversized)
    reasons = export.rejections + [
        f"span {ids} is larger than {MAX_BLOCK_BYTES} bytes" for ids in oversized[:5]
    ]
    message = f"{rejected_count} spans rejected: {'; '.join(reasons)}" if rejected_count else ""
    if rejected_count and not blocks:
        raise InvalidOtlp(message)
    written = await write_blocks(database, blocks, now_unix_ms)
    if written:
        await _announce(database, hub, [part for block in written for part in block.parts])
    return PartialSuccess(rejected_count, message)


async def _announce(database: Database, hub: Hub, parts: Iterable[TracePart]) -> None:
    """Tell the watchers. The spans are stored: a failure here must not make the exporter send them again."""
    try:
        parts = list(parts)
        if await hub.publish(span_added(parts)):
            trace_ids = list(dict.fromkeys(part.trace_id for part in parts))
            for summary in (await read_summaries(database, trace_ids)).values():
                await hub.publish(trace_updated(summary.head))
    except Exception:
        _log.exception("the live hub failed; the spans are stored")
