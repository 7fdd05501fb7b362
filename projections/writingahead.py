"""Writing goes on by itself while the next rows are folded: a store answers, and folding is another's work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class WritingAhead:
    """One piece of work at a time, in the order in which they were handed over."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "replay-writing")
        self._under_way: Future[None] | None = None

    def begin(self, work: Callable[[], None]) -> None:
        """Returns when what was begun before is done, and raises what that raised."""
        self.settle()
        self._under_way = self._thread.submit(work)

    @property
    def idle(self) -> bool:
        """Nothing that was handed over is being done any more."""
        return self._under_way is None or self._under_way.done()

    def settle(self) -> None:
        """Returns when all is done, and raises what it raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def close(self) -> None:
        """Returns when nobody is at it any more, whatever it raised: who is interrupted closes what is written into."""
        self._thread.shutdown(cancel_futures=True)
