"""Looks at the views in the middle of a life: what is under way then leaves no row behind by the end.

They come between any two steps, at instants of their own, and change nothing: a seed is the same with and without them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from random import Random

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from kontor.simulation import ending
from kontor.simulation.process import Process
from kontor.simulation.topic import Feeding
from kontor.simulation.violation import Verdict

LOOKS = 5
"""In each life, at steps drawn from all of those in which there is trouble."""


class Looks:
    """Looks at something a few times in a life, at steps that the seed decides."""

    def __init__(self, chance: Random, steps: int, look: Callable[[], bool]) -> None:
        """``look`` tells whether there was anything to look at; otherwise it is asked again after the next step."""
        self._due = sorted((chance.randrange(steps) for _ in range(LOOKS)), reverse=True)
        self._look = look

    def after(self, step: int) -> None:
        if self._due and step >= self._due[-1] and self._look():
            self._due.pop()


def views_are_the_fold_so_far(
    processes: Sequence[Process], feeding: Feeding | None, log: MemoryLog, verdict: Verdict
) -> bool:
    """The views of every process that is up, and the second ones, as far as each has come; False if nobody is up."""
    up = [process for process in processes if process.up]
    for process in up:
        done(ending.views_are_the_fold_of_the_log(process, log, verdict, min(process.views.positions().values())))
    if up and feeding is not None:
        feeding.are_the_fold_of([recorded(row) for row in log.rows], verdict)
    return bool(up)


def done(work: Coroutine[None, None, None]) -> None:
    """What is a coroutine and waits for nothing, done at once."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise AssertionError("it waits for something, and others would go on meanwhile")
