"""Files of the file exporter: read as they are written, and refused with a reason."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.transfer.records import Encoding, NotTraces, frame, read_records

LINES = b'{"resourceSpans":[]}\n{"resourceSpans":[{}]}\n'


class Dripping(io.RawIOBase):
    """A pipe that gives a byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        part = self._content.read(1)
        memoryview(buffer)[: len(part)] = part  # type: ignore[arg-type]
        return len(part)


def bodies(content: bytes, encoding: Encoding | None = None) -> tuple[Encoding, list[tuple[bytes, int]]]:
    """Return encoding, and body and end of each record, the same from a file and from a pipe."""
    found, records = read_records(io.BytesIO(content), encoding)
    read = [(record.body, record.end_offset) for record in records]
    dripped, records = read_records(cast(BinaryIO, io.BufferedReader(Dripping(content), 1)), encoding)
    assert (dripped, [(record.body, record.end_offset) for record in records]) == (found, read)
    return found, read


def test_lines_of_json() -> None:
    assert bodies(LINES) == (
        Encoding.JSON,
        [(b'{"resourceSpans":[]}', 21), (b'{"resourceSpans":[{}]}', 44)],
    )
    assert bodies(LINES.rstrip()) == (
        Encoding.JSON,
        [(b'{"resourceSpans":[]}', 21), (b'{"resourceSpans":[{}]}', 43)],
    )


def test_empty_lines_and_a_byte_order_mark_are_passed_over() -> None:
    encoding, read = bodies(b"\xef\xbb\xbf" + LINES + b"\r\n\n" + LINES)
    assert encoding is Encoding.JSON
    assert [body for body, _ in read] == [b'{"resourceSpans":[]}', b'{"resourceSpans":[{}]}'] * 2
    assert bodies(b"\n\n" + LINES)[1][0] == (b'{"resourceSpans":[]}', 23)


def test_one_document_over_many_lines() -> None:
    document = b'{\n  "resourceSpans": [\n    {}\n  ]\n}\n'
    assert bodies(document) == (Encoding.JSON, [(document, len(document))])


def test_one_protobuf_message() -> None:
    message = b"\x0a\x02\x12\x00" * 100
    assert bodies(message) == (Encoding.PROTOBUF, [(message, 400)])


def test_an_empty_file_has_no_records() -> None:
    assert bodies(b"") == (Encoding.JSON, [])


@given(st.lists(st.binary(max_size=300), min_size=1))
def test_delimited_protobuf(messages: list[bytes]) -> None:
    content = b"".join(frame(message, Encoding.PROTOBUF) for message in messages)
    assert content[:4] == struct.pack(">I", len(messages[0]))
    encoding, read = bodies(content)
    assert encoding is Encoding.PROTOBUF
    assert [body for body, _ in read] == messages
    assert read[-1][1] == len(content)


def test_a_json_record_is_one_line() -> None:
    assert frame(b'{\n"a": 1}', Encoding.JSON) == b'{ "a": 1}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LINES + b"oops\n", "the line at byte 44 is not JSON"),
        (b"{ oops", "neither OTLP JSON nor OTLP protobuf"),
        (b"\x00\x00\x00\x09abc", "ends within the record at byte 0"),
        (frame(b"abc", Encoding.PROTOBUF) + b"\x00\x00", "ends within a length, at byte 7"),
        (b"PK\x03\x04", "at byte 0 is no record"),
        (b"\x1f\x8b\x08\x00", "gzip -dc"),
        (b"\x28\xb5\x2f\xfd", "zstd -dc"),
    ],
)
def test_what_is_no_file_of_traces(content: bytes, message: str) -> None:
    with pytest.raises(NotTraces, match=message):
        bodies(content)
