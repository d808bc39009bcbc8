"""The tables of the live measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.live.costs import OFF, PER_SECOND, Cost, Costs, Memory
from bench.live.delays import Measured
from bench.report import spread, table
from bench.search.tables import percentile

_MEGABYTE = 1_000_000


def render(measured: Sequence[Measured], costs: Costs, memory: Memory) -> str:
    """Return all tables, with their titles."""
    return "\n\n".join(
        (
            "From the exporter's answer to a watcher's receipt, in ms, over all watchers and exports:",
            table(
                ("watchers", "exports a second", "for s", "received", "p50", "p95", "p99", "max"),
                (_delay_row(one) for one in measured),
            ),
            *(_stalled_sentence(one) for one in measured if one.case.has_stalled),
            "Next to it, an export's own time in ms, and the CPU time of each process as a share of a core:",
            table(
                (
                    "watchers",
                    "exports a second",
                    "export p50",
                    "export p95",
                    "exports begun late",
                    "collector",
                    "proxy",
                    "watchers' process",
                    "exporter",
                    "all else",
                ),
                (_busy_row(one) for one in measured),
            ),
            f"CPU time of an export in ms, {PER_SECOND} a second, and what it adds to the one with LIVE=off:",
            table(("watchers", "collector", "proxy", "both", "both add"), _cost_rows(costs)),
            f"Memory in MB, resident, with {memory.watchers:,} idle watchers:",
            table(
                ("process", "without", "they add"),
                (
                    ("collector", _megabytes(memory.worker_bytes), _megabytes(memory.added_worker_bytes)),
                    ("proxy", _megabytes(memory.proxy_bytes), _megabytes(memory.added_proxy_bytes)),
                ),
            ),
        )
    )


def _delay_row(measured: Measured) -> tuple[str, ...]:
    case = measured.case
    return (
        case.title,
        str(case.per_second),
        f"{case.seconds:g}",
        f"{measured.received:,} of {case.watchers * len(measured.sent):,}",
        *(f"{delay_ms:.0f}" for delay_ms in measured.delays_ms),
    )


def _stalled_sentence(measured: Measured) -> str:
    case, stalled = measured.case, measured.stalled
    if stalled is None:
        return (
            f"At {case.per_second} a second, {case.seconds:g} s did not suffice to drop the one that stalled."
        )
    return (
        f"At {case.per_second} a second the one that stalled was dropped {stalled.seconds:.1f} s after the "
        f"first answer, with what {stalled.exports:,} exports had sent it."
    )


def _busy_row(measured: Measured) -> tuple[str, ...]:
    export_ms = [one.export_ms for one in measured.sent]
    late, busy = measured.late, measured.busy
    return (
        measured.case.title,
        str(measured.case.per_second),
        f"{percentile(export_ms, 0.5):.0f}",
        f"{percentile(export_ms, 0.95):.0f}",
        f"{len(late)}, by up to {max(late):.0f} ms" if late else "0",
        *(f"{share:.0%}" for share in (busy.worker, busy.proxy, busy.watchers, busy.exporter, busy.others)),
    )


def _cost_rows(costs: Costs) -> Iterable[tuple[str, ...]]:
    for count, rounds in costs.items():
        added = [_both(one) - _both(off) for one, off in zip(rounds, costs[OFF], strict=True)]
        yield (
            "LIVE=off" if count is OFF else f"{count:,}",
            _spread_of(rounds, lambda cost: cost.worker_ms),
            _spread_of(rounds, lambda cost: cost.proxy_ms),
            _spread_of(rounds, _both),
            "" if count is OFF else spread(added),
        )


def _spread_of(costs: Sequence[Cost], part: Callable[[Cost], float]) -> str:
    return spread([part(cost) for cost in costs])


def _both(cost: Cost) -> float:
    return cost.worker_ms + cost.proxy_ms


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / _MEGABYTE:.0f}"
