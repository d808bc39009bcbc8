"""Where an export or an import was interrupted, kept in a small file until it is done."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import platformdirs

from otel_worker_cli.runtime.steps import write_atomically


class ExportState(msgspec.Struct, frozen=True):
    """How far an export has come. `request` is what was asked for: another one cannot go on from here."""

    request: list[tuple[str, str]]
    """Address, encoding and filters."""
    path: str
    parameters: list[tuple[str, str]]
    """Of the page of the list that comes next."""
    size_bytes: int
    traces: int
    listed: int
    """How many traces the pages before had, those included that were gone."""


class ImportState(msgspec.Struct, frozen=True):
    """How far an import has come; the file must not have changed since."""

    size_bytes: int
    modified_unix_nano: int
    offset: int
    spans: int
    rejected_spans: int


State = TypeVar("State", bound=msgspec.Struct)


class StateFile(Generic[State]):
    """A state on disk; one that cannot be read counts as none."""

    def __init__(self, path: Path, kind: type[State]) -> None:
        self.path = path
        self._kind = kind

    def read(self) -> State | None:
        """Return the state, or None."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=self._kind)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write(self, state: State) -> None:
        """Keep a state, instead of the one before; raises OSError."""
        write_atomically(self.path, msgspec.json.encode(state), mode=0o600)

    def remove(self) -> None:
        """Forget the state."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def export_state_file(output: Path) -> StateFile[ExportState]:
    """Return where the state of an export is: beside the file that it writes."""
    return StateFile(output.with_name(f"{output.name}.resume"), ExportState)


def import_state_file(source: Path, url: str) -> StateFile[ImportState]:
    """Return where the state of an import is: in the user's folder, since a source may be read-only."""
    name = hashlib.sha256(f"{os.path.realpath(source)}\n{url}".encode()).hexdigest()[:32]
    return StateFile(platformdirs.user_state_path("otel-worker") / "imports" / f"{name}.json", ImportState)
