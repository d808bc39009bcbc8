"""How long the client waits for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds; the defaults are for the internet."""

    open_seconds: float = 20.0
    answer_seconds: float = 20.0
    """From a subscription to its acknowledgement."""

    request_seconds: float = 60.0
    """Of one page of the list: the collector may have to look into many blocks."""

    ping_seconds: float = 15.0
    """From an answer to the next ping, and from a ping to its answer: a dead line is known after 30 s."""

    close_seconds: float = 2.0
    first_delay_seconds: float = 0.1
    longest_delay_seconds: float = 30.0

    settled_seconds: float = 30.0
    """A connection that lasted so long counts as a success: the next failure is the first one again."""

    list_pause_seconds: float = 1.0
    """From the end of one reading of the list to the next: an overloaded collector drops again and again."""
