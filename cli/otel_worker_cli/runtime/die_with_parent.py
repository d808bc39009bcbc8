"""Replaces itself by a command that the kernel ends when the starting process is gone.

    python die_with_parent.py TERM|KILL COMMAND ARGUMENT...

Even a parent that was killed without a chance to clean up leaves nothing behind. Linux only; elsewhere
the command is run as it is. Standard library only, run as a script.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h. The setting survives exec."""


def main() -> None:
    signal_name, *command = sys.argv[1:]
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[f"SIG{signal_name}"], 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was asked
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - its purpose


if __name__ == "__main__":
    main()
