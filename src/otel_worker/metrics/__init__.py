"""Metrics of many requests summed up, and passed on to Prometheus."""
