"""CPU time and memory of a process with all its descendants, from the scheduler's clocks and /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.metrics.processor_time import cpu_seconds

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ProcessTree:
    """A process and those that it has started, as far as they run."""

    def __init__(self, root_id: int) -> None:
        self._root_id = root_id

    def process_ids(self) -> list[int]:
        """Return the ids of all of them, the first one's first."""
        parents = {process_id: int(fields[1]) for process_id, fields in _stats().items()}
        found = [self._root_id]
        for parent_id in found:  # it grows meanwhile
            found.extend(sorted(child for child, parent in parents.items() if parent == parent_id))
        return found

    def cpu_seconds(self) -> float:
        """Return the user and system time of all of them, and of those that have ended."""
        seconds = 0.0
        stats = _stats()
        for process_id in self.process_ids():
            with contextlib.suppress(OSError):  # it ended meanwhile, and counts with its parent next time
                seconds += cpu_seconds([process_id])
            if process_id in stats:
                children_ticks = int(stats[process_id][13]) + int(stats[process_id][14])
                seconds += children_ticks / _TICKS_PER_SECOND
        return seconds

    def resident_bytes(self) -> int:
        """Return what is resident now."""
        return sum(_status_bytes(process_id, "VmRSS") for process_id in self.process_ids())

    def peak_bytes(self) -> int:
        """Return the most that each of them had resident, added up."""
        return sum(_status_bytes(process_id, "VmHWM") for process_id in self.process_ids())


def _stats() -> Mapping[int, list[str]]:
    """Return of every process what stands behind its name in proc(5), stat: its state, its parent, ..."""
    return dict(_read_stats())


def _read_stats() -> Iterator[tuple[int, list[str]]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="latin-1").rpartition(")")[2].split()
            yield int(stat.parent.name), fields


def _status_bytes(process_id: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process_id}/status").read_text(encoding="latin-1").splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return int(value.split()[0]) * 1024
    return 0
