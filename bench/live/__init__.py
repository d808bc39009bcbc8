"""Measures the live view: what an announcement takes to its watchers, and what it costs."""
