"""`otel-worker mcp`: a collector's traces for language models, over the Model Context Protocol."""

from __future__ import annotations

import asyncio
import sys

import click

from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode
from otel_worker_cli.profile import DEFAULT_URL, ProfileError, Target, find_target
from otel_worker_cli.runtime.failures import ToolingError

TOKEN_VARIABLE = "OTEL_WORKER_MCP_TOKEN"  # noqa: S105 - the name of a variable


@click.command()
@click.option("--http", "over_http", is_flag=True, help="Serve streamable HTTP, instead of stdin and stdout.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on with --http. One that others can reach needs --http-token.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8811,
    show_default=True,
    help="Port to listen on with --http; 0: any.",
)
@click.option(
    "--http-token",
    metavar="TOKEN",
    envvar=TOKEN_VARIABLE,
    help=f"Ask for this token with --http.  [env: {TOKEN_VARIABLE}]",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="Answer to this name too with --http, as behind a proxy. Can be repeated.",
)
@click.option(
    "--url",
    metavar="URL",
    help=f"Address of the collector.  [env: OTEL_WORKER_URL; default: {DEFAULT_URL}]",
)
@click.option("--token", metavar="TOKEN", help="Its token.  [env: OTEL_WORKER_TOKEN]")
@click.option("--profile", metavar="NAME", help="Both from the config file.  [env: OTEL_WORKER_PROFILE]")
def mcp(
    over_http: bool,
    host: str,
    port: int,
    http_token: str | None,
    allowed_hosts: tuple[str, ...],
    url: str | None,
    token: str | None,
    profile: str | None,
) -> None:
    """Let language models read a collector's traces: an MCP server over stdin and stdout, or over HTTP.

    An MCP client starts it; docs/mcp.md says how. It only reads. With --http everybody who can connect reads
    with the collector's token, unless --http-token is given.
    """
    try:
        target = find_target(url, token, profile)
    except ProfileError as error:
        raise CommandFailure(ExitCode.USAGE, str(error)) from error
    try:
        if over_http:
            _serve_http(target, host, port, (http_token or "").strip(), allowed_hosts)
        else:
            _serve_stdio(target)
    except KeyboardInterrupt:
        # The way to end it.
        return


def _serve_http(
    target: Target, host: str, port: int, http_token: str, allowed_hosts: tuple[str, ...]
) -> None:
    # Here, so that the other commands need not wait for them.
    from otel_worker_cli.local.own_pages import is_loopback
    from otel_worker_cli.mcp.http import serve_http

    if not http_token and not is_loopback(host):
        raise ToolingError(
            f"On {host} the MCP server can be reached by others, so it needs a token of its own.",
            remedy=f"Set {TOKEN_VARIABLE} to a long random text, such as one of: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )

    def say_ready(address: str) -> None:
        click.echo(f"The MCP server listens on {address} and reads from {target.url}", err=True)

    serve_http(target, host, port, http_token, allowed_hosts, say_ready)


def _serve_stdio(target: Target) -> None:
    # Here, so that the other commands need not wait for them.
    from otel_worker_cli.client import Client
    from otel_worker_cli.mcp.server import build_server

    if sys.stdin.isatty():
        click.echo(
            "This is for an MCP client, which starts it and talks to it over stdin: see docs/mcp.md. "
            "Ctrl-C and Enter end it.",
            err=True,
        )

    async def serve() -> None:
        async with Client(target.url, target.token) as client:
            await build_server(client).run_stdio_async()

    asyncio.run(serve())
