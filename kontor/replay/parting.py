"""A long stretch of the log, folded by several processes: each has some of the streams, and one of them tells of all.

How far a projection is noted to be is how far the slowest is, so whoever goes on after a kill, by however many
processes, begins there: rows that are further take in no event twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

import msgspec

from kontor.replay.part import Progress, Work
from streams.history.replaying import Part

END_S = 10.0
"""A process that was left alone has so long to end by itself."""


class PartFailed(Exception):
    """One of the processes did not come through. What was folded stays."""


class Parting:
    def __init__(self, work: Work, jobs: int, reach: Mapping[str, Callable[[int], None]]) -> None:
        """``work`` is that of any part; ``reach`` notes how far a projection is, by its name."""
        self.position = min(work.positions.values())
        self.rows = 0
        self._work = work
        self._jobs = jobs
        self._reach = reach
        self._noted = dict(work.positions)
        self._heard: SimpleQueue[tuple[int, Progress | None]] = SimpleQueue()
        self.processes: list[subprocess.Popen[bytes]] = []

    def fold(self) -> Iterator[int]:
        """How far all are, whenever one says something. Raises PartFailed. No process is left when it ends, however it
        does."""
        progress: dict[int, Progress] = {}
        try:
            for number in range(self._jobs):
                self._start(Part(number, self._jobs))
            ended = 0
            while ended < self._jobs:
                number, one = self._heard.get()
                if one is None:
                    self._check(number, progress.get(number))
                    ended += 1
                    continue
                if one.failed:
                    raise PartFailed(f"{one.failed}; what was folded stays, try again")
                progress[number] = one
                if len(progress) == self._jobs:
                    self._note(progress)
                    yield self.position
        finally:
            self._end()

    def _start(self, part: Part) -> None:
        hear, say = os.pipe()
        command = [sys.executable, "-m", "kontor.replay.part", str(say)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=2,  # nobody but this process tells how the replay comes on
            pass_fds=[say],
            start_new_session=True,  # Ctrl-C reaches this process, which ends the others
        )
        os.close(say)
        self.processes.append(process)
        Thread(target=self._listen, args=(part.number, hear), daemon=True).start()
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # one that has ended already is heard of otherwise
            process.stdin.write(msgspec.json.encode(msgspec.structs.replace(self._work, part=part)) + b"\n")
            process.stdin.flush()

    def _listen(self, number: int, hear: int) -> None:
        with os.fdopen(hear, "rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    self._heard.put((number, msgspec.json.decode(line, type=Progress)))
        self._heard.put((number, None))

    def _check(self, number: int, last: Progress | None) -> None:
        code = self.processes[number].wait()
        if code or last is None or last.position < self._work.upto:
            raise PartFailed(f"one of the processes that fold ended with {code}; what was folded stays, try again")

    def _note(self, progress: Mapping[int, Progress]) -> None:
        self.position = min(one.position for one in progress.values())
        self.rows = sum(one.rows for one in progress.values())
        for name, noted in self._noted.items():
            written = min(one.written.get(name, 0) for one in progress.values())
            if written > noted:
                self._reach[name](written)
                self._noted[name] = written

    def _end(self) -> None:
        for process in self.processes:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
        for process in self.processes:
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
