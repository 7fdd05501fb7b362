"""A profile in few words: which functions a process spent its time in, from the stacks that a sampler collapsed.

    py-spy record --pid PID --duration 20 --rate 100 --function --threads --format raw --output stacks.txt
    python scripts/hotpaths.py stacks.txt

Each line of the file is a stack, the outermost function first and parted by ``;``, and how often it was met. *Own* is
where the processor was; *total* has everything that was called from there, a function that calls itself counted once.
Left out are threads of a pool that wait for work, which the sampler takes for busy, and what is outside of the event
loop or of a thread's task. The loop itself, ``Runner.run``, is compiled, so its own time is the loop's and that of the
callbacks in it that are.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SHOWN = 25
WAITING = "_worker (concurrent/futures/thread.py)"
BEGINS = ("Runner.run (asyncio/runners.py)", "_WorkItem.run (concurrent/futures/thread.py)")
_THREAD = re.compile(r"thread \(\w+\): ?(.*)")
_NUMBER = re.compile(r"[-_ ]?\d+$")
_PLACE = re.compile(r"(.* \()(?:.*/(?:site-packages|lib/python3\.\d+)/)?(.*?)(?::\d+)?\)")


class Profile(NamedTuple):
    samples: int
    threads: Counter[str]
    own: Counter[str]
    total: Counter[str]


def read(lines: Iterable[str]) -> Profile:
    """Raises ValueError for a line that is no stack."""
    threads, own, total = Counter[str](), Counter[str](), Counter[str]()
    for line in filter(str.strip, lines):
        stack, _, count = line.rpartition(" ")
        times, frames = int(count), stack.split(";")
        names = _inner([_short(frame) for frame in frames if not frame.startswith(("process ", "thread "))])
        if not names or names[-1] == WAITING:
            continue
        if named := next(filter(None, map(_THREAD.fullmatch, frames)), None):
            threads[_NUMBER.sub("", named[1].strip('"')) or "unnamed"] += times
        own[names[-1]] += times
        total.update(dict.fromkeys(names, times))
    return Profile(sum(own.values()), threads, own, total)


def _short(frame: str) -> str:
    """``decide (commands/engine.py)``, wherever the checkout or the library lies."""
    return _PLACE.sub(r"\1\2)", frame)


def _inner(names: list[str]) -> list[str]:
    begun = [place for place, name in enumerate(names) if name in BEGINS]
    return names[begun[-1] :] if begun else names


def report(profile: Profile, shown: int = SHOWN) -> str:
    lines = [f"{profile.samples} samples"]
    for title, counted in (("threads", profile.threads), ("own time", profile.own), ("total time", profile.total)):
        shares = [(times / profile.samples, name) for name, times in counted.most_common(shown) if times > 1]
        lines += ["", title, *(f"{share:7.1%}  {name}" for share, name in shares)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(read(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())))
