"""OTLP as pure functions: bytes in, model out, model back to OTLP; no await and no I/O."""
