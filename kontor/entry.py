"""The way in. Nothing is imported before Ctrl-C has been seen to: until the command runs it ends the process."""

from __future__ import annotations

import signal


def main() -> None:
    """Exit codes: 0 good, 1 failed, 2 wrong use, 130 interrupted."""
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so in the background of a shell
    if interruptible:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from kontor.cli import main as run

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
