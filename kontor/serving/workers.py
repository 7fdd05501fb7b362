"""Several processes on one port and one data folder. A worker that dies is started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from kontor import console
from kontor.serving.running import INHERITED
from kontor.watching.ownmetrics import NUMBER

RESTART_PAUSE_S = 1.0


def supervise(listening: socket.socket, count: int) -> None:
    """Runs until SIGINT or SIGTERM, which every worker gets; ends when the last has finished."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for worker in workers:
            worker.send_signal(signal.SIGTERM)

    workers: list[subprocess.Popen[bytes]] = [_start(listening, number) for number in range(count)]
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while not stopping:
        time.sleep(0.2)
        for i, worker in enumerate(workers):
            if worker.poll() is not None and not stopping:
                ended = f"worker {worker.pid} ended with {worker.returncode}; starting another"
                console.tell("kontor", "worker_ended", ended, worker=worker.pid, code=worker.returncode)
                time.sleep(RESTART_PAUSE_S)
                workers[i] = _start(listening, i)
    for worker in workers:
        worker.wait()


def _start(listening: socket.socket, number: int) -> subprocess.Popen[bytes]:
    descriptor = listening.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "kontor", *sys.argv[1:]],
        env={**os.environ, INHERITED: str(descriptor), NUMBER: str(number)},
        pass_fds=[descriptor],
        start_new_session=True,  # Ctrl-C reaches the supervisor, which passes it on in its own way
    )
