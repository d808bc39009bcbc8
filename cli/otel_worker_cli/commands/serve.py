"""`otel-worker serve`: the collector on this machine in one process, without Node and without Cloudflare."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_worker.errors import NotConfigured
from otel_worker_cli.runtime.failures import ToolingError

if TYPE_CHECKING:
    from otel_worker_cli.local.server import Addresses

_PORT = click.IntRange(0, 65535)
_LOOPBACK = "127.0.0.1"


@click.command()
@click.option(
    "--host",
    default=_LOOPBACK,
    show_default=True,
    help="Address to listen on. One that others can reach needs a token.",
)
@click.option(
    "--port", type=_PORT, default=4318, show_default=True, help="Port of OTLP/HTTP and the API; 0: any."
)
@click.option("--grpc-port", type=_PORT, default=4317, show_default=True, help="Port of OTLP/gRPC; 0: any.")
@click.option("--no-grpc", is_flag=True, help="Serve no OTLP/gRPC.")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="SQLite file of the stored data.  [default: traces.sqlite in your folder of application data]",
)
@click.option("--memory", is_flag=True, help="Keep what arrives in memory, and nothing of it afterwards.")
@click.option(
    "--token",
    envvar=["OTEL_WORKER_TOKEN", "AUTH_TOKEN"],
    help="Ask for this token. Set OTEL_WORKER_TOKEN instead: other users of this machine can read options.",
)
def serve(
    host: str,
    port: int,
    grpc_port: int,
    no_grpc: bool,
    database: Path | None,
    memory: bool,
    token: str | None,
) -> None:
    """Run a collector in this process until Ctrl-C; what it stores is kept.

    Without a token it is open to this machine's programs, and to nobody else. RETENTION_DAYS and the other
    settings of the Worker are read from the environment.
    """
    started = time.perf_counter()
    if memory and database is not None:
        raise click.UsageError("--memory and --database exclude each other.")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    # Here, so that the other commands need not wait for them.
    from otel_worker.settings import read_settings
    from otel_worker_cli.local import server
    from otel_worker_cli.local.folder import default_database
    from otel_worker_cli.local.own_pages import is_loopback

    token = (token or "").strip()
    if not token and not is_loopback(host):
        raise ToolingError(
            f"On {host} the collector can be reached by others, so it needs a token.",
            remedy="Set OTEL_WORKER_TOKEN to a long random text, such as one of: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    path = None if memory else (database or default_database()).absolute()
    variables = {**os.environ, "AUTH_TOKEN": token}
    try:
        settings = read_settings(variables.get)
    except NotConfigured as error:
        raise ToolingError(f"{error}.") from error

    def say_ready(addresses: Addresses) -> None:
        click.echo(_usage(addresses, path, bool(token), time.perf_counter() - started))

    options = server.ServeOptions(host, port, None if no_grpc else grpc_port, path, settings)
    server.serve(options, say_ready)


def _usage(addresses: Addresses, database: Path | None, has_token: bool, seconds: float) -> str:
    """Return what a person copies to send to this collector and to read from it."""
    lines = [
        "",
        f"The collector listens on {addresses.url} after {seconds:.2f} s",
        *([f"OTLP/gRPC: {addresses.grpc}"] if addresses.grpc else []),
        f"Data: {database or 'in memory, gone when it ends'}",
        "",
        "Send to it with any OpenTelemetry SDK:",
        f"  export OTEL_EXPORTER_OTLP_ENDPOINT={addresses.url}",
        "  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ]
    authorization = ""
    if has_token:
        lines.append('  export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20<the token>"')
        authorization = '-H "Authorization: Bearer <the token>" '
    else:
        lines.append("  export OTEL_EXPORTER_OTLP_HEADERS=   # programs of this machine need no token")
    lines += [
        "",
        f"See the traces in a browser: {addresses.url}/",
        "",
        "List traces:",
        f"  curl {authorization}{addresses.url}/v1/traces",
        "",
        f"Watch live: {addresses.url.replace('http', 'ws', 1)}/api/ws",
        "",
        "Ctrl-C ends it" + ("; the data stays." if database else "."),
        "",
    ]
    return "\n".join(lines)
