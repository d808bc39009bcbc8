"""The pushes of the last minutes, by digest: a client that got no answer sends the same again.

Digests are kept as 64 bits of a hash: of the 65,536 pushes of a full window, the chance that a new one
looks like a retry is below 10^-14. They are in slots of time, so that forgetting and storing go by slot.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from otel_worker.metrics.options import NANOS_PER_SECOND

# How many slots a window has: few enough to look through, and one more than a window is remembered.
SLOTS_PER_WINDOW = 20


class RetryWindow:
    """Digests of pushes, for `window_seconds` at least unless there are more than `digest_limit`."""

    def __init__(self, window_seconds: int, digest_limit: int) -> None:
        self._slot_nanos = max(1, window_seconds * NANOS_PER_SECOND // SLOTS_PER_WINDOW)
        self._digest_limit = digest_limit
        self._slots: dict[int, set[int]] = {}
        self._count = 0
        # What is not in a row of its slot yet, and what is in no row at all.
        self._unstored_slots: set[int] = set()
        self._unwritten: list[tuple[int, str]] = []

    def remember(self, digest: str, now_unix_nano: int) -> bool:
        """Return whether a push is new, and remember it if so."""
        short = int.from_bytes(blake2b(digest.encode(), digest_size=8).digest(), "big")
        slot = now_unix_nano // self._slot_nanos
        if slot not in self._slots:
            self.forget_old(now_unix_nano)
        if any(short in digests for digests in self._slots.values()):
            return False
        self._add(slot, short)
        self._unstored_slots.add(slot)
        self._unwritten.append((slot, f"{short:016x}"))
        return True

    def forget_old(self, now_unix_nano: int) -> None:
        """Forget the slots that ended before the window."""
        oldest = now_unix_nano // self._slot_nanos - SLOTS_PER_WINDOW
        for slot in [slot for slot in self._slots if slot < oldest]:
            self._forget(slot)

    def take_unwritten(self) -> list[tuple[int, str]]:
        """Return slot and digest of what came since the last call."""
        unwritten, self._unwritten = self._unwritten, []
        return unwritten

    def take_unstored_slots(self) -> dict[int, list[str]]:
        """Return the whole slots that got digests since the last call."""
        slots = {
            slot: [f"{short:016x}" for short in sorted(self._slots[slot])]
            for slot in sorted(self._unstored_slots)
            if slot in self._slots
        }
        self._unstored_slots.clear()
        return slots

    def restore(self, digests: Iterable[tuple[int, str]], *, are_stored: bool) -> None:
        """Remember digests out of rows; `are_stored` says that they are in those of their slots."""
        for slot, digest in digests:
            short = int(digest, 16)
            if short not in self._slots.get(slot, ()):
                self._add(slot, short)
            if not are_stored:
                self._unstored_slots.add(slot)

    def _add(self, slot: int, short: int) -> None:
        while self._count >= self._digest_limit:
            self._forget(min(self._slots))
        self._slots.setdefault(slot, set()).add(short)
        self._count += 1

    def _forget(self, slot: int) -> None:
        self._count -= len(self._slots.pop(slot))
        self._unstored_slots.discard(slot)
