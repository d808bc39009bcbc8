"""Records of a file as export requests: many small records in one, a large one in several."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from otel_worker_cli.client import Refused
from otel_worker_cli.client.export_answer import ExportResult
from otel_worker_cli.transfer.pieces import Piece, join, pieces_of, split_piece
from otel_worker_cli.transfer.records import Encoding, Record

BATCH_BYTES = 1_000_000
"""Of one request: a quarter of what a collector takes by default, and few enough rows of its database."""

PAYLOAD_TOO_LARGE = 413

Export = Callable[[bytes, str], Awaitable[ExportResult]]


class Batch(NamedTuple):
    """What goes into one request; with it, all of the file before `end_offset` is sent."""

    pieces: list[Piece]
    end_offset: int


@dataclass(slots=True)
class Imported:
    """What has become of the spans; `messages` are the first few reasons of the collector."""

    spans: int = 0
    rejected_spans: int = 0
    passed_over_records: int = 0
    requests: int = 0
    offset: int = 0
    messages: tuple[str, ...] = ()

    def reject(self, spans: int, message: str) -> None:
        """Count spans that are not stored, and keep the reason if it is a new one."""
        self.rejected_spans += spans
        if message and message not in self.messages and len(self.messages) < 3:
            self.messages += (message,)


def batches_of(
    records: Iterable[Record], encoding: Encoding, imported: Imported, limit_bytes: int = BATCH_BYTES
) -> Iterator[Batch]:
    """Yield what to send, in the order of the file; raises NotTraces.

    The same file gives the same batches, also from any `end_offset` on, and a collector knows a request that
    it has stored: so what was interrupted may be sent again. A record without spans, such as one of metrics,
    is counted as passed over.
    """
    pieces: list[Piece] = []
    size = end_offset = 0
    for record in records:
        added = list(pieces_of(record.body, encoding, limit_bytes))
        imported.passed_over_records += not added
        # A record that does not fit whole begins a batch: whoever goes on at its beginning makes the same.
        if pieces and size + sum(len(piece.body) for piece in added) > limit_bytes:
            yield Batch(pieces, end_offset)
            pieces, size = [], 0
        for piece in added:
            if pieces and size + len(piece.body) > limit_bytes:
                yield Batch(pieces, end_offset)
                pieces, size = [], 0
            pieces.append(piece)
            size += len(piece.body)
        end_offset = record.end_offset
    yield Batch(pieces, end_offset)


async def send_batches(
    batches: Iterable[Batch], encoding: Encoding, export: Export, imported: Imported
) -> AsyncGenerator[Imported, None]:
    """Send batches one after the other, and yield the same totals after each; raises a ClientError."""
    for batch in batches:
        await _send(batch.pieces, encoding, export, imported)
        imported.offset = batch.end_offset
        yield imported


async def _send(pieces: list[Piece], encoding: Encoding, export: Export, imported: Imported) -> None:
    waiting = [pieces] if pieces else []
    while waiting:
        pieces = waiting.pop(0)
        try:
            result = await export(join(pieces, encoding), encoding.value)
        except Refused as error:
            if error.status != PAYLOAD_TOO_LARGE:
                raise
            halves = _halves(pieces, encoding)
            if len(halves) > 1:
                waiting[:0] = halves
            else:
                imported.reject(pieces[0].spans, str(error))
            continue
        imported.requests += 1
        imported.spans += sum(piece.spans for piece in pieces) - result.rejected_spans
        imported.reject(result.rejected_spans, result.message)


def _halves(pieces: list[Piece], encoding: Encoding) -> list[list[Piece]]:
    """Return smaller requests with the same spans; only one for a single span."""
    if len(pieces) > 1:
        middle = len(pieces) // 2
        return [pieces[:middle], pieces[middle:]]
    return [[piece] for piece in split_piece(pieces[0], encoding)]
