"""What taking in spans costs the native server, and another collector that one would run in its place."""
