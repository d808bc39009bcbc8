"""CPU time of other processes to the nanosecond: /proc has it in ticks of 10 ms, which is many requests."""

from __future__ import annotations

import time
from collections.abc import Sequence

# clock_getcpuclockid(3) on Linux: the process id inverted, shifted by 3; 2 is the clock of the scheduler.
_SHIFT, _SCHEDULER_CLOCK = 3, 2


def cpu_seconds(process_ids: Sequence[int]) -> float:
    """Return the user and system time of processes since they started, all their threads included."""
    return sum(
        time.clock_gettime_ns((~process_id << _SHIFT) | _SCHEDULER_CLOCK) / 1e9 for process_id in process_ids
    )
