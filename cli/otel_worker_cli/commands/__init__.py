"""The commands of `otel-worker`, one module for each group that belongs together."""
