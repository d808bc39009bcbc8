"""Set-up steps: each one is skipped while its inputs are unchanged and its outputs are whole.

Only the standard library: `tools/bootstrap.py` uses this module before any package is installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from otel_worker_cli.runtime.failures import ToolingError

TOOL_TIMEOUT_SECONDS = 900
"""Longest run of one installer: the largest download is about 100 MB, which a slow line takes minutes for."""

LOCK_TIMEOUT_SECONDS = 900
"""Longest wait for another set-up of the same checkout: no longer than one of its steps may take."""

DETAIL_HEAD_LINES, DETAIL_TAIL_LINES = 12, 12
"""How much of a failed tool's output is shown: pip ends with its reason, npm may begin with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of set-up.

    `run` MUST leave the outputs whole or raise; it MAY find half-made outputs of an interrupted run.
    """

    title: str
    stamp: Path
    """Holds the fingerprint of the last completed run. Best kept inside an output, to vanish with it."""
    run: Callable[[], None]
    inputs: Sequence[Path | str] = ()
    """Files (their content counts) and plain values that decide the result."""
    outputs: Sequence[Path] = ()
    is_intact: Callable[[], bool] = field(default=lambda: True)

    def fingerprint(self) -> str:
        """Return one hash over all inputs; a missing file counts as an input of its own."""
        digest = hashlib.sha256(self.title.encode())
        for item in self.inputs:
            if isinstance(item, Path):
                content = item.read_bytes() if item.is_file() else b"(missing)"
                digest.update(item.name.encode() + b"\0" + hashlib.sha256(content).digest())
            else:
                digest.update(hashlib.sha256(item.encode()).digest())
        return digest.hexdigest()

    def is_up_to_date(self) -> bool:
        try:
            recorded = self.stamp.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return False
        if recorded != self.fingerprint():
            return False
        return all(output.exists() for output in self.outputs) and self.is_intact()

    def execute(self) -> None:
        """Run the step; the stamp is gone while it runs, so an interrupted run is repeated."""
        fingerprint = self.fingerprint()
        self.stamp.unlink(missing_ok=True)
        self.run()
        write_atomically(self.stamp, fingerprint.encode("ascii"))


def run_steps(steps: Sequence[Step], lock: Path, stream: TextIO | None = None) -> list[str]:
    """Run the steps that are not up to date, in order, and return their titles.

    Two set-ups of one checkout at the same time run one after the other, and the second finds all done.
    """
    if all(step.is_up_to_date() for step in steps):
        return []
    done = []
    with _locked(lock):
        for step in steps:
            if step.is_up_to_date():
                continue
            with shown_progress(step.title, stream or sys.stderr):
                step.execute()
            done.append(step.title)
    return done


@contextmanager
def shown_progress(title: str, stream: TextIO) -> Iterator[None]:
    """Show one line for what happens inside: a running clock on a terminal, else a line at the end."""
    started = time.monotonic()
    finished = threading.Event()

    def line(ending: str) -> str:
        return f"  {title:<42} {time.monotonic() - started:5.1f} s{ending}"

    def tick() -> None:
        while not finished.wait(0.2):
            stream.write("\r" + line(""))
            stream.flush()

    clock = threading.Thread(target=tick, name=f"progress of {title}", daemon=True)
    shows_clock = stream.isatty()
    if shows_clock:
        clock.start()
    ending = "  failed"
    try:
        yield
        ending = ""
    finally:
        finished.set()
        if shows_clock:
            clock.join()
            stream.write("\r")
        stream.write(line(ending) + "\n")
        stream.flush()


def run_tool(
    command: Sequence[str],
    *,
    problem: str,
    remedy: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = TOOL_TIMEOUT_SECONDS,
) -> str:
    """Run a tool silently and return its output; when it fails, raise with the end of its own words."""
    try:
        result = subprocess.run(  # noqa: S603 - the callers build the list from pinned tools
            list(command),
            cwd=cwd,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_seconds,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolingError(problem, detail=f"{command[0]}: not found", remedy=remedy) from error
    except subprocess.TimeoutExpired as error:
        detail = f"no end after {timeout_seconds:g} s"
        raise ToolingError(problem, detail=detail, remedy=remedy) from error
    if result.returncode != 0:
        detail = _excerpt(result.stdout) or f"exit code {result.returncode}"
        raise ToolingError(problem, detail=detail, remedy=remedy)
    return result.stdout


def _excerpt(output: str) -> str:
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    if len(lines) > DETAIL_HEAD_LINES + DETAIL_TAIL_LINES:
        lines = [*lines[:DETAIL_HEAD_LINES], "...", *lines[-DETAIL_TAIL_LINES:]]
    return "\n".join(lines)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # not on Windows, where workerd's wrapper script would not run either

    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    remedy = f"Wait for it, or end it and delete {path}."
                    raise ToolingError(
                        "Another set-up of this checkout is running.", remedy=remedy
                    ) from error
                time.sleep(0.2)
        yield
