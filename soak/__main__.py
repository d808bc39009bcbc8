"""The command line of the soak."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click

from otel_worker_cli.runtime.project import this_checkout
from soak.run import Plan, Result, soak


@click.command()
@click.option("--kills", type=click.IntRange(1), default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of sizes and delays.")
@click.option("--writers", type=click.IntRange(1), default=4, show_default=True)
@click.option("--minutes", type=float, default=60.0, show_default=True, help="Kill no more after this.")
def main(kills: int, seed: int, writers: int, minutes: float) -> None:
    """Kill the collector while it stores; exit code 1 unless every acknowledged span is there, once."""
    started = time.monotonic()
    plan = Plan(kills, seed, minutes * 60, writers)
    click.echo(f"seed {seed}, {kills} kills, {writers} writers", err=True)

    def show_progress(text: str) -> None:
        click.echo(f"  {time.monotonic() - started:7.1f} s  {text}", err=True)

    with tempfile.TemporaryDirectory(prefix="otel-worker-soak-") as folder:
        result = soak(plan, Path(folder), this_checkout(), show_progress)
    click.echo(render(result, plan))
    if not result.is_clean:
        raise SystemExit(1)


def render(result: Result, plan: Plan) -> str:
    """Return the counts as a Markdown table, and below it what is wrong."""
    findings = result.findings
    rows: dict[str, int] = {
        "kills of workerd": result.kills_of_the_runtime,
        "kills of wrangler and workerd": result.kills_of_everything,
        **dict(sorted(result.events.items(), key=lambda item: (item[0] != "requests", item[0]))),
        "exports acknowledged": result.acknowledged_requests,
        "exports given up": result.given_up,
        "spans acknowledged": result.acknowledged_spans,
        "of them found once": findings.once,
        "missing": findings.missing,
        "found twice": findings.repeated,
        "blocks": findings.blocks,
        "traces read over HTTP": result.read_over_http,
    }
    lines = ["| | |", "|---|---:|", *(f"| {name} | {count:,} |" for name, count in rows.items()), ""]
    lines += [*findings.problems, *result.problems]
    lines.append(
        f"seed {plan.seed}, {result.kills} kills, {result.seconds:.0f} s, "
        f"{findings.size_bytes / 1e6:.0f} MB: {'clean' if result.is_clean else 'NOT CLEAN'}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main(prog_name="python -m soak")
