"""The `otel-worker` command: puts the commands together and reports failures."""

from __future__ import annotations

from typing import Any

import click

from otel_worker import __version__
from otel_worker_cli.commands.catalog import services, stats
from otel_worker_cli.commands.completion import completion
from otel_worker_cli.commands.development import dev
from otel_worker_cli.commands.manual import manual
from otel_worker_cli.commands.send import send
from otel_worker_cli.commands.serve import serve
from otel_worker_cli.commands.spans import spans
from otel_worker_cli.commands.system import system
from otel_worker_cli.commands.tail import tail
from otel_worker_cli.commands.toolchain import npm, setup, wrangler
from otel_worker_cli.commands.traces import traces
from otel_worker_cli.commands.traces_export import export_traces
from otel_worker_cli.commands.traces_import import import_traces
from otel_worker_cli.commands.ws import ws
from otel_worker_cli.runtime.failures import ToolingError


class ReportingGroup(click.Group):
    """Shows what a person has to act on as a message, not as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ToolingError as failure:
            raise click.ClickException(str(failure)) from failure


@click.group(cls=ReportingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="otel-worker")
def main() -> None:
    """Run and use an OpenTelemetry collector on Cloudflare's edge."""


for command in (setup, dev, serve, wrangler, npm):
    main.add_command(command)

traces.add_command(export_traces)
traces.add_command(import_traces)
for command in (traces, spans, services, stats, tail, send, ws, system, completion, manual):
    main.add_command(command)
