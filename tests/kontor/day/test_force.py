"""Seconds of the hour in which everything dies at random, and that nothing acknowledged can be lost unseen."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commands.store.port import Row
from domain.orders.order import CancelledOrder, OrderPlaced, PaidOrder
from kontor.bench.day import Surroundings
from kontor.bench.force import endure
from kontor.bench.force_full import SERVERS, Servers
from kontor.day.crashing import Stuck
from kontor.day.hour import Hour
from kontor.day.journal import LOST, InTheLog, Journal, prove_acknowledged
from kontor.day.place import embedded_settings
from kontor.day.plan import Acknowledged, House, Plan
from kontor.day.proof import PROMISES, Proof
from tests.streams.house import quote_of

SECONDS = 6


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_promise_is_kept_whenever_the_service_dies(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    report = await endure(Plan(600, 0, seed=3), Surroundings(embedded_settings(tmp_path / "data")), SECONDS)
    assert report["promises"] == dict.fromkeys(PROMISES, "kept")
    assert report["kills"] >= 2
    assert report["orders"]["PAID"] > 0
    assert report["acknowledged"] > report["purchases"] > 0


# the journal, broken


PLACED = OrderPlaced("usr_1", "crt_1", 0, quote_of(2), b"", "US", "CA", "pm_card_visa", 1, 2)
ORDERS = {"ord_1": PaidOrder(PLACED, "pay_1", 3), "ord_2": CancelledOrder(PLACED, "cancelled")}


def the_log() -> InTheLog:
    """1 to 5: a cart, an order, the cart again, another order and its end."""
    log = InTheLog()
    streams = [("crt_1", 1), ("ord_1", 1), ("crt_1", 2), ("ord_2", 1), ("ord_2", 2), ("stk_1.A", 1)]
    log.take(Row(at, stream, version, "", b"", b"", b"") for at, (stream, version) in enumerate(streams, 1))
    return log


@pytest.mark.parametrize(
    ("acknowledged", "lost"),
    [
        (Acknowledged("crt_1", 2, 3), 0),
        (Acknowledged("crt_1", 2, 2), 0),  # shown as it was a moment later
        (Acknowledged("crt_1", 3, 3), 1),
        (Acknowledged("crt_2", 1, 3), 1),
        (Acknowledged("ord_1", 1, 2), 0),
        (Acknowledged("ord_1", 1, 6), 0),
        (Acknowledged("ord_1", 1, 7), 1),
        (Acknowledged("ord_1", 1, 1), 1),
        (Acknowledged("ord_2", 2, 5, called_off=True), 0),
        (Acknowledged("ord_1", 1, 2, called_off=True), 1),
    ],
)
def test_what_was_acknowledged_is_in_the_log(acknowledged: Acknowledged, lost: int):
    proof = Proof()
    prove_acknowledged(proof, [acknowledged], the_log(), ORDERS)
    assert {name: len(broken) for name, broken in proof.broken.items() if broken} == ({LOST: lost} if lost else {})


def test_the_journal_is_read_again_from_its_file(tmp_path: Path):
    journal = Journal.beside(embedded_settings(tmp_path / "data"))
    entries = [Acknowledged("crt_1", 2, 3), Acknowledged("ord_2", 2, 5, called_off=True)]
    for one in entries:
        journal.write(one)
    assert list(journal) == entries == list(journal)
    assert journal.written == 2
    assert journal.path.read_text().count("\n") == 2


# whoever dies


class TestServers:
    @pytest.fixture
    def commands(self, tmp_path: Path) -> Path:
        """As those of stack/, which write down what they are told."""
        for name in ("kill", "up"):
            command = tmp_path / name
            command.write_text(f'#!/bin/sh\necho {name} "$1" >> {tmp_path}/said\ntest ! -e {tmp_path}/broken\n')
            command.chmod(0o755)
        return tmp_path

    def test_each_is_killed_and_comes_back_before_the_next(self, commands: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("kontor.bench.force_full.SERVER_EVERY_S", 0.001)
        monkeypatch.setattr("kontor.bench.force_full.SERVER_AWAY_S", 0.001)
        servers = Servers(commands, 1)
        assert not servers.troubled
        while min(servers.struck[name] for name in SERVERS) < 2:
            servers.look()
            time.sleep(0.001)
        servers.all_back()
        assert servers.troubled
        said = (commands / "said").read_text().split("\n")[:-1]
        assert [line.split()[0] for line in said] == ["kill", "up"] * (len(said) // 2)
        assert [line.split()[1] for line in said[::2]] == [line.split()[1] for line in said[1::2]]

    def test_one_that_does_not_come_back_is_told(self, commands: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("kontor.bench.force_full.SERVER_EVERY_S", 0.001)
        servers = Servers(commands, 1)
        while not servers.troubled:
            servers.look()
        (commands / "broken").touch()
        with pytest.raises(Stuck, match="stack/up"):
            servers.all_back()


class Nobody:
    troubled = False

    def look(self) -> None:
        pass


def test_a_service_that_ends_by_itself_is_excused_only_without_its_servers(tmp_path: Path):
    settings = embedded_settings(tmp_path / "data")
    hour = Hour(settings, Plan(10, 0, 1), House("shp_1", []), Journal.beside(settings), around := Nobody(), 5)

    def ends(*_: object) -> None:
        raise Stuck("by itself")

    hour.live = ends  # type: ignore[method-assign]  # what else it would do is not asked here
    with pytest.raises(Stuck):
        hour._one([], ends)
    around.troubled = True
    hour._one([], ends)
    assert hour.ended_alone == 1
