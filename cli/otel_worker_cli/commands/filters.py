"""The filters of GET /v1/traces as options of a command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from otel_worker_cli.client.pages import MAX_PAGE_TRACES, Parameters

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_LIMIT = 20

_OPTIONS = (
    click.option("--service", metavar="NAME", default="", help="Traces with a span of this service."),
    click.option("--name", metavar="NAME", default="", help="Traces with a span of exactly this name."),
    click.option("--errors", is_flag=True, help="Traces with a span that failed."),
    click.option(
        "--attr", metavar="CONDITION", multiple=True,
        help="Traces with an attribute: 'http.route=/cart', 'code >= 500', 'key exists'. Can be repeated.",
    ),
    click.option("--min-duration", metavar="TIME", default="", help="Traces that took so long: 250ms."),
    click.option("--max-duration", metavar="TIME", default="", help="Traces that took no longer."),
    click.option(
        "--start", metavar="TIME", default="", help="Traces that began then or later: RFC 3339 or Unix ns."
    ),
    click.option("--end", metavar="TIME", default="", help="Traces that began then or earlier."),
)  # fmt: skip


def trace_filters(command: Command) -> Command:
    """Give a command the filters; it gets them as `filters`, the parameters of the API."""

    @functools.wraps(command)
    def invoke(*args: Any, **options: Any) -> Any:
        asked = {
            "service": options.pop("service"),
            "name": options.pop("name"),
            "status": "error" if options.pop("errors") else "",
            "minDuration": options.pop("min_duration"),
            "maxDuration": options.pop("max_duration"),
            "start": options.pop("start"),
            "end": options.pop("end"),
        }
        filters = [(name, value) for name, value in asked.items() if value]
        filters += [("attr", condition) for condition in options.pop("attr")]
        return command(*args, filters=filters, **options)

    decorated: Any = invoke
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return] # click keeps the function


def page_parameters(filters: Parameters, limit: int | None, page: int = MAX_PAGE_TRACES) -> Parameters:
    """Return the filters with the size of a page: no larger than what is wanted at all."""
    return [*filters, ("limit", str(page if limit is None else min(limit, page)))]
