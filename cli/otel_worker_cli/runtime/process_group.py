"""A command that runs as a process group of its own, read line by line, and is always ended whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from otel_worker_cli.runtime.output import TERMINAL_CODES

KEPT_LINES = 200
"""How much of the output stays in memory, to be shown when the command dies."""

KILL_WAIT_SECONDS = 5.0
"""How long to wait for the kernel to end a killed process."""


class ProcessGroup:
    """Starts a command and hands each line of its output to `on_line`, from a thread of its own.

    MUST be started from a thread that lives as long as the command may: on Linux the kernel ends the
    command together with the starting thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        log_path: Path,
        on_line: Callable[[str], None],
    ) -> None:
        launcher = [sys.executable, str(Path(__file__).with_name("die_with_parent.py")), "TERM"]
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = log_path.open("w", encoding="utf-8", errors="replace")
        self._on_line = on_line
        self._last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(  # noqa: S603 - the caller builds the list from pinned tools
            [*launcher, *command],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="wrangler output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int) -> list[str]:
        return list(self._last_lines)[-count:]

    def stop(self, grace_seconds: float) -> None:
        """Ask all of it to end, then force it. Returns when none of it is left."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self._is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """End all of it at once, as a crash of the machine would."""
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_WAIT_SECONDS)
        deadline = time.monotonic() + KILL_WAIT_SECONDS
        while self._is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._reader.join(KILL_WAIT_SECONDS)
        if not self._reader.is_alive():
            self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _is_alive(self) -> bool:
        """Return whether any process of the group is left, the first one reaped."""
        self._process.poll()
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS: only zombies are left
            return False
        return _has_running_member(self._process.pid) if sys.platform == "linux" else True

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for raw_line in output:
                line = TERMINAL_CODES.sub("", raw_line).rstrip()
                self._last_lines.append(line)
                self._log.write(line + "\n")
                self._log.flush()
                self._on_line(line)


def _has_running_member(group_id: int) -> bool:
    """Return whether a process of the group still runs: a zombie does not, and in a container the first
    process may take seconds to collect it, or never do so."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        state, _parent_id, process_group_id = fields[:3]
        if int(process_group_id) == group_id and state not in "ZX":
            return True
    return False
