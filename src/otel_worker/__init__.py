"""An OpenTelemetry collector and trace store: a platform-free core with a thin Cloudflare adapter."""

__version__ = "0.1.0"
