"""The series of an aggregator by their identities, and the rows that keep them (see `rows`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from otel_worker.metrics.chunks import Chunks
from otel_worker.metrics.retry_window import SLOTS_PER_WINDOW, RetryWindow
from otel_worker.metrics.rows import (
    CHUNK,
    DIGESTS,
    DIGESTS_PER_ROW,
    JOURNAL,
    JOURNAL_ROWS,
    MAX_JOURNAL_ROWS_PER_COMMIT,
    Row,
    RowWriter,
    decode_row,
    read_series,
)
from otel_worker.metrics.series import Series
from otel_worker.metrics.streams import Stream, Streams

# A slot's row is taken over when its digests are older than the window.
_DIGEST_ROWS = SLOTS_PER_WINDOW + 4


class SeriesStore:
    """Series, and what of them is not stored yet."""

    def __init__(self, retries: RetryWindow) -> None:
        self.by_number: dict[int, Series] = {}
        self.streams = Streams()
        # Before which moment no series may start: others were given out until then, and are gone.
        self.start_floor_unix_nano = 0
        self._retries = retries
        self._by_identity: dict[tuple[int, bytes], Series] = {}
        self._last_number = 0
        self._chunks = Chunks()
        # Since the last commit.
        self._changed: dict[int, Series] = {}
        self._removed: list[tuple[int, int]] = []
        # Since the last checkpoint.
        self._changed_chunks: set[int] = set()
        self._journal_length = 0
        self._sequence = 0

    @property
    def used_bytes(self) -> int:
        """About how large all chunks are."""
        return self._chunks.used_bytes

    def get(self, stream: Stream, attributes_json: bytes) -> Series | None:
        return self._by_identity.get((stream.number, attributes_json))

    def add(self, series: Series) -> None:
        """Take a new series, which gets its number and chunk here."""
        self._last_number += 1
        series.number = self._last_number
        self._by_identity[series.stream.number, series.attributes_json] = series
        self.by_number[series.number] = series
        self.streams.acquire(series.stream)
        self._chunks.place(series)
        self.touch(series)

    def touch(self, series: Series) -> None:
        """Note that a series changed."""
        self._changed[series.number] = series

    def remove(self, series: Series, now_unix_nano: int) -> None:
        """Forget a series, which may have been given out until now."""
        del self._by_identity[series.stream.number, series.attributes_json]
        del self.by_number[series.number]
        self._chunks.remove(series)
        self.streams.release(series.stream)
        self._changed.pop(series.number, None)
        self._removed.append((series.chunk, series.number))
        self.start_floor_unix_nano = max(self.start_floor_unix_nano, now_unix_nano)

    def dirty_rows(self) -> dict[str, str]:
        """Return the rows of a commit; none if nothing changed."""
        digests = self._retries.take_unwritten()
        if not (self._changed or self._removed or digests):
            return {}
        self._sequence += 1
        self._changed_chunks.update(series.chunk for series in self._changed.values())
        self._changed_chunks.update(chunk for chunk, _ in self._removed)
        journal = self._write_journal(digests)
        is_large = (
            len(journal) > MAX_JOURNAL_ROWS_PER_COMMIT
            or len(digests) > DIGESTS_PER_ROW
            or len(self._removed) > DIGESTS_PER_ROW
        )
        self._changed.clear()
        self._removed.clear()
        first = self._journal_length
        if is_large or first + len(journal) > JOURNAL_ROWS:
            return self._write_checkpoint()
        self._journal_length += len(journal)
        return {f"{JOURNAL}-{first + index}": text for index, text in enumerate(journal)}

    def load(self, rows: Mapping[str, str]) -> None:
        """Take over what the rows say; the store MUST be empty."""
        decoded = {row_id: decode_row(row_id, text) for row_id, text in rows.items()}
        checkpoint = max(
            (row.sequence for row_id, row in decoded.items() if not row_id.startswith(JOURNAL)), default=0
        )
        series_by_number: dict[int, Series] = {}
        for row_id, row in decoded.items():
            if row_id.startswith(CHUNK):
                series_by_number.update((series.number, series) for series in read_series(row))
            elif row_id.startswith(DIGESTS):
                self._retries.restore(row.digests, are_stored=True)
        journal = [
            row for row_id, row in decoded.items() if row_id.startswith(JOURNAL) and row.sequence > checkpoint
        ]
        self._replay(sorted(journal, key=lambda row: row.sequence), series_by_number)
        for row in decoded.values():
            self._sequence = max(self._sequence, row.sequence)
            self.start_floor_unix_nano = max(self.start_floor_unix_nano, row.start_floor_unix_nano)
        # In the order they came, whichever rows they are in.
        for _, series in sorted(series_by_number.items()):
            self._take_loaded(series)

    def _write_journal(self, digests: list[tuple[int, str]]) -> list[str]:
        writer = RowWriter(self._sequence, self.start_floor_unix_nano)
        for series in self._changed.values():
            writer.add_series(series, may_split=True)
            if len(writer.texts) >= MAX_JOURNAL_ROWS_PER_COMMIT:
                break
        writer.finish(self._removed, digests)
        return writer.texts

    def _write_checkpoint(self) -> dict[str, str]:
        rows = {}
        for number in sorted(self._changed_chunks):
            rows[f"{CHUNK}-{number}"] = self._write_row(self._chunks.series_of(number))
        for slot, digests in self._retries.take_unstored_slots().items():
            for part, start in enumerate(range(0, len(digests), DIGESTS_PER_ROW)):
                row_id = f"{DIGESTS}-{slot % _DIGEST_ROWS}-{part}"
                content = [(slot, digest) for digest in digests[start : start + DIGESTS_PER_ROW]]
                rows[row_id] = self._write_row((), content)
        self._changed_chunks.clear()
        self._journal_length = 0
        return rows

    def _write_row(self, all_series: Iterable[Series], digests: list[tuple[int, str]] | None = None) -> str:
        writer = RowWriter(self._sequence, self.start_floor_unix_nano)
        for series in all_series:
            writer.add_series(series, may_split=False)
        writer.finish((), digests or ())
        return writer.texts[0]

    def _replay(self, journal: list[Row], series_by_number: dict[int, Series]) -> None:
        """Bring series to what the journal says, whose rows go on from there."""
        for row in journal:
            for chunk, number in row.removed:
                series_by_number.pop(number, None)
                self._changed_chunks.add(chunk)
            for series in read_series(row):
                series_by_number[series.number] = series
                self._changed_chunks.add(series.chunk)
            self._retries.restore(row.digests, are_stored=False)
        self._journal_length = len(journal)

    def _take_loaded(self, series: Series) -> None:
        series.stream = self.streams.get(series.stream)
        self.streams.acquire(series.stream)
        self.by_number[series.number] = series
        self._by_identity[series.stream.number, series.attributes_json] = series
        self._chunks.put_back(series)
        self._last_number = max(self._last_number, series.number)
