"""The tables of the comparison; ratios are taken within a round, then over the rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.peers.servers import OURS, PHOENIX
from bench.report import spread, table, times

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round took: CPU time until all spans were stored, and how fast that was."""

    cpu_us_a_span: float
    answer_ms: float
    stored_spans_a_second: float


@dataclass(frozen=True, slots=True)
class Rest:
    """What a server takes beside its work: resident bytes when it was ready, at the end and at most.

    `idle_share` is its CPU time as a share of one core, while nobody sends anything.
    """

    ready_bytes: int
    after_bytes: int
    peak_bytes: int
    idle_share: float


# By the server's name and the spans of a request, a sample a round.
Samples = dict[tuple[str, int], list[Sample]]


def render(samples: Samples, rests: Mapping[str, Rest], peer: str, span_count: int) -> str:
    """Return all tables; `peer` is the other one's name with its version."""
    sizes = list(dict.fromkeys(size for _, size in samples))
    return "\n\n".join(
        (
            "CPU time of the server in us a span, until the spans are in its database:",
            table(("spans a request", OURS, peer, "ratio"), (_cpu_row(size, samples) for size in sizes)),
            "Spans that are in the database a second, and the answer to a request in ms:",
            table(
                ("spans a request", OURS, peer, "ratio", f"answer, {OURS}", f"answer, {peer}"),
                (_speed_row(size, samples) for size in sizes),
            ),
            f"Memory in MB, resident, with {span_count:,} spans stored, and CPU time at rest:",
            table(
                ("server", "when ready", "after", "at most", "of a core at rest"),
                (_rest_row(name, rests[server]) for name, server in ((OURS, OURS), (peer, PHOENIX))),
            ),
        )
    )


def _cpu_row(size: int, samples: Samples) -> tuple[str, ...]:
    ours, theirs = ([sample.cpu_us_a_span for sample in samples[name, size]] for name in (OURS, PHOENIX))
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    return f"{size}", spread(ours), spread(theirs, 0), times(ratios)


def _speed_row(size: int, samples: Samples) -> tuple[str, ...]:
    ours, theirs = (samples[name, size] for name in (OURS, PHOENIX))
    ratios = [
        own.stored_spans_a_second / other.stored_spans_a_second
        for own, other in zip(ours, theirs, strict=True)
    ]
    return (
        f"{size}",
        *(spread([sample.stored_spans_a_second for sample in some], 0) for some in (ours, theirs)),
        times(ratios),
        *(spread([sample.answer_ms for sample in some]) for some in (ours, theirs)),
    )


def _rest_row(name: str, rest: Rest) -> tuple[str, ...]:
    sizes = (rest.ready_bytes, rest.after_bytes, rest.peak_bytes)
    return name, *(f"{size_bytes / _MEGABYTE:,.0f}" for size_bytes in sizes), f"{rest.idle_share:.1%}"
