"""Progress on standard error, so that what is measured can be piped on."""

from __future__ import annotations

import time

import click

_started = time.monotonic()


def say(text: str) -> None:
    """Show one line with the time since the start."""
    click.echo(f"  {time.monotonic() - _started:6.1f} s  {text}", err=True)
