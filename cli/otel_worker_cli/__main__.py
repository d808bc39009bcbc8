"""Lets `python -m otel_worker_cli` stand for the `otel-worker` command."""

from __future__ import annotations

from otel_worker_cli.main import main

if __name__ == "__main__":
    main()
