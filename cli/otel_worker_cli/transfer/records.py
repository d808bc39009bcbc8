"""Files of traces, as OpenTelemetry's file exporter writes and the Collector's receiver reads them.

Each record is a TracesData. In JSON it is a line (OpenTelemetry specification, "File Exporter"); in protobuf
it stands behind its length, an unsigned integer of 32 bits with the highest byte first, as the Collector's
exporter writes it. A file may also be one TracesData as it is, in JSON over many lines or in protobuf.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

import msgspec

from otel_worker.otlp import response

MAX_RECORD_BYTES = 256_000_000
"""Of what is read at once. The collector's own records have some 8 MB."""

_LENGTH = struct.Struct(">I")
_FIRST_BYTES = 4
_RESOURCE_SPANS_TAG = b"\x0a"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}


class Encoding(Enum):
    """The encoding of a file, and its media type in OTLP/HTTP."""

    JSON = response.JSON
    PROTOBUF = response.PROTOBUF


class NotTraces(Exception):
    """What a file holds is not what was expected; the text says where and what."""


class Record(NamedTuple):
    """A TracesData, and where in the file the next one begins."""

    body: bytes
    end_offset: int


def frame(body: bytes, encoding: Encoding) -> bytes:
    """Return a TracesData as a record of a file."""
    if encoding is Encoding.PROTOBUF:
        return _LENGTH.pack(len(body)) + body
    # A newline in JSON is only ever between values.
    return body.replace(b"\n", b" ") + b"\n"


def read_records(file: BinaryIO, encoding: Encoding | None = None) -> tuple[Encoding, Iterator[Record]]:
    """Return the encoding of a file, found out unless it is given, and its records; they raise NotTraces.

    The file is read from where it stands; `end_offset` counts from there.
    """
    source = _Source(file)
    first = source.peek(_FIRST_BYTES)
    for magic, name in _COMPRESSED.items():
        if first.startswith(magic):
            raise NotTraces(f"the file is compressed with {name}: pipe it through {name} -dc and give `-`")
    encoding = encoding or _guess(first)
    if encoding is Encoding.JSON:
        return encoding, _json_records(source)
    if first[:1] == _RESOURCE_SPANS_TAG:
        return encoding, _whole(source)
    return encoding, _delimited_records(source)


class _Source:
    """A file that can be looked into before it is read; a pipe cannot go back."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """Return the next bytes, which stay to be read."""
        self._ahead = self.read(size)
        return self._ahead

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only at the end: a pipe gives what it has."""
        parts, self._ahead = [self._ahead[:size]], self._ahead[size:]
        size -= len(parts[0])
        while size and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def read_line(self) -> bytes:
        """Return the next line with its end; raises NotTraces for one that is too long."""
        line, end, self._ahead = self._ahead.partition(b"\n")
        line += end or self._file.readline(MAX_RECORD_BYTES)
        if len(line) >= MAX_RECORD_BYTES:
            raise NotTraces(f"a line is longer than {MAX_RECORD_BYTES:,} bytes")
        return line

    def read_rest(self) -> bytes:
        """Return all that is left; raises NotTraces for too much."""
        rest = self.read(MAX_RECORD_BYTES)
        if len(rest) >= MAX_RECORD_BYTES:
            raise NotTraces(f"the file is one message of more than {MAX_RECORD_BYTES:,} bytes")
        return rest


def _guess(first: bytes) -> Encoding:
    # Protobuf begins with a length, whose first byte is 0 below 16 MB, or with the tag of a ResourceSpans.
    # An empty line before JSON looks like that tag.
    if first[:1] == _RESOURCE_SPANS_TAG and not first[1:].lstrip().startswith(b'{"'):
        return Encoding.PROTOBUF
    text = first.removeprefix(_BYTE_ORDER_MARK).lstrip()
    return Encoding.JSON if text[:1] in (b"{", b"") else Encoding.PROTOBUF


def _json_records(source: _Source) -> Iterator[Record]:
    offset = 0
    while line := source.read_line():
        start, offset = offset, offset + len(line)
        if start == 0:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line.strip():
            continue
        if _is_json(line):
            yield Record(line.strip(), offset)
        elif start == 0:
            # One document over many lines.
            rest = source.read_rest()
            if not _is_json(line + rest):
                raise NotTraces("the file is neither OTLP JSON nor OTLP protobuf")
            yield Record(line + rest, offset + len(rest))
        else:
            raise NotTraces(f"the line at byte {start} is not JSON")


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _whole(source: _Source) -> Iterator[Record]:
    body = source.read_rest()
    yield Record(body, len(body))


def _delimited_records(source: _Source) -> Iterator[Record]:
    offset = 0
    while prefix := source.read(_LENGTH.size):
        if len(prefix) < _LENGTH.size:
            raise NotTraces(f"the file ends within a length, at byte {offset}")
        (length,) = _LENGTH.unpack(prefix)
        if length > MAX_RECORD_BYTES:
            raise NotTraces(f"at byte {offset} is no record of a file of traces in OTLP protobuf")
        body = source.read(length)
        if len(body) < length:
            raise NotTraces(f"the file ends within the record at byte {offset}")
        offset += _LENGTH.size + length
        yield Record(body, offset)
