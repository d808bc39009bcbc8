"""`otel-worker system database path|migrate|delete`: the file of `otel-worker serve`, and D1's migrations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from otel_worker_cli.commands.client_command import output_command
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode
from otel_worker_cli.local.database import delete_database, migrate_database
from otel_worker_cli.local.folder import default_database
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_size
from otel_worker_cli.terminal.screen import Screen

_REMEDY = "Nothing was changed. A server that runs has to end first; --database chooses another file."

_database_option = click.option(
    "--database",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="SQLite file of the local server.  [default: that of `otel-worker serve`]",
)


@click.group()
def database() -> None:
    """Find, migrate and delete a database."""


@database.command("path")
@_database_option
@output_command
def show_path(screen: Screen, path: Path | None) -> None:
    """Show where the database of `otel-worker serve` is; the exit code is 1 unless it is there."""
    path = _chosen(path)
    size_bytes = _size_bytes(path)
    if screen.for_people:
        screen.show(visible(str(path)))
    else:
        screen.write_document({"path": str(path), "bytes": size_bytes})
    if size_bytes is None:
        if screen.for_people:
            screen.note("There is no such file yet; `otel-worker serve` makes it.")
        raise click.exceptions.Exit(ExitCode.NOT_FOUND)


@database.command()
@_database_option
@click.option(
    "--remote", is_flag=True, help="Those of wrangler.toml on Cloudflare instead, through wrangler."
)
@output_command
def migrate(screen: Screen, path: Path | None, remote: bool) -> None:
    """Apply the migrations that a database lacks; `otel-worker serve` does so when it starts.

    With --remote it is the migrations' part of `otel-worker deploy`, from a checkout.
    """
    if remote and path is not None:
        raise click.UsageError("--remote and --database exclude each other.")
    if remote:
        _migrate_remote(screen)
        return
    path = _existing(path)
    with _told_as_file():
        applied = migrate_database(path)
    if not screen.for_people:
        screen.write_document({"path": str(path), "applied": applied})
        return
    for name in applied:
        screen.show(f"Applied {name}")
    screen.show(f"{visible(str(path))} has all migrations.")


@database.command()
@_database_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_command
def delete(screen: Screen, path: Path | None, yes: bool) -> None:
    """Delete the database of `otel-worker serve` with everything in it."""
    path = _existing(path)
    if not yes:
        if not sys.stdin.isatty():
            raise CommandFailure(ExitCode.USAGE, f"this deletes {path} for good", "Say so with --yes.")
        size = format_size(_size_bytes(path) or 0)
        click.confirm(f"Delete {visible(str(path))}, {size}, for good?", abort=True, err=True)
    with _told_as_file():
        delete_database(path)
    if screen.for_people:
        screen.show(f"Deleted {visible(str(path))}")
    else:
        screen.write_document({"path": str(path), "deleted": True})


def _migrate_remote(screen: Screen) -> None:
    # A local database needs nothing of this.
    from otel_worker_cli.commands.deploy import ready_wrangler
    from otel_worker_cli.deploy.plan import Deployment, Step, carry_out
    from otel_worker_cli.deploy.steps import LoginStep, MigrationsStep

    deployment = Deployment(*ready_wrangler(), token="")
    for configured in deployment.config.databases:
        if not configured.database_id:
            raise ToolingError(
                f"{deployment.config_path.name} has no id of the database {configured.name}.",
                remedy="`otel-worker deploy` creates it, and writes its id there.",
            )
        steps: list[Step] = [LoginStep(), MigrationsStep(configured.binding)]
        for outcome in carry_out(steps, deployment, only_looks=False, waiting=lambda _: nullcontext()):
            words = outcome.did or outcome.finding.words
            if screen.for_people:
                screen.show(f"{outcome.title}: {visible(words)}")
            else:
                screen.write_document({"step": outcome.title, "result": words})


def _chosen(path: Path | None) -> Path:
    return (path or default_database()).absolute()


def _existing(path: Path | None) -> Path:
    path = _chosen(path)
    if not path.is_file():
        raise CommandFailure(
            ExitCode.NOT_FOUND, f"there is no database {path}", "`otel-worker serve` makes it when it starts."
        )
    return path


def _size_bytes(path: Path) -> int | None:
    """Return the size of a database with what is still in its journal; None: there is none."""
    if not path.is_file():
        return None
    journal = Path(f"{path}-wal")
    return path.stat().st_size + (journal.stat().st_size if journal.is_file() else 0)


@contextmanager
def _told_as_file() -> Iterator[None]:
    """Say of a failure that it is the file's."""
    try:
        yield
    except ToolingError as failure:
        problem = " ".join(part for part in (failure.problem, failure.detail) if part)
        raise CommandFailure(ExitCode.FILE, problem, _REMEDY) from failure
