"""What a feed is remembered to have said, when a run is called off in the middle of a statement."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.sellers.feedterms import RunCounts
from streams.merchantfeeds.memory import FeedMemory


@pytest.mark.filterwarnings("error")
def test_a_memory_is_closed_behind_whoever_is_writing(tmp_path: Path):
    memory = FeedMemory(tmp_path / "feed.db")
    progress = memory.begin("run_1", "stock", "", anew=False)
    writing, go_on = threading.Event(), threading.Event()

    def seen() -> Iterator[str]:
        writing.set()
        assert go_on.wait(10)
        yield "A"

    done = replace(progress, counts=RunCounts(1))
    writer = threading.Thread(target=memory.advance, args=(done, {"A": b"1"}, seen()))
    closer = threading.Thread(target=memory.close)
    writer.start()
    assert writing.wait(10)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive(), "it waits for the writer"
    go_on.set()
    for thread in (writer, closer):
        thread.join(10)
        assert not thread.is_alive()
    again = FeedMemory(tmp_path / "feed.db")
    assert again.begin("run_1", "stock", "", anew=False) == done
    assert again.known(["A"]) == {"A": b"1"}
    again.close()
