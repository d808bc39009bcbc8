"""The command line of the measurements."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

import click

from bench.cost import measurement as cost_measurement
from bench.ingest import decoders, end_to_end, memory
from bench.ingest.progress import say
from bench.live import measurement as live_measurement
from bench.metrics import measurement as metrics_measurement
from bench.page import measurement as page_measurement
from bench.peers import measurement as peers_measurement
from bench.report import replace_section
from bench.search import measurement as search_measurement
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout, this_checkout
from otel_worker_cli.runtime.setup import set_up

# Each one returns its tables; quickly means a first look.
Measure = Callable[[Checkout, bool], str]

INGEST: Mapping[str, Measure] = {
    "decoders": decoders.measure,
    "end-to-end": end_to_end.measure,
    "memory": memory.measure,
}
QUICK_INGEST = ("decoders", "end-to-end")
SEARCH: Mapping[str, Measure] = {"search": search_measurement.measure}
COST: Mapping[str, Measure] = {"cost": cost_measurement.measure}
LIVE: Mapping[str, Measure] = {"live": live_measurement.measure}
METRICS: Mapping[str, Measure] = {"metrics": metrics_measurement.measure}
PAGE: Mapping[str, Measure] = {"page": page_measurement.measure}
PEERS: Mapping[str, Measure] = {"peers": peers_measurement.measure}


@click.group()
def main() -> None:
    """Measure the collector on this machine."""


@main.command()
@click.option(
    "--quick",
    is_flag=True,
    help="A first look in about a minute, without memory; docs/performance.md is left alone.",
)
@click.option("--part", "parts", type=click.Choice(list(INGEST)), multiple=True, help="Only these parts.")
def ingest(quick: bool, parts: tuple[str, ...]) -> None:
    """What an export request costs, next to a trivial Worker and to a straightforward port."""
    _run(INGEST, parts or (QUICK_INGEST if quick else INGEST), "performance.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="The small database only; docs/performance.md is left alone.")
def search(quick: bool) -> None:
    """What lists, searches and traces cost to read, in databases of up to a million spans."""
    _run(SEARCH, SEARCH, "performance.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="Few requests; docs/scaling.md is left alone.")
def cost(quick: bool) -> None:
    """What a million spans cost on Cloudflare."""
    _run(COST, COST, "scaling.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="Four seconds a case; docs/performance.md is left alone.")
def live(quick: bool) -> None:
    """What watching live takes and costs, with up to a thousand watchers."""
    _run(LIVE, LIVE, "performance.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="A tenth of the requests; docs/performance.md is left alone.")
def metrics(quick: bool) -> None:
    """What metrics cost a Worker, and what the gateway spares Prometheus."""
    _run(METRICS, METRICS, "performance.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="Two short rounds; docs/performance.md is left alone.")
def peers(quick: bool) -> None:
    """What taking in spans costs `otel-worker serve`, beside Arize Phoenix."""
    _run(PEERS, PEERS, "performance.md", quick)


@main.command()
@click.option("--quick", is_flag=True, help="One round of each; docs/performance.md is left alone.")
def page(quick: bool) -> None:
    """How fast the page shows a large trace, how smoothly it moves, what it keeps and what it weighs."""
    _run(PAGE, PAGE, "performance.md", quick)


def _run(measures: Mapping[str, Measure], names: Iterable[str], page: str, quick: bool) -> None:
    """Measure and show; unless it is only a first look, write the sections of a page in docs."""
    if sys.platform != "linux":
        raise click.ClickException("CPU time and memory are read from /proc, so this needs Linux.")
    try:
        checkout = this_checkout()
        set_up(checkout)
        for name in names:
            say(f"{name}:")
            text = measures[name](checkout, quick)
            click.echo(f"\n{text}\n")
            if not quick:
                replace_section(checkout.root / "docs" / page, name, text)
    except ToolingError as failure:
        raise click.ClickException(str(failure)) from failure


if __name__ == "__main__":
    main(prog_name="python -m bench")
