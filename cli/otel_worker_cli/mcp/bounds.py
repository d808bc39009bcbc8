"""How large an answer may be: what a language model can read beside everything else that it has to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

from otel_worker_cli.mcp.document import to_json_text

# About 15,000 tokens, as hex digits take many. Clients cut or refuse what is much longer.
MAX_ANSWER_BYTES = 40_000
# What stands around the entries: counts, ids, the note, how to get more.
HEAD_BYTES = 2_500

Entry = TypeVar("Entry", bound=BaseModel)


class Budget:
    """So many bytes of JSON, to be filled with entries."""

    def __init__(self, limit_bytes: int = MAX_ANSWER_BYTES - HEAD_BYTES) -> None:
        self.left_bytes = limit_bytes

    def takes(self, entry: BaseModel | str) -> bool:
        """Take an entry, if there is room."""
        if _size_bytes(entry) > self.left_bytes:
            return False
        self.charge(entry)
        return True

    def charge(self, entry: BaseModel | str) -> None:
        """Take a small entry, also when there is no room: then nothing is taken behind it."""
        self.left_bytes -= _size_bytes(entry)

    def fill(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the first entries, as many as there is room for."""
        taken: list[Entry] = []
        for entry in entries:
            if not self.takes(entry):
                break
            taken.append(entry)
        return taken

    def fill_share(self, share: float, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries that fit into this share of what is left; larger ones are left out."""
        part = Budget(int(self.left_bytes * share))
        before_bytes = part.left_bytes
        taken = [entry for entry in entries if part.takes(entry)]
        self.left_bytes -= before_bytes - part.left_bytes
        return taken


def _size_bytes(entry: BaseModel | str) -> int:
    """Return the size of an entry as it stands in an answer, with the comma behind it."""
    return len(to_json_text(entry).encode()) + 1
