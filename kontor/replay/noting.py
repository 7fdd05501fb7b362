"""Where a replay leaves word of how it comes on, so that services can show it: a file of the data folder, or Redis."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from commands.engine import now_ms
from kontor.folder import DataFolder
from kontor.settings import Settings
from streams.history.replaynews import End, News, Speed, encode

EVERY_MS = 500
"""Between two notes while events are folded."""
Put = Callable[[bytes], None]


class Noting:
    """Of one replay."""

    def __init__(self, asked: str, put: Put, clock: Callable[[], int] = now_ms) -> None:
        """``put`` may not raise: a replay goes on whether it is heard or not."""
        self._put = put
        self._clock = clock
        now = clock()
        self._last = News(asked, asked, "begin", "", now, now)
        self._said = False

    def step(self, step: str, projection: str, said: str) -> None:
        self._note(step, projection, said)

    def folding(self, projection: str, figures: dict[str, Any]) -> None:
        if self._due(projection, figures["position"] >= figures["upto"]):
            speed = Speed(figures["events_per_s"], figures["rows_per_s"], figures["left_s"])
            self._note("fold", projection, "", done=figures["position"], total=figures["upto"], speed=speed)

    def counted(self, projection: str, done: int, total: int) -> None:
        """Documents of the search index."""
        if self._due(projection, done >= total and done != self._last.done):
            self._note("fold", projection, "", done=done, total=total, unit="documents")

    def ended(self, end: End, said: str = "") -> None:
        """``said`` is why, where it was not done. Of a replay that never began nothing is told."""
        last = self._last
        if not self._said:
            return
        self._note(last.step, last.projection, said or last.said, end=end)

    def _due(self, projection: str, last: bool) -> bool:
        goes_on = self._last.step == "fold" and self._last.projection == projection
        return last or not goes_on or self._clock() - self._last.at >= EVERY_MS

    def _note(self, step: str, projection: str, said: str, **more: Any) -> None:
        last, self._said = self._last, True
        self._last = News(last.asked, projection, step, said, last.began_at, self._clock(), **more)
        self._put(encode(self._last))


@contextmanager
def noting(asked: str, settings: Settings) -> Iterator[Noting]:
    """Says how it ended, too, unless it was killed."""
    with _place(settings) as put:
        note = Noting(asked, put)
        try:
            yield note
        except KeyboardInterrupt:
            note.ended("interrupted")
            raise
        except (Exception, SystemExit) as error:
            note.ended("refused", "" if isinstance(error, SystemExit) else str(error))
            raise
        note.ended("done")


@contextmanager
def _place(settings: Settings) -> Iterator[Put]:
    if settings.profile == "embedded":
        yield partial(_write, DataFolder(settings.data).replay_news)
    elif settings.redis_url is None:  # it is not needed for what lies elsewhere
        yield lambda said: None
    else:
        from projections.redisviews.replaynews import NewsToRedis

        with NewsToRedis(settings.redis_url, settings.namespace) as news:
            yield news.put


def _write(path: Path, said: bytes) -> None:
    """Whoever reads it finds this or what was there before, whole."""
    with contextlib.suppress(OSError):
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(said)
        os.replace(fresh, path)
