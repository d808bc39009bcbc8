"""Runs inside Pyodide: a body through the straightforward port up to the database."""

from __future__ import annotations

from pathlib import Path

from reference_pipeline import decode_json, decode_protobuf, span_rows
from stopwatch import Stopwatch

_DECODERS = {"protobuf": decode_protobuf, "JSON": decode_json}


def measure_body(encoding: str, path: str) -> str:
    """Return what each stage took."""
    body = Path(path).read_bytes()
    stopwatch = Stopwatch()
    request = stopwatch.run("decode", _DECODERS[encoding], body)
    stopwatch.run("rows", lambda: list(span_rows(request)))
    return stopwatch.report()
