"""What every watcher has to have received, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.live.watchers import Received, Text
from otel_worker_cli.runtime.failures import ToolingError


@dataclass(frozen=True, slots=True)
class Faults:
    """How far what was received is from what was announced; all 0 when all is well.

    `reordered` counts watchers that saw the traces in another order than the first one did.
    """

    lost: int = 0
    repeated: int = 0
    unexpected: int = 0
    reordered: int = 0
    wrong_span_ids: int = 0
    said_to_be_dropped: int = 0
    closed: int = 0


def find_faults(
    texts: Sequence[Text], watchers: Sequence[Received], trace_ids: Sequence[str], spans_each: int
) -> Faults:
    """Compare what watchers with one and the same subscription received with the traces that are theirs.

    `spans_each` is how many new spans each trace was announced with.
    """
    expected = set(trace_ids)
    orders = [[trace_id for trace_id, _ in _updates(texts, watcher)] for watcher in watchers]
    counts = [Counter(order) for order in orders]
    said = [[texts[number] for number in watcher.text_numbers] for watcher in watchers]
    return Faults(
        lost=sum(len(expected - count.keys()) for count in counts),
        repeated=sum(count.total() - len(count) for count in counts),
        unexpected=sum(len(count.keys() - expected) for count in counts),
        reordered=sum(order != orders[0] for order in orders),
        wrong_span_ids=sum(
            sum(text.span_ids for text in some) != len(expected) * spans_each for some in said
        ),
        said_to_be_dropped=sum(text.dropped for some in said for text in some),
        closed=sum(watcher.close_code is not None for watcher in watchers),
    )


def require_none(faults: Faults, title: str) -> None:
    """Raise unless every watcher received everything once and in the same order."""
    if faults != Faults():
        raise ToolingError(f"{title}: the watchers did not receive what was announced.", detail=str(faults))


def delays_ms(
    texts: Sequence[Text], watchers: Sequence[Received], answered_us: Mapping[str, int]
) -> list[float]:
    """Return, for all watchers and traces, the time from the exporter's answer to the receipt."""
    return [
        (received_us - answered_us[trace_id]) / 1000
        for watcher in watchers
        for trace_id, received_us in _updates(texts, watcher)
    ]


def last_trace_id(texts: Sequence[Text], watcher: Received) -> str:
    """Return the last trace that a watcher heard of, which has to have heard of one."""
    *_, (trace_id, _) = _updates(texts, watcher)
    return trace_id


def _updates(texts: Sequence[Text], watcher: Received) -> Iterator[tuple[str, int]]:
    for number, received_us in zip(watcher.text_numbers, watcher.received_us, strict=True):
        for trace_id in texts[number].trace_ids:
            yield trace_id, received_us
