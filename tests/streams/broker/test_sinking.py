"""A sink as a worker's handler: what passes is repeated, what was lost is asked anew, what was folded is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from domain.recorded import Recorded
from projections.sink import RowsLost
from projections.views import Touched, ViewsUnavailable
from streams.broker.sinking import Sinking
from streams.broker.worker import SinkLost, SinkUnavailable
from tests.contracts.views import said


class Sink:
    def __init__(self) -> None:
        self.at = {0: 3}
        self.error: Exception | None = None

    async def progress(self) -> dict[int, int]:
        if self.error:
            raise self.error
        return self.at

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> Touched:
        if self.error:
            raise self.error
        self.at[partition] = upto
        return Touched()


@pytest.fixture
def sink() -> Any:
    return Sink()


async def test_it_begins_where_the_sink_stands(sink):
    handler = Sinking("views", sink, 2)
    assert [await handler.begin(0), await handler.begin(1)] == [3, 0]


async def test_what_was_folded_is_told_and_counts(sink):
    handler = Sinking("views", sink, 2)
    folded: list[tuple[str, int]] = []
    handler.folded.append(lambda name, events, seconds: folded.append((name, len(events))))
    await handler.handle(0, [said(4, "a", "1"), said(5, "a", "2")], 6)
    await handler.handle(1, [], 9)
    assert folded == [("views", 2)]
    assert (handler.position, sink.at) == (6, {0: 6, 1: 9})


@pytest.mark.parametrize(
    ("error", "means"), [(ViewsUnavailable("away"), SinkUnavailable), (RowsLost("flushed"), SinkLost)]
)
async def test_what_goes_wrong_in_the_workers_words(sink, error, means):
    handler = Sinking("views", sink, 2)
    sink.error = error
    with pytest.raises(means):
        await handler.handle(0, [said(4, "a", "1")], 4)


async def test_a_sink_that_is_away_cannot_say_where_it_stands(sink):
    sink.error = ViewsUnavailable("away")
    with pytest.raises(SinkUnavailable):
        await Sinking("views", sink, 2).begin(0)
