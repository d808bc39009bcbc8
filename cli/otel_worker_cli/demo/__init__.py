"""The sample data of `otel-worker send --demo`: a small web shop, played through a real exporter."""
