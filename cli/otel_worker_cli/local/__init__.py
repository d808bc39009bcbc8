"""The collector in one process on this machine: `otel-worker serve`, with nothing of Cloudflare in it."""
