"""What a flush says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SENT = "sent"
NOTHING = "nothing"
OFF = "off"
KEPT = "kept"
REFUSED = "refused"
WAITING = "waiting"
JOINED = "joined"


class FlushResult(NamedTuple):
    """What became of the records.

    `outcome` is one of
    "sent": the endpoint has them, but for those in `dropped`;
    "nothing": there were none;
    "off": no endpoint or no token is set, or not a usable one, so nothing is recorded;
    "kept": the endpoint cannot be reached or takes no more at present; the next flush sends the same again;
    "refused": the endpoint will never take them, so they are gone;
    "waiting": kept, since the endpoint asked for time (Retry-After);
    "joined": another flush is under way, and sends them as soon as it has its answer.

    `dropped` counts by reason what is lost since the last flush: records with reasons of recording, and data
    points with "rejected", "http_<status>" and "unanswered", which were kept for too long. The reasons
    "invalid_attribute" and "too_many_attribute_keys" count attributes that were left out of records.
    `overflowed` counts by key the values that became "other".
    `status` is that of the last answer, and `error` says what was wrong, for a log.
    """

    outcome: str
    sent_points: int = 0
    dropped: Mapping[str, int] = {}
    overflowed: Mapping[str, int] = {}
    status: int | None = None
    error: str = ""


def joined(first: FlushResult, second: FlushResult) -> FlushResult:
    """Return two sendings of one flush as one result: the outcome is the worse one's, which is the last."""
    if second.outcome == NOTHING:
        second = second._replace(outcome=first.outcome, status=first.status, error=first.error)
    return second._replace(
        sent_points=first.sent_points + second.sent_points,
        dropped=_sum(first.dropped, second.dropped),
        overflowed=_sum(first.overflowed, second.overflowed),
        error=second.error or first.error,
    )


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> Mapping[str, int]:
    return {key: first.get(key, 0) + second.get(key, 0) for key in {**first, **second}}
