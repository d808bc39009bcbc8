"""The rows that keep an aggregator's state: JSON texts, each readable by itself.

    chunk-N      all series of chunk N; a series stays in its chunk for life
    journal-N    the series that changed, whole, and the digests that came, since the commit before
    digests-N-M  digests of a slot of time; a later slot takes the row over

Every row says the commit it was written by (`sequence`). A commit usually writes one row, the next of the
journal. When the journal is full, a checkpoint writes the chunks and slots that changed since the one
before, and the journal starts over. So a commit of a service with few series costs less than 1.1 rows.
Read back, a series is that of its chunk or that of a later journal row.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from otel_worker.errors import StorageFailure
from otel_worker.metrics.point_states import PointState, point_of, state_of
from otel_worker.metrics.series import Series
from otel_worker.metrics.streams import Stream, encode_group
from otel_worker.model import Resource, Scope

FORMAT_VERSION = 1
ROW_BYTES = 65_536
JOURNAL_ROWS = 64
# A commit of more rows is a checkpoint: the chunks are hardly more than that.
MAX_JOURNAL_ROWS_PER_COMMIT = 4
# Of 30 characters each: half a row. What a commit may remove without a checkpoint, too.
DIGESTS_PER_ROW = 1000
CHUNK, JOURNAL, DIGESTS = "chunk", "journal", "digests"


class StreamRow(Struct, array_like=True, gc=False):
    """A stream; `group` is its place in the row's groups."""

    group: int
    is_summed: bool
    name: str
    description: str
    unit: str
    kind: str
    is_monotonic: bool


class SeriesRow(Struct, array_like=True, gc=False):
    """A series; `stream` is its place in the row's streams."""

    number: int
    chunk: int
    stream: int
    attributes: Raw
    seen_unix_nano: int
    is_sent: bool
    bounds_seen_unix_nano: int
    next_bounds: list[float] | None
    point: PointState


class Row(Struct, rename="camel", gc=False):
    """One row; the fields of the model's own structures are OTLP's."""

    version: int
    sequence: int
    # Before which moment no series may start: others were given out until then, and are gone.
    start_floor_unix_nano: int
    groups: list[tuple[Resource, Scope]]
    streams: list[StreamRow]
    series: list[SeriesRow]
    # Chunk and number of series that are gone.
    removed: list[tuple[int, int]]
    # Slot and digest.
    digests: list[tuple[int, str]]


class _Version(Struct, gc=False):
    version: int


# Version, sequence and floor, and the names of all fields.
_HEAD_BYTES = 160

_encoder = Encoder()
_decoder = Decoder(Row)
_version_decoder = Decoder(_Version)


class RowWriter:
    """Writes rows of `ROW_BYTES` at most, or of one series; `texts` has what is finished."""

    def __init__(self, sequence: int, start_floor_unix_nano: int) -> None:
        self._sequence, self._start_floor_unix_nano = sequence, start_floor_unix_nano
        self.texts: list[str] = []
        self._clear()

    def add_series(self, series: Series, *, may_split: bool) -> None:
        """Add a series; a row that is full is finished first if `may_split`."""
        encoded = self._encode(series)
        if may_split and self._series and self._size + len(encoded) > ROW_BYTES:
            self.finish()
            encoded = self._encode(series)
        self._series.append(encoded)
        self._size += len(encoded) + 1

    def finish(
        self, removed: Sequence[tuple[int, int]] = (), digests: Sequence[tuple[int, str]] = ()
    ) -> None:
        """Finish the row, with these beside its series or in a row of their own."""
        beside = b'"removed":%b,"digests":%b}' % (_encoder.encode(removed), _encoder.encode(digests))
        if (removed or digests) and self._series and self._size + len(beside) > ROW_BYTES:
            self.finish()
        head = f'{{"version":{FORMAT_VERSION},"sequence":{self._sequence},'
        head += f'"startFloorUnixNano":{self._start_floor_unix_nano},"groups":['
        parts = (
            head.encode(),
            b",".join(self._groups),
            b'],"streams":[',
            b",".join(self._stream_rows),
            b'],"series":[',
            b",".join(self._series),
            b"],",
            beside,
        )
        self.texts.append(b"".join(parts).decode())
        self._clear()

    def _clear(self) -> None:
        self._groups: dict[bytes, int] = {}
        self._streams: dict[int, int] = {}
        self._stream_rows: list[bytes] = []
        self._series: list[bytes] = []
        self._size = _HEAD_BYTES

    def _encode(self, series: Series) -> bytes:
        stream = self._streams.get(series.stream.number)
        if stream is None:
            stream = self._add_stream(series.stream)
        return _encoder.encode(
            SeriesRow(
                series.number,
                series.chunk,
                stream,
                Raw(series.attributes_json),
                series.seen_unix_nano,
                series.is_sent,
                series.bounds_seen_unix_nano,
                series.next_bounds,
                state_of(series.point),
            )
        )

    def _add_stream(self, stream: Stream) -> int:
        group = self._groups.get(stream.group_json)
        if group is None:
            group = self._groups[stream.group_json] = len(self._groups)
            self._size += len(stream.group_json) + 1
        row = StreamRow(
            group,
            stream.is_summed,
            stream.name,
            stream.description,
            stream.unit,
            stream.kind,
            stream.is_monotonic,
        )
        encoded = _encoder.encode(row)
        self._stream_rows.append(encoded)
        self._size += len(encoded) + 1
        place = self._streams[stream.number] = len(self._streams)
        return place


def read_series(row: Row) -> list[Series]:
    """Return the series of a row; equal streams of several rows are not the same object yet."""
    streams = []
    for stream_row in row.streams:
        resource, scope = row.groups[stream_row.group]
        streams.append(
            Stream(
                encode_group(resource, scope),
                resource,
                scope,
                stream_row.is_summed,
                stream_row.name,
                stream_row.description,
                stream_row.unit,
                stream_row.kind,
                stream_row.is_monotonic,
            )
        )
    return [
        Series(
            series.number,
            series.chunk,
            streams[series.stream],
            bytes(series.attributes),
            point_of(series.point),
            series.seen_unix_nano,
            series.is_sent,
            series.bounds_seen_unix_nano,
            series.next_bounds,
        )
        for series in row.series
    ]


def decode_row(row_id: str, text: str) -> Row:
    """Return the row.

    Raises StorageFailure for a format of another version, and for what is no row at all.
    """
    try:
        version = _version_decoder.decode(text).version
        if version != FORMAT_VERSION:
            raise StorageFailure(
                f"the metrics row {row_id!r} has format version {version}, and this release reads version "
                f"{FORMAT_VERSION}: run the release that wrote it"
            )
        return _decoder.decode(text)
    except (DecodeError, ValidationError) as exc:
        raise StorageFailure(f"the metrics row {row_id!r} cannot be read: {exc}") from exc
