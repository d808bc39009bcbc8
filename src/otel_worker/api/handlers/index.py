"""The index of the store: its state, dropping it for an export of the database, building it again."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.router import Collector
from otel_worker.store import index
from otel_worker.store.index import IndexStatus


async def get_index(collector: Collector, request: Request) -> Response:
    """GET /v1/index: whether everything is found through it."""
    return _render(await index.read_index_status(collector.database))


async def drop_index(collector: Collector, request: Request) -> Response:
    """DELETE /v1/index: drop it; the collector works on, and finds things more slowly."""
    await index.drop_index(collector.database)
    return Response(204)


async def rebuild_index(collector: Collector, request: Request) -> Response:
    """PUT /v1/index: a step of building it; to be called until the state is "ready"."""
    return _render(await index.rebuild_index(collector.database))


def _render(status: IndexStatus) -> Response:
    return json_response(
        {"state": status.state, "blocks": status.blocks, "indexedBlocks": status.indexed_blocks}
    )
