"""CPU time and memory of a session's workerd processes, from /proc.

`wrangler dev` runs two: one with the Worker and the local D1, and one that passes requests on to it.
CPU time is that of both together, since the second one's is the same for every Worker; memory is that
of the first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# proc(5): writing it sets the peak (VmHWM) back to what is resident now.
_RESET_PEAK = "5"


@dataclass(frozen=True, slots=True)
class WorkerdProcesses:
    """The workerd processes of one process group."""

    ids: Sequence[int]

    @classmethod
    def of_group(cls, group_id: int) -> WorkerdProcesses:
        """Find them; a session's process group is led by wrangler."""
        ids = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                before, _, after = stat.read_text(encoding="latin-1").rpartition(")")
            except OSError:  # it ended meanwhile
                continue
            _state, _parent_id, process_group_id = after.split()[:3]
            if int(process_group_id) == group_id and before.partition("(")[2] == "workerd":
                ids.append(int(stat.parent.name))
        if not ids:
            raise ToolingError(f"Process group {group_id} has no workerd.")
        return cls(ids)

    def cpu_seconds(self) -> float:
        """Return the user and system time of all of them since they started."""
        ticks = 0
        for process_id in self.ids:
            fields = Path(f"/proc/{process_id}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS_PER_SECOND

    def largest(self) -> WorkerdProcesses:
        """Return the one that holds the Python heap."""
        return WorkerdProcesses([max(self.ids, key=lambda process_id: _status_bytes(process_id, "VmRSS"))])

    def resident_bytes(self) -> int:
        return sum(_status_bytes(process_id, "VmRSS") for process_id in self.ids)

    def peak_bytes(self) -> int:
        """Return the most that was resident since the start, or since `reset_peak`."""
        return sum(_status_bytes(process_id, "VmHWM") for process_id in self.ids)

    def reset_peak(self) -> None:
        for process_id in self.ids:
            Path(f"/proc/{process_id}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")


def _status_bytes(process_id: int, name: str) -> int:
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="latin-1").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise ToolingError(f"/proc/{process_id}/status has no {name}.")
