"""Sets up and runs the real Workers runtime on this machine, from pinned packages only."""
