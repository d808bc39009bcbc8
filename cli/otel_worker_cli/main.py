"""The `otel-worker` command: the table of all commands, and how failures are reported."""

from __future__ import annotations

from typing import Any

import click

from otel_worker import __version__
from otel_worker_cli.commands.lazy import LazyCommand, LazyGroup
from otel_worker_cli.runtime.failures import ToolingError

# Name, module and attribute in the package `commands`, and the first sentence of the command's own help. A
# module is imported when its command runs.
COMMANDS = [
    (
        "completion",
        "completion:completion",
        "Write the script that completes commands and options in a SHELL.",
    ),
    (
        "dependencies",
        "dependencies:dependencies",
        "Show which services call which, how often, and how long that takes.",
    ),
    ("deploy", "deploy:deploy", "Deploy the collector to Cloudflare, from a checkout."),
    ("dev", "development:dev", "Run the collector on this machine until Ctrl-C; what it stores is kept."),
    (
        "mcp",
        "mcp:mcp",
        "Let language models read a collector's traces: an MCP server over stdin and stdout, or over HTTP.",
    ),
    ("send", "send:send", "Send a sample trace as an exporter does, and wait until the collector lists it."),
    ("serve", "serve:serve", "Run a collector in this process until Ctrl-C; what it stores is kept."),
    (
        "services",
        "catalog:services",
        "List the services that sent spans; of one SERVICE, the names of its spans.",
    ),
    ("setup", "toolchain:setup", "Install and pack everything that the Worker needs on this machine."),
    ("spans", "spans:spans", "List, show and delete the spans of a trace."),
    ("stats", "catalog:stats", "Show how much is stored, who watches, and what the database was asked for."),
    ("system", "system:system", "Look after a collector's database."),
    ("tail", "tail:tail", "Watch traces live, until Ctrl-C."),
    ("traces", "traces:traces", "List, show, delete, export and import traces."),
    (
        "wrangler",
        "toolchain:wrangler",
        "Run the pinned wrangler, with the pinned Node.js and without telemetry.",
    ),
    ("ws", "ws:ws", "Talk to GET /api/ws: lines of stdin become messages, frames become lines of stdout."),
]
HIDDEN_COMMANDS = [
    ("manual", "manual:manual", "Write docs/cli.md to stdout."),
    ("npm", "toolchain:npm", "Run the npm of the pinned Node.js; `make lock` needs it."),
]


class ReportingGroup(LazyGroup):
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


for name, place, summary in COMMANDS:
    main.add_command(LazyCommand(name, place, summary))
for name, place, summary in HIDDEN_COMMANDS:
    main.add_command(LazyCommand(name, place, summary, hidden=True))
