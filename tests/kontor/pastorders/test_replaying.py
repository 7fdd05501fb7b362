"""Stories driven through the whole of the embedded profile, and what the check makes of one that it was not told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontor.pastorders import olist, retail, running
from kontor.pastorders.command import run_replay_orders
from kontor.pastorders.expected import Expected
from kontor.pastorders.running import Done, read_story, replay
from kontor.pastorders.story import Purchase, Refusal, Return, Story
from tests.kontor.pastorders.records import cancelled, invoice, item, line, olist_order

pytestmark = pytest.mark.usefixtures("garbage_is_collected")
RECORDS = 300
MONDAY, TUESDAY, WEDNESDAY = (f"2011-03-0{day}T09:00:00" for day in (1, 2, 3))


def retail_story() -> Story:
    return retail.read(
        enumerate(
            [
                invoice("1", MONDAY, line(), line("84879", 3, "2.10")),
                invoice("2", MONDAY, line(quantity=4), customer_id="12346", country="EIRE"),
                cancelled("C3", MONDAY, line(quantity=-4), customer_id="12346"),
                cancelled("C4", TUESDAY, line("84879", -2, "2.10")),
                invoice("5", TUESDAY, line(quantity=-5, price="0.0"), kind="writeoff", customer_id=None),
                invoice("6", WEDNESDAY, line(quantity=1_200, price="1.50"), line("POST", 1, "18.00", special=True)),
            ],
            1,
        )
    )


def agree(done: Done) -> None:
    assert done.failed == []
    assert done.disagreements == []


async def test_a_small_story_of_every_kind_of_deed_agrees(tmp_path):
    done = await replay(retail_story(), tmp_path / "data")
    agree(done)
    assert done.statuses == {"DELIVERED": 3, "CANCELLED": 1}
    assert (done.expected.paid, done.expected.back) == (6 * 185 + 630 + 4 * 185 + 1_200 * 150, 4 * 185 + 420)
    assert done.story.refused_by_reason() == {"not_goods": 1}


async def test_orders_of_several_sellers_agree(tmp_path):
    orders = [
        olist_order(items=[item(), item("p2", "s2")]),
        olist_order("unavailable", order_id="o2", carrier_at=None, delivered_at=None),
        olist_order("canceled", order_id="o3", delivered_at=None),
        olist_order("canceled", order_id="o4", items=[item(), item("p2", "s2", freight="7.00")]),
        olist_order("invoiced", order_id="o5", carrier_at=None, delivered_at=None),
    ]
    done = await replay(olist.read(enumerate(orders, 1)), tmp_path / "data")
    agree(done)
    assert done.statuses == {"DELIVERED": 1, "CANCELLED": 1, "REFUNDED": 3, "PAID": 1}


@pytest.mark.slow
async def test_one_cent_one_unit_and_one_refused_row_are_noticed(tmp_path, monkeypatch):
    """The engine is driven by the story, and compared with another one."""
    retailers = retail_story()
    others = [
        deed._replace(lines=(deed.lines[0]._replace(price=184), *deed.lines[1:])) if deed.key == "1/1" else deed
        for deed in retailers.deeds
        if isinstance(deed, Purchase)
    ]
    others += [deed for deed in retailers.deeds if not isinstance(deed, Purchase | Return)]
    retailers.refusals.append(Refusal("1:1", "not_goods", "not so", retailers.stated * 0 + 1))
    other = Story("other", "GBP", "GB", [retail.SHOP], deeds=others)
    monkeypatch.setattr(running, "Expected", lambda story: Expected(other))
    done = await replay(retailers, tmp_path / "data")
    assert done.failed == []
    seen = {(one.what, one.key) for one in done.disagreements}
    assert seen >= {
        ("totals", "1/1"),
        ("lines", "1/1"),
        ("paid back", "1/1"),
        ("stock", f"{retail.SHOP} 84879"),
        ("ledger", "provider"),
        ("ledger", f"seller:{retail.SHOP}"),
        ("provider", "1/1"),
        ("rows", "money in all"),
    }


@pytest.mark.slow
async def test_what_the_engine_refuses_is_told_with_its_reason(tmp_path):
    story = retail_story()
    [bought, *_] = story.deeds
    assert isinstance(bought, Purchase)
    story.deeds[0] = bought._replace(lines=(bought.lines[0]._replace(quantity=1_001), bought.lines[1]))
    done = await replay(story, tmp_path / "data")
    assert not done.ok
    assert "quantity" in done.failed[0].why
    assert ("order", "1/1") in {(one.what, one.key) for one in done.disagreements}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(running.READERS))
async def test_real_orders_agree_to_the_cent(kind, shared_data, tmp_path):
    story = read_story(kind, shared_data / kind / "orders.ndjson.gz", RECORDS)
    agree(await replay(story, tmp_path / "data"))


class TestCommand:
    @pytest.fixture(autouse=True)
    def elsewhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def run(self, what: str, records: list[dict[str, Any]], as_json: bool = False) -> int:
        """The exit code."""
        file = Path("orders.ndjson")
        file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in records))
        try:
            run_replay_orders(what, file, Path("kept"), None, None, as_json)
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def test_the_report_and_the_refused_rows(self, capsys):
        records = [olist_order(), olist_order("created", order_id="o2", items=[])]
        assert self.run("olist", records, as_json=True) == 0
        said = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
        assert (said["ok"], said["refused"], said["orders"]) == (True, {"no_items": 1}, {"DELIVERED": 1})
        [refused] = Path("olist.refused.ndjson").read_bytes().splitlines()
        assert msgspec.json.decode(refused)["row"] == "o2"
        assert self.run("olist", records) == 2
        assert "there is a log in kept already" in capsys.readouterr().err

    def test_in_words(self, capsys):
        assert self.run("olist", [olist_order("canceled", delivered_at=None, payments=[])]) == 0
        said = capsys.readouterr().out
        assert "1 rows" in said
        assert "called_off_on_its_way 1" in said
        assert "paid 25.50 BRL, paid back 25.50 BRL" in said
        assert "agree with the data" in said

    @pytest.mark.parametrize(
        ("what", "said"),
        [("ebay", "'ebay' is none of olist, online_retail"), ("online_retail", "line 1 has no invoice")],
    )
    def test_wrong_use(self, what, said, capsys):
        assert self.run(what, [olist_order()]) == 2
        assert said in capsys.readouterr().err
