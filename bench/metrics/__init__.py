"""Measures metrics: what pushes cost, straight and by the gateway, and whether the sums are exact."""
