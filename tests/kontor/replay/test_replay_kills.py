"""A replay that is killed goes on, with little memory and over streams that stand still."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from typing import Any

import pytest

from commands.store.sqlite import SQLiteLog
from domain.ids import stock_id
from domain.inventory.inventory import StockReceived
from domain.recorded import Recorded
from domain.sellers.offer import OfferPut, OfferWithdrawn
from kontor.folder import DataFolder
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling
from kontor.replay.views import Views, opened
from kontor.wiring.embedded import PROJECTIONS
from projections import generations
from projections.catalog.projector import CATALOG, OfferRow, offer_put
from projections.generations import begin_patiently
from projections.projector import Projection, Table
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from streams.views.follower import Follower
from tests.commands.driving import SHOP
from tests.kontor.conftest import HOT, first_of, plant
from tests.kontor.replay.replaying import replay, run, steps

KILLED_PAGE = 60
NOW = 1_800_000_000_000


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, transactions and memory so small that everything happens on a short log."""
    monkeypatch.setattr("projections.generations.Generation.page", 7)
    monkeypatch.setattr("projections.generations.ROWS", 2)
    monkeypatch.setattr("projections.generations.PAUSE_S", 0)
    monkeypatch.setattr("projections.heldrows.CHANGED_MAX", 1)
    monkeypatch.setattr("kontor.replay.comparing.ROWS", 2)


@pytest.fixture
async def eventful(folder: DataFolder) -> DataFolder:
    """With offers that come and go, and streams that stand still."""
    with closing(sqlite3.connect(folder.log, isolation_level=None)) as connection:
        put = first_of(connection, OfferPut).event
        offers = [f"off_{SHOP}.X{number}" for number in range(4)]
        received = first_of(connection, StockReceived).event
        for offer in offers:
            plant(connection, offer, put)
        while plant(connection, HOT, received) % KILLED_PAGE:
            pass  # so that the rest is written later
        for offer in offers:
            plant(connection, offer, put)
        for offer in offers[1:]:
            plant(connection, offer, OfferWithdrawn())
        plant(connection, offers[1], put)
        for stream, event in ((offers[0], put), (offers[2], put), (stock_id(SHOP, "B"), received)):
            at = plant(connection, stream, event, at=NOW)
            connection.execute("UPDATE events SET data = x'c1' WHERE position = ?", (at,))
            plant(connection, stream, event, at=NOW)
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    await Follower(log, views).catch_up()
    assert views.parked()
    views.close()
    await log.close()
    return folder


async def test_memory_may_be_smaller_than_the_rows(
    eventful: DataFolder, small: None, capsys: pytest.CaptureFixture[str]
):
    replay(eventful, "all", verify=True)
    compared = [one for one in steps(capsys) if one["step"] == "compare"]
    assert all(one["different"] == 0 for one in compared)
    assert any(one["what"] == "parked" and one["new"]["count"] for one in compared)


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process ends where it would begin that transaction."""
    numbers = count(1)

    def begin(connection: sqlite3.Connection) -> None:
        if next(numbers) == number:
            raise Killed
        begin_patiently(connection)

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(generations, "begin_patiently", begin)
        yield


def put_strictly(row: OfferRow | None, recorded: Recorded) -> OfferRow:
    """Unlike our own folds it fails on a row that is gone too early."""
    assert (row is None) == (recorded.version == 1)
    return offer_put(row, recorded)


STRICT = Projection(
    "strict", 1, (Table("strict", OfferRow, {OfferPut: put_strictly, OfferWithdrawn: lambda row, recorded: None}),)
)


def made(folder: DataFolder, projection: Projection) -> list[Any]:
    """What is live of a projection, and what of it is parked."""
    tables = [f"SELECT * FROM {table.name}_v{projection.version} ORDER BY key" for table in projection.tables]
    return run(folder, *tables, f"SELECT * FROM parked WHERE projection = '{projection.name}'")


@pytest.mark.slow
@pytest.mark.parametrize("projection", [CATALOG, STOCK, STRICT], ids=lambda projection: projection.name)
async def test_killed_anywhere_it_goes_on(
    eventful: DataFolder, small: None, monkeypatch: pytest.MonkeyPatch, projection: Projection
):
    """Rows that were written before their position was are not folded twice, and none is forgotten."""
    monkeypatch.setattr("projections.generations.Generation.page", KILLED_PAGE)

    def replayed(*, from_scratch: bool) -> None:
        with opened(eventful) as (log, connection):
            rebuilding = Rebuilding(Views(log, connection), Telling(as_json=True))
            rebuilding.replay([projection], from_scratch=from_scratch)

    replayed(from_scratch=True)
    expected = made(eventful, projection)
    assert len(expected) > 2
    number, finished = 0, False
    while not finished:
        number += 1
        with killed_at(number, monkeypatch):
            replayed(from_scratch=True)
            finished = True
        replayed(from_scratch=False)
        assert made(eventful, projection) == expected, number
    assert number > 15  # of its transactions
