"""The tables of the page's measurement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.page.live_list import REQUESTS_A_SECOND, TRACES_A_REQUEST, LiveList
from bench.page.timeline import FirstPaint, Moved
from bench.page.weight import Visit
from bench.report import spread, table
from bench.search.tables import percentile

LONG_FRAME_MS = 50
_MINUTE = 1_000


def render(
    span_count: int,
    painted: Sequence[FirstPaint],
    moved: Sequence[Moved],
    live: LiveList,
    visits: Sequence[Visit],
) -> str:
    """Return all tables, with their titles."""
    minutes = live.steps[-1].traces / _MINUTE
    return "\n\n".join(
        (
            f"A trace of {span_count:,} spans, from the last byte of it, in ms:",
            table(
                ("", "ms"),
                (
                    (
                        "read, arranged, and its rows in the document",
                        spread([one.rows_ms for one in painted], 0),
                    ),
                    ("the first frame with them painted", spread([one.painted_ms for one in painted], 0)),
                ),
            ),
            "Its timeline in motion, all in ms. CPU is what the page's main thread took for the dearest "
            "frame and for the longest task; the other columns are by the clock:",
            table(
                (
                    "what is done",
                    "frames",
                    "frame p50",
                    "frame p95",
                    "longest frame",
                    f"frames over {LONG_FRAME_MS}",
                    "dearest frame, CPU",
                    "longest task, CPU",
                ),
                (_motion_row(one) for one in moved),
            ),
            f"The list while {live.steps[-1].traces:,} traces arrive in {live.seconds:.0f} s, "
            f"{TRACES_A_REQUEST * REQUESTS_A_SECOND:.0f} a second at most: what {minutes:.0f} minutes with "
            f"{_MINUTE:,} new traces each bring. After a collection of garbage:",
            table(("traces", "rows", "JS heap MB", "DOM nodes", "listeners"), _held_rows(live)),
            "What a first visit transfers, without the data:",
            table(("", "files", "KB", "KB with gzip"), (_visit_row(visit) for visit in visits)),
        )
    )


def _motion_row(moved: Moved) -> tuple[str, ...]:
    frames = [frame for motion in moved.rounds for frame in motion.frame_ms]
    return (
        moved.title,
        f"{len(frames):,}",
        f"{percentile(frames, 0.5):.0f}",
        f"{percentile(frames, 0.95):.0f}",
        f"{max(frames):.0f}",
        f"{sum(frame > LONG_FRAME_MS for frame in frames):,}",
        spread([motion.frame_cpu_ms for motion in moved.rounds], 0),
        spread([motion.task_cpu_ms for motion in moved.rounds], 0),
    )


def _held_rows(live: LiveList) -> Iterable[tuple[str, ...]]:
    for held in live.steps:
        kept = held.kept
        yield (
            f"{held.traces:,}",
            f"{held.rows:,}",
            f"{kept.heap_megabytes:.1f}",
            f"{kept.nodes:,}",
            f"{kept.listeners:,}",
        )


def _visit_row(visit: Visit) -> tuple[str, ...]:
    return (
        visit.title,
        str(visit.files),
        f"{visit.plain_bytes / 1000:.1f}",
        f"{visit.gzip_bytes / 1000:.1f}",
    )
