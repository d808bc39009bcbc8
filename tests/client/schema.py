"""Whether a frame of the WebSocket is as docs/live-protocol.schema.json promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "live-protocol.schema.json").read_text(encoding="utf-8")
)


def _validator(definition: str) -> Draft202012Validator:
    return Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{definition}"}]})


_client_message = _validator("clientMessage")
_server_frame = _validator("serverFrame")


def validate_server_frame(text: str | bytes) -> None:
    """Raise jsonschema.ValidationError unless the collector may send this."""
    _server_frame.validate(_read(text))


def validate_client_message(text: str | bytes) -> None:
    """Raise jsonschema.ValidationError unless a client may send this."""
    _client_message.validate(_read(text))


def is_client_message(document: Any) -> bool:
    """Tell whether a client may send this, as JSON."""
    return _client_message.is_valid(document)


def _read(text: str | bytes) -> Any:
    """Return the JSON of a text frame; the protocol has no binary ones."""
    assert isinstance(text, str), f"a binary frame: {text[:80]!r}"
    return json.loads(text)
