"""Measurements: `make bench`, or `python -m bench`; what they found is in docs/performance.md."""
