"""A sink as a worker's handler: what passes is repeated, what was lost is asked anew, what was folded is told."""

from __future__ import annotations

from typing import Any

import pytest

from projections.sink import RowsLost
from projections.views import ViewsUnavailable
from streams.broker.sinking import Sinking
from streams.broker.worker import SinkLost, SinkUnavailable
from tests.contracts.views import said
from tests.streams.broker.sinks import Sink


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
