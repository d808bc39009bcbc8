"""Records, added up in memory: checked, bounded, and never an exception for who records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workers_otel import drops
from workers_otel.attributes import AttributeGuard, Attributes, AttributeSet
from workers_otel.drops import Dropped
from workers_otel.instruments import COUNTER, Instruments, Scope
from workers_otel.version import VERSION
from workers_otel.window import Window

SCOPE = Scope("workers_otel", VERSION)

# The clock of a Worker has milliseconds, and stands still between I/O: an interval has at least one.
MIN_INTERVAL_NANO = 1_000_000

DROPPED_METRIC = "workers_otel.dropped"
OVERFLOW_METRIC = "workers_otel.attribute_overflow"


class Recorder:
    """The window that is open, and what was dropped from it."""

    def __init__(
        self, clock: Callable[[], int], max_series: int, max_attribute_values: int, max_attribute_length: int
    ) -> None:
        self.clock = clock
        self.guard = AttributeGuard(max_attribute_values, max_attribute_length, self.count_drop)
        self._max_series = max_series
        self._instruments = Instruments(max_series)
        # Of the recorder itself: their names are no user's, and their series are few.
        self._own_instruments = Instruments(2)
        self._window = Window(0)
        self._last_end_unix_nano = 0
        self._drops: dict[str, int] = {}

    def record(
        self,
        scope: Scope,
        kind: str,
        name: str,
        value: float,
        attributes: Attributes | None = None,
        unit: str = "",
        description: str = "",
        bounds: Sequence[float] | None = None,
    ) -> None:
        """Add a value to its series, or count why not."""
        try:
            instrument = self._instruments.find(scope, kind, name, bounds)
            instrument.describe(unit, description)
            value = instrument.check(value)
            admitted: AttributeSet = self.guard.admit(attributes) if attributes else ()
            window, now_unix_nano = self._window, self.clock()
            # 0 is no time: see system_clock.
            window.start_unix_nano = window.start_unix_nano or now_unix_nano
            if not window.add(instrument, admitted, value, now_unix_nano, self._max_series):
                raise Dropped(drops.TOO_MANY_SERIES)
        except Dropped as drop:
            self.count_drop(drop.reason)
        except Exception:  # of the arguments: a name that has no hash, a mapping that raises
            self.count_drop(drops.INVALID_RECORD)

    def call(self, callback: Callable[[], None]) -> None:
        """Call what records by itself, and count it if it raises."""
        try:
            callback()
        except Exception:  # of the user's code, which nobody waits for
            self.count_drop(drops.CALLBACK_FAILED)

    def take(self, only_own: bool = False) -> tuple[Window, int, dict[str, int], dict[str, int]]:
        """Close the window and open the next; return it, its end, and the drops and overflows it had.

        Both are in the window as well, as metrics of this package. `only_own`: they are all that is in it,
        and the window that users record in stays open.
        """
        window = Window(self._window.start_unix_nano) if only_own else self._window
        dropped, self._drops = self._drops, {}
        overflowed = self.guard.take_overflows()
        now_unix_nano = self.clock()
        window.start_unix_nano = window.start_unix_nano or now_unix_nano
        end_unix_nano = max(
            now_unix_nano, max(window.start_unix_nano, self._last_end_unix_nano) + MIN_INTERVAL_NANO
        )
        for reason, count in dropped.items():
            self._add_own(window, DROPPED_METRIC, "{record}", (("reason", "stringValue", reason),), count)
        for key, count in overflowed.items():
            self._add_own(window, OVERFLOW_METRIC, "{value}", (("attribute.key", "stringValue", key),), count)
        if not only_own:
            self._window = Window(end_unix_nano)
        self._last_end_unix_nano = end_unix_nano
        return window, end_unix_nano, dropped, overflowed

    def count_again(self, dropped: Mapping[str, int], overflowed: Mapping[str, int]) -> None:
        """Take back what was told in a window that is lost."""
        for reason, count in dropped.items():
            self.count_drop(reason, count)
        for key, count in overflowed.items():
            self.guard.overflows[key] = self.guard.overflows.get(key, 0) + count

    def _add_own(self, window: Window, name: str, unit: str, attributes: AttributeSet, count: int) -> None:
        instrument = self._own_instruments.find(SCOPE, COUNTER, name, None)
        instrument.describe(unit, "")
        # As many as there are reasons and keys, beyond the limit: it is of what users record.
        window.add(instrument, attributes, count, 0, None)

    def count_drop(self, reason: str, count: int = 1) -> None:
        """Count what is lost."""
        self._drops[reason] = self._drops.get(reason, 0) + count
