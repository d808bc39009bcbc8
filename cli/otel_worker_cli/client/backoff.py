"""How long to wait before the next attempt: exponentially longer, and at random below that."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Full jitter: each delay is anywhere between 0 and a ceiling that doubles, up to a bound.

    So a thousand clients of a collector that was restarted do not come back at the same moment.
    """

    def __init__(
        self,
        first_seconds: float,
        longest_seconds: float,
        # Not for secrets.
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        """`random_unit` returns a number from 0 to 1."""
        self.failures = 0
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._random_unit = random_unit

    def reset(self) -> None:
        """Begin anew: an attempt has succeeded."""
        self.failures = 0

    def next_delay_seconds(self, at_least_seconds: float = 0.0) -> float:
        """Count a failure and return how long to wait; `at_least_seconds` was asked for, within the bound."""
        # A power with a larger exponent would leave the numbers of a float.
        ceiling = min(self._longest_seconds, self._first_seconds * 2.0 ** min(self.failures, 60))
        self.failures += 1
        return max(self._random_unit() * ceiling, min(at_least_seconds, self._longest_seconds))
