"""Runs `otel-worker` as a user does: in a process of its own, with pipes or in a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "otel_worker_cli")
WAIT_SECONDS = 60.0

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """What a command has written, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The JSON that was written."""
        return json.loads(self.stdout)

    @property
    def documents(self) -> list[Any]:
        """The JSON of each line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class CommandLine:
    """The command with an environment of its own: its collector, and folders of this test."""

    def __init__(
        self, folder: Path, url: str = "", token: str = "", program: Sequence[str] = COMMAND
    ) -> None:
        self._program = program
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        self.environment = {
            **kept,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "PYTHONWARNINGS": "error",
        }
        if url:
            self.environment["OTEL_WORKER_URL"] = url
        if token:
            self.environment["OTEL_WORKER_TOKEN"] = token
        self.folder = folder

    def run(self, *arguments: str, stdin: str = "", variables: Mapping[str, str] | None = None) -> Outcome:
        """Run a command to its end, with pipes."""
        raw = self.run_bytes(*arguments, stdin=stdin.encode(), variables=variables)
        return Outcome(raw.returncode, raw.stdout.decode(), raw.stderr.decode())

    def run_bytes(
        self, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end, with pipes and bytes."""
        return subprocess.run(
            [*self._program, *arguments],
            input=stdin,
            capture_output=True,
            env={**self.environment, **(variables or {})},
            cwd=self.folder,
            timeout=WAIT_SECONDS,
            check=False,
        )

    def succeed(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run a command that has to work."""
        outcome = self.run(*arguments, stdin=stdin)
        assert outcome.exit_code == 0, outcome
        return outcome

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Yield a command that is under way; it is killed in the end, or after WAIT_SECONDS."""
        with subprocess.Popen(
            [*self._program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd=self.folder,
            text=True,
        ) as process:
            # Whoever waits for a line that does not come gets the end of the lines instead.
            alarm = threading.Timer(WAIT_SECONDS, process.kill)
            alarm.start()
            try:
                yield process
            finally:
                alarm.cancel()
                process.kill()

    def in_terminal(
        self,
        *arguments: str,
        columns: int = 80,
        variables: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> tuple[int, str]:
        """Return the exit code and all that a terminal of this width shows: colours, and what is typed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(
            [*self._program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**self.environment, **(variables or {})},
            cwd=self.folder,
            start_new_session=True,
        )
        os.close(slave)
        os.write(master, stdin.encode())
        try:
            output = b"".join(_read_all(master))
            return process.wait(WAIT_SECONDS), output.decode().replace("\r\n", "\n")
        finally:
            process.kill()
            process.wait()
            os.close(master)


def _read_all(descriptor: int) -> Iterator[bytes]:
    """Yield what is written until the last process has closed the terminal, which is an error on Linux."""
    with contextlib.suppress(OSError):
        while part := os.read(descriptor, 65536):
            yield part


def without_colour(text: str) -> str:
    """Return text as it is seen, without the sequences that only colour it."""
    return _COLOUR.sub("", text)


def interrupt(process: subprocess.Popen[str]) -> Outcome:
    """Press Ctrl-C, and return what is left to read."""
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=WAIT_SECONDS)
    return Outcome(process.returncode, stdout, stderr)


def wait_for_line(lines: Iterator[str], text: str) -> str:
    """Return the first line that has a text; fails at the end of the lines."""
    others: list[str] = []
    for line in lines:
        if text in line:
            return line
        others.append(line)
    raise AssertionError(f"none of these has {text!r}: {others}")


def in_order(text: str, parts: Sequence[str]) -> bool:
    """Tell whether all parts occur, one behind the other."""
    place = 0
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True
