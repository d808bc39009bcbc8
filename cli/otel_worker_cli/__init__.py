"""The `otel-worker` command: everything that runs on a developer's machine and never in the Worker."""
