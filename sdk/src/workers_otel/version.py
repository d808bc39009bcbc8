"""The version of the package, which is also that of its telemetry scope."""

VERSION = "0.1.0"
__version__ = VERSION
