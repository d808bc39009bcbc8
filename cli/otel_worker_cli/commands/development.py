"""`otel-worker dev`: the collector on this machine, in the real Workers runtime."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import click

from otel_worker_cli.runtime.dev_vars import ensure_token
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.output import OutputFilter, readable_lines
from otel_worker_cli.runtime.ports import require_free_port
from otel_worker_cli.runtime.project import Checkout, this_checkout
from otel_worker_cli.runtime.session import DevSession, prepare
from otel_worker_cli.runtime.steps import shown_progress

POLL_SECONDS = 0.2


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8787, show_default=True, help="Port of 127.0.0.1."
)
@click.option(
    "--persist-to",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the stored data.  [default: .wrangler/state in the checkout]",
)
@click.option(
    "--token", envvar="OTEL_WORKER_TOKEN", help="AUTH_TOKEN of this run.  [default: the one in .dev.vars]"
)
def dev(port: int, persist_to: Path | None, token: str | None) -> None:
    """Run the collector on this machine until Ctrl-C; what it stores is kept."""
    checkout = this_checkout()
    persist_to = persist_to or checkout.root / ".wrangler" / "state"
    with contextlib.suppress(KeyboardInterrupt), _signals_as_interrupts():
        require_free_port(port)
        prepare(checkout, checkout.wrangler_config, persist_to)
        shown_token = token or _local_token(checkout)
        output = HeldOutput()
        with shown_progress("Starting the collector", sys.stderr):
            session = DevSession.start(persist_to=persist_to, port=port, token=token, on_line=output.write)
        try:
            click.echo(usage(session.url, shown_token))
            output.release()
            _wait_for_end(session)
        finally:
            with _ignored_signals():
                session.stop()


class HeldOutput:
    """Shows the Worker's output, but not before it is released: the start has a line of its own."""

    def __init__(self) -> None:
        self._filter = OutputFilter()
        self._held: list[str] | None = []

    def write(self, line: str) -> None:
        shown = self._filter.shown(line)
        if shown is None:
            return
        if self._held is None:
            click.echo(shown)
        else:
            self._held.append(shown)

    def release(self) -> None:
        held, self._held = self._held, None
        for line in held or ():
            click.echo(line)


def usage(url: str, token: str) -> str:
    """Return what a person copies to send to this collector and to read from it."""
    # OpenTelemetry SDKs decode header values of the environment as URLs do.
    headers = f"Authorization=Bearer%20{quote(token, safe='')}"
    authorization = shlex.quote(f"Authorization: Bearer {token}")
    return f"""
The collector listens on {url}
Token: {token}

Send to it with any OpenTelemetry SDK:
  export OTEL_EXPORTER_OTLP_ENDPOINT={url}
  export OTEL_EXPORTER_OTLP_HEADERS='{headers}'
  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

See the traces in a browser: {url}/

List traces:
  curl -H {authorization} {url}/v1/traces

Watch live: {url.replace("http", "ws", 1)}/api/ws

Ctrl-C ends it; the data stays.
"""


def _local_token(checkout: Checkout) -> str:
    path = checkout.root / ".dev.vars"
    token, written = ensure_token(path)
    if written:
        click.echo(f"  Wrote a random AUTH_TOKEN to {path.name}", err=True)
    return token


def _wait_for_end(session: DevSession) -> None:
    while session.exit_code is None:
        time.sleep(POLL_SECONDS)
    raise ToolingError(
        f"The collector ended by itself (wrangler's exit code: {session.exit_code}).",
        detail="\n".join(readable_lines(session.last_lines())),
    )


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """End on SIGTERM and SIGHUP exactly as on Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _ignored_signals() -> Iterator[None]:
    """Let a second Ctrl-C not interrupt the clean-up, which is bounded."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
