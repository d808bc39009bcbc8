"""`otel-worker deploy`: from a checkout to a collector on Cloudflare that has stored a trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from otel_worker_cli.commands.client_command import output_command
from otel_worker_cli.deploy.access import checked_token
from otel_worker_cli.deploy.plan import Deployment, Outcome, State, carry_out
from otel_worker_cli.deploy.steps import deploy_steps
from otel_worker_cli.deploy.wrangler import Wrangler
from otel_worker_cli.runtime.node import wrangler_command, wrangler_environment
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.setup import set_up
from otel_worker_cli.runtime.workerd import workerd_wrapper
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.progress import shown_progress
from otel_worker_cli.terminal.screen import JSON, JSON_LINES, Screen

_TITLE_COLUMNS = 16


@click.command()
@click.option("--dry-run", is_flag=True, help="Look, and show what each step would run; change nothing.")
@click.option("--new-token", is_flag=True, help="Set another AUTH_TOKEN, also where one is set.")
@click.option(
    "--token",
    # Not OTEL_WORKER_TOKEN: the token of a collector on this machine would become that of production.
    envvar="AUTH_TOKEN",
    metavar="TOKEN",
    help="AUTH_TOKEN: to set, or as it is set.  [env: AUTH_TOKEN; default: ask, or a random one]",
)
@click.option(
    "--url", metavar="URL", help="Address of the Worker, where it has routes and wrangler cannot tell it."
)
@output_command
def deploy(screen: Screen, dry_run: bool, new_token: bool, token: str | None, url: str | None) -> None:
    """Deploy the collector to Cloudflare, from a checkout.

    Each step looks first whether it is done: login, database and its id in wrangler.toml, migrations, Worker,
    token, test trace. The first that fails ends it; run again, it goes on there. docs/deploy.md has the rest.
    """
    deployment = Deployment(
        *ready_wrangler(),
        checked_token(token or ""),
        replaces_token=new_token,
        asks=_ask if screen.for_people and sys.stdin.isatty() else None,
        shows_token=lambda made: screen.note(_shown_once(made)) if screen.for_people else None,
        url=(url or "").rstrip("/"),
    )
    outcomes: list[Outcome] = []
    try:
        for outcome in _carried_out(screen, deployment, dry_run):
            outcomes.append(outcome)
            _show(screen, outcome)
    finally:
        # Also when a step has failed: a random token that was set is told here only.
        if screen.form == JSON:
            screen.write_document(
                {"steps": [_rendered(outcome) for outcome in outcomes], **_result(deployment)}
            )
        elif screen.form == JSON_LINES:
            screen.write_document(_result(deployment))
    if screen.for_people:
        screen.show("\nNothing was changed." if dry_run else _usage(deployment))


def ready_wrangler() -> tuple[Wrangler, Path]:
    """Return the pinned wrangler, set up, and the wrangler.toml of this checkout; raises ToolingError."""
    checkout = this_checkout()
    set_up(checkout)
    environment = {**wrangler_environment(), "MINIFLARE_WORKERD_PATH": str(workerd_wrapper(checkout))}
    wrangler = Wrangler(wrangler_command(checkout), checkout.root, environment)
    return wrangler, checkout.wrangler_config


def _carried_out(screen: Screen, deployment: Deployment, only_looks: bool) -> Iterator[Outcome]:
    @contextmanager
    def waiting(title: str) -> Iterator[None]:
        with shown_progress(screen, title, None):
            yield

    steps = deploy_steps(deployment.config)
    return carry_out(steps, deployment, only_looks=only_looks, waiting=waiting)


def _shown_once(token: str) -> str:
    return f"\nThe token of this collector, shown in this run only:\n\n  {token}\n"


def _ask(question: str) -> str:
    return str(click.prompt(question, default="", hide_input=True, show_default=False, err=True))


def _show(screen: Screen, outcome: Outcome) -> None:
    if screen.form == JSON_LINES:
        screen.write_document(_rendered(outcome))
    if not screen.for_people:
        return
    screen.show(f"{outcome.title:<{_TITLE_COLUMNS}}{visible(outcome.did or outcome.finding.words)}")
    if not outcome.did:
        for command in outcome.finding.commands:
            screen.show(f"{'':<{_TITLE_COLUMNS}}would run: {visible(command)}")


def _rendered(outcome: Outcome) -> dict[str, Any]:
    return {
        "step": outcome.title,
        "state": State.DONE.value if outcome.did else outcome.finding.state.value,
        "found": outcome.finding.words,
        "did": outcome.did or None,
        "commands": list(outcome.finding.commands),
    }


def _result(deployment: Deployment) -> dict[str, Any]:
    return {
        "url": deployment.url or None,
        "token": deployment.token if deployment.is_token_made else None,
        "traceId": deployment.trace_id or None,
    }


def _usage(deployment: Deployment) -> str:
    """Return what a person copies to send to this collector and to read from it."""
    url = deployment.url or "<the address of the Worker>"
    # OpenTelemetry SDKs decode header values of the environment as URLs do.
    token = quote(deployment.token, safe="") if deployment.is_token_made else "<the token>"
    lines: Sequence[str] = [
        "",
        "Send to it with any OpenTelemetry SDK:",
        f"  export OTEL_EXPORTER_OTLP_ENDPOINT={url}",
        f"  export OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer%20{token}'",
        "  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        "",
        f"Its page: {url}/",
    ]
    return "\n".join(lines)
