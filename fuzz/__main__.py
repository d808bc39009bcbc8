"""The command line of the fuzzer."""

from __future__ import annotations

import platform
import time

import click

from fuzz.http_run import Target, run_over_http
from fuzz.inputs import METRICS, TRACES
from fuzz.local_run import run_in_processes
from fuzz.tally import Tally

_PROGRESS_SECONDS = 5.0


@click.command()
@click.option("--inputs", "input_count", type=click.IntRange(1), default=1_000_000, show_default=True)
@click.option("--signal", type=click.Choice([TRACES, METRICS]), default=TRACES, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same inputs.")
@click.option("--start", type=click.IntRange(0), default=0, help="The number of the first input.")
@click.option("--processes", "process_count", type=click.IntRange(1), default=2, show_default=True)
@click.option("--url", help="Send the inputs to this running collector instead, which keeps what it accepts.")
@click.option("--token", default="", help="The collector's token, with --url.")
@click.option("--connections", "connection_count", type=click.IntRange(1), default=4, show_default=True)
def main(
    input_count: int,
    signal: str,
    seed: int,
    start: int,
    process_count: int,
    url: str | None,
    token: str,
    connection_count: int,
) -> None:
    """Give the collector hostile request bodies; exit code 1 when one of them breaks the invariant."""
    started = time.monotonic()
    last_shown = started

    def show_progress(tally: Tally) -> None:
        nonlocal last_shown
        now = time.monotonic()
        if now - last_shown >= _PROGRESS_SECONDS:
            last_shown = now
            rate = tally.input_count / (now - started)
            click.echo(
                f"  {now - started:6.1f} s  {tally.input_count:,} of {input_count:,} inputs, "
                f"{rate:,.0f} a second, {tally.failure_count} failed",
                err=True,
            )

    if url is not None and signal != TRACES:
        raise click.UsageError("over HTTP there are traces only")
    if url is None:
        tally = run_in_processes(seed, start, input_count, process_count, show_progress, signal)
    else:
        tally = run_over_http(Target(url, token), seed, start, input_count, connection_count, show_progress)
    click.echo(f"{tally.table()}\n")
    for report in tally.reports:
        click.echo(f"{report}\n")
    click.echo(
        f"seed {seed}, {tally.input_count:,} inputs from number {start}, {tally.failure_count} failed, "
        f"{time.monotonic() - started:.0f} s, Python {platform.python_version()}"
    )
    if tally.failure_count:
        raise SystemExit(1)


if __name__ == "__main__":
    main(prog_name="python -m fuzz")
