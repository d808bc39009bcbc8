"""The collector that is killed: workerd alone, which wrangler starts again, or everything at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import free_port
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession

_GENERATED = shutil.ignore_patterns("__pycache__", ".*")
_PS_SECONDS = 10.0
_RUNTIME_SECONDS = 60.0


class Collector:
    """The project's collector, from a copy that nobody edits meanwhile, always on the same port."""

    def __init__(self, folder: Path, checkout: Checkout, token: str) -> None:
        """Copy the project into a new folder and start it; the data is beside it."""
        self.folder = folder
        self.port = free_port()
        self._checkout = checkout
        self._token = token
        self._config = _copy_project(folder / "project", checkout)
        self._session = self._start()

    def kill_runtime(self) -> None:
        """Send SIGKILL to the workerd that runs the Worker and its database; wrangler starts another one."""
        deadline = time.monotonic() + _RUNTIME_SECONDS
        # None while wrangler exchanges it, as it may when it has just started.
        while (process_id := _runtime_process(self._session.pid, self.port)) is None:
            if time.monotonic() > deadline:
                raise ToolingError(
                    "There is no workerd with the Worker.", detail=self._session.log_text[-2000:]
                )
            time.sleep(0.05)
        os.kill(process_id, signal.SIGKILL)

    def kill_everything(self) -> None:
        """Send SIGKILL to wrangler and all it started, and start it again."""
        self._session.kill()
        self._session = self._start()

    def stop(self) -> None:
        """End it in good order. May be called twice."""
        self._session.stop()

    def restart(self) -> None:
        """Stop it and start it again."""
        self._session.stop()
        self._session = self._start()

    def database_file(self) -> Path:
        """Return the SQLite file of the local D1 database."""
        files = [
            path
            for path in (self.folder / "state" / "v3" / "d1").rglob("*.sqlite")
            if path.name != "metadata.sqlite"
        ]
        if len(files) != 1:
            raise ToolingError(f"Expected one local database in {self.folder}, found {len(files)}.")
        return files[0]

    def _start(self) -> DevSession:
        return DevSession.start(
            self._config,
            persist_to=self.folder / "state",
            port=self.port,
            token=self._token,
            reads_dev_vars=False,
            checkout=self._checkout,
        )


def _copy_project(folder: Path, checkout: Checkout) -> Path:
    """Return the wrangler.toml of the copy."""
    shutil.copytree(checkout.root / "src", folder / "src", ignore=_GENERATED)
    shutil.copytree(checkout.root / "migrations", folder / "migrations")
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    shutil.copytree(checkout.root / "web", folder / "web")
    return Path(shutil.copy(checkout.wrangler_config, folder / "wrangler.toml"))


def _runtime_process(group_id: int, port: int) -> int | None:
    """Return the id of the group's one workerd that does not listen on the port, as wrangler's proxy does."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,pgid=,command="],
        stdout=subprocess.PIPE,
        text=True,
        timeout=_PS_SECONDS,
        check=True,
    ).stdout
    found = []
    for line in listing.splitlines():
        process_id, process_group_id, command = line.split(None, 2)
        if int(process_group_id) == group_id and "workerd serve" in command and f":{port} " not in command:
            found.append(int(process_id))
    return found[0] if len(found) == 1 else None
