"""One running local collector: wrangler and workerd, started, awaited and ended as one thing."""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from otel_worker_cli.runtime.dev_vars import format_variables, read_variables, write_private
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.migrations import migrations_steps
from otel_worker_cli.runtime.node import wrangler_command, wrangler_environment
from otel_worker_cli.runtime.output import readable_lines
from otel_worker_cli.runtime.ports import LOOPBACK, free_port, require_free_port
from otel_worker_cli.runtime.process_group import ProcessGroup
from otel_worker_cli.runtime.project import Checkout, this_checkout
from otel_worker_cli.runtime.setup import setup_steps
from otel_worker_cli.runtime.steps import run_steps
from otel_worker_cli.runtime.workerd import LOCAL_COMPATIBILITY_FLAGS, workerd_wrapper

READY_TIMEOUT_SECONDS = 120.0
"""A first answer takes about 7 s; a busy machine with two cores has taken ten times as long."""

STOP_GRACE_SECONDS = 5.0
"""wrangler ends within a second; this is for a machine that is busy."""

POLL_SECONDS = 0.1

SHOWN_LINES = 30


def _ignore_line(_line: str) -> None:
    """Drop a line of output; the log file has it."""


class DevSession:
    """A Worker running in workerd on a port of this machine.

    Use it as a context manager, or `start` it and `stop` it. `start` returns when GET `ready_path`
    answers 200. The folder of `config` is the project: another folder than the checkout works too.
    """

    def __init__(
        self, process: ProcessGroup, port: int, log_path: Path, temporary: tempfile.TemporaryDirectory[str]
    ):
        self.port = port
        self.log_path = log_path
        self._process = process
        self._temporary = temporary

    @classmethod
    def start(
        cls,
        config: Path | None = None,
        *,
        persist_to: Path,
        port: int = 0,
        token: str | None = None,
        variables: Mapping[str, str] | None = None,
        reads_dev_vars: bool = True,
        ready_path: str = "/health",
        ready_timeout_seconds: float = READY_TIMEOUT_SECONDS,
        log_path: Path | None = None,
        on_line: Callable[[str], None] = _ignore_line,
        wrangler_options: Sequence[str] = (),
        checkout: Checkout | None = None,
    ) -> DevSession:
        """Bring the set-up and the local database up to date, start the Worker and wait until it answers.

        `token` becomes AUTH_TOKEN and `variables` more variables of the Worker; both reach wrangler through
        a private file, together with `.dev.vars` beside the config, unless `reads_dev_vars` is false. Without
        them, wrangler reads `.dev.vars` itself.
        """
        checkout = checkout or this_checkout()
        config = (config or checkout.wrangler_config).absolute()
        persist_to = persist_to.absolute()
        if port:
            require_free_port(port)
        prepare(checkout, config, persist_to)
        temporary = tempfile.TemporaryDirectory(prefix="otel-worker-")
        try:
            scratch = Path(temporary.name)
            port = port or free_port()
            own_variables = dict(variables or {}) | ({"AUTH_TOKEN": token} if token is not None else {})
            command = [*wrangler_command(checkout), *_dev_arguments(config, persist_to, port)]
            command += _env_file_arguments(
                read_variables(config.with_name(".dev.vars")) if reads_dev_vars else {},
                own_variables,
                scratch,
            )
            session = cls(
                ProcessGroup(
                    [*command, *wrangler_options],
                    cwd=config.parent,
                    environment=_environment(checkout, scratch),
                    log_path=log_path or scratch / "wrangler.log",
                    on_line=on_line,
                ),
                port,
                log_path or scratch / "wrangler.log",
                temporary,
            )
        except BaseException:
            temporary.cleanup()
            raise
        try:
            session._wait_until_ready(ready_path, ready_timeout_seconds)
        except BaseException:
            session.stop()
            raise
        return session

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The leader of the process group that holds wrangler and workerd."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the Worker runs."""
        return self._process.exit_code

    @property
    def log_text(self) -> str:
        """All output so far, unfiltered."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def last_lines(self, count: int = SHOWN_LINES) -> list[str]:
        return self._process.last_lines(count)

    def stop(self) -> None:
        """End wrangler and workerd. May be called twice."""
        self._process.stop(STOP_GRACE_SECONDS)
        self._temporary.cleanup()

    def kill(self) -> None:
        """End wrangler and workerd with SIGKILL, as a crash would; what was written stays."""
        self._process.kill()
        self._temporary.cleanup()

    def __enter__(self) -> DevSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, path: str, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        answer = "no answer"
        while time.monotonic() < deadline:
            if self.exit_code is not None:
                raise ToolingError(
                    f"wrangler ended by itself with exit code {self.exit_code}.",
                    detail="\n".join(readable_lines(self.last_lines())),
                )
            answer = _answer(self.port, path)
            if answer == "200":
                return
            time.sleep(POLL_SECONDS)
        raise ToolingError(
            f"The collector did not answer GET {path} within {timeout_seconds:g} s (last: {answer}).",
            detail="\n".join(readable_lines(self.last_lines())),
        )


def prepare(checkout: Checkout, config: Path, persist_to: Path) -> list[str]:
    """Bring the set-up and the local database of a config up to date; return what was done."""
    done = run_steps(setup_steps(checkout), checkout.lock)
    return done + apply_migrations(config, persist_to, checkout)


def apply_migrations(config: Path, persist_to: Path, checkout: Checkout | None = None) -> list[str]:
    """Apply the D1 migrations of a config to the data in `persist_to`, unless it has them."""
    checkout = checkout or this_checkout()
    return run_steps(migrations_steps(checkout, config, persist_to), checkout.lock)


def _dev_arguments(config: Path, persist_to: Path, port: int) -> list[str]:
    arguments = ["dev", "--config", str(config), "--persist-to", str(persist_to)]
    arguments += ["--ip", LOOPBACK, "--port", str(port), "--inspector-port", "0"]
    arguments += ["--show-interactive-dev-session=false", "--local"]
    for flag in LOCAL_COMPATIBILITY_FLAGS:
        arguments += ["--compatibility-flags", flag]
    return arguments


def _env_file_arguments(
    dev_vars: Mapping[str, str], own_variables: Mapping[str, str], scratch: Path
) -> list[str]:
    """Return the options that name a private file of variables: values must not show in a process list."""
    if not own_variables:
        return []
    path = scratch / "variables"
    write_private(path, format_variables({**dev_vars, **own_variables}))
    return ["--env-file", str(path)]


def _environment(checkout: Checkout, scratch: Path) -> dict[str, str]:
    return {
        **wrangler_environment(),
        "MINIFLARE_WORKERD_PATH": str(workerd_wrapper(checkout)),
        "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        # Of its own: collectors side by side must not find each other's Durable Objects by name.
        "WRANGLER_REGISTRY_PATH": str(scratch / "registry"),
        "NO_COLOR": "1",
        "FORCE_COLOR": "0",
    }


def _answer(port: int, path: str) -> str:
    # Not urllib: it would ask a proxy that the environment names.
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
