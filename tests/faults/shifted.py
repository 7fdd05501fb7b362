"""The ``kontor`` command on a machine whose clock jumps: ``python -m tests.faults.shifted FILE serve write``.

The file says by how many seconds the wall clock is wrong at present. Clocks that count on, for timeouts, are right.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

WRONG_BY = Path(sys.argv.pop(1))
_time, _time_ns = time.time, time.time_ns


def seconds() -> int:
    return int(WRONG_BY.read_text() or 0)


# Before anything takes them as a default.
time.time = lambda: _time() + seconds()
time.time_ns = lambda: _time_ns() + seconds() * 1_000_000_000

if __name__ == "__main__":
    from kontor.cli import main

    main()
