"""Every frame of every connection of the client under test is held against the schema."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from otel_worker_cli.client import connection
from otel_worker_cli.client.connection import DirectConnect
from tests.client.schema import validate_client_message, validate_server_frame


class CheckedConnection(ClientConnection):
    """A connection that fails with jsonschema.ValidationError when a frame breaks the schema."""

    async def recv(self, decode: bool | None = None) -> Any:
        frame = await super().recv(decode)
        validate_server_frame(frame)
        return frame

    async def send(self, message: Any, text: bool | None = None) -> None:
        validate_client_message(message)
        await super().send(message, text=text)


@pytest.fixture(autouse=True)
def _checks_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = functools.partial(DirectConnect, create_connection=CheckedConnection)
    monkeypatch.setattr(connection, "DirectConnect", checked)


@pytest.fixture
def unchecked(_checks_frames: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let frames through that break the schema: for a test of what the client does then."""
    monkeypatch.setattr(connection, "DirectConnect", DirectConnect)
