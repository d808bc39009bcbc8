"""The command line of the measurements."""

from __future__ import annotations

import sys

import click

from bench.ingest import decoders, end_to_end, memory
from bench.ingest.progress import say
from bench.report import replace_section
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.setup import set_up

PARTS = {"decoders": decoders.measure, "end-to-end": end_to_end.measure, "memory": memory.measure}
QUICK_PARTS = ("decoders", "end-to-end")


@click.group()
def main() -> None:
    """Measure the collector on this machine."""


@main.command()
@click.option(
    "--quick",
    is_flag=True,
    help="A first look in about a minute, without memory; docs/performance.md is left alone.",
)
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="Only these parts.")
def ingest(quick: bool, parts: tuple[str, ...]) -> None:
    """What an export request costs, next to a trivial Worker and to a straightforward port."""
    if sys.platform != "linux":
        raise click.ClickException("CPU time and memory are read from /proc, so this needs Linux.")
    checkout = this_checkout()
    page = checkout.root / "docs" / "performance.md"
    try:
        set_up(checkout)
        for name in parts or (QUICK_PARTS if quick else PARTS):
            say(f"{name}:")
            text = PARTS[name](checkout, quick)
            click.echo(f"\n{text}\n")
            if not quick:
                replace_section(page, name, text)
    except ToolingError as failure:
        raise click.ClickException(str(failure)) from failure


if __name__ == "__main__":
    main(prog_name="python -m bench")
