"""The soak: writers against a collector that is killed again and again; then every span is counted.

docs/soak.md says what is done and what was found.
"""
