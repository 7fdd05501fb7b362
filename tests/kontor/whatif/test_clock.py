"""What would have been, where it is a matter of time: holds, answers of the provider, the borders of the period."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.ids import offer_id
from domain.money import Money
from domain.pricing.tax import TaxTable
from domain.sellers.offer import PutOffer, Terms
from kontor.pastorders.stage import carriage
from kontor.simulation.ending import MemoryEvidence
from kontor.tables import shipping_table
from kontor.whatif import charged, driving
from kontor.whatif.driving import TooMany, gather
from kontor.whatif.period import NoPeriod, Stretch, period_of
from kontor.whatif.report import Report
from streams.history.timetravel import Moment
from tests.commands.driving import SHOP, START, do
from tests.kontor.whatif.afternoon import MINUTE, Afternoon, afternoon


@pytest.fixture
async def shop() -> AsyncIterator[Afternoon]:
    async with afternoon() as one:
        yield one


def ends(report: Report) -> list[tuple[str, str]]:
    """Of the purchases that differ: what they come to under the same terms and under the changed ones."""
    return [(pair.before.code or pair.before.status, pair.after.code or pair.after.status) for pair in report.differing]


async def test_a_shorter_hold_frees_the_unit_for_the_next(shop: Afternoon) -> None:
    """Somebody never paid and kept the only unit for eleven minutes; who came after five got none."""
    await shop.sells("A", 1)
    first = await shop.orders("A")
    await shop.passes(5)
    await shop.orders("A")
    await shop.passes(6.1)
    await shop.given_up(first, "expired")
    same = await shop.report()
    assert (same.unexplained, same.was.refused) == ([], {"expired": 1, "out_of_stock": 1})
    shorter = await shop.report(hold_ms=2 * MINUTE)
    assert ends(shorter) == [("out_of_stock", "paid")]
    assert (shorter.changed.orders, shorter.changed.assumed) == (1, 1)


async def test_a_longer_hold_waits_for_who_pays_late(shop: Afternoon) -> None:
    await shop.sells("A", 1)
    late = await shop.orders("A")
    await shop.passes(11.1)
    await shop.given_up(late, "expired")
    await shop.passes(4)
    await shop.authorized(late)
    assert (await shop.report()).unexplained == []
    longer = await shop.report(hold_ms=30 * MINUTE)
    assert ends(longer) == [("expired", "paid")]
    assert longer.changed.assumed == 1  # that the money can be taken: that, nobody asked


async def test_the_provider_answers_when_it_answered(shop: Afternoon) -> None:
    """Not before: a hold that would have run out meanwhile has run out."""
    await shop.sells("A", 1)
    slow = await shop.orders("A")
    await shop.passes(8)
    await shop.paid(slow)
    await shop.passes(10)
    same, shorter = await shop.report(), await shop.report(hold_ms=MINUTE)
    assert (same.unexplained, same.differing) == ([], [])
    assert ends(shorter) == [("paid", "expired")]


async def test_who_is_still_paying_keeps_the_unit_for_the_payments_grace(shop: Afternoon) -> None:
    """Also under a hold that ran out meanwhile: whoever comes in between gets none."""
    await shop.sells("A", 1)
    first = await shop.orders("A")
    await shop.passes(2.5)
    await shop.orders("A")
    await shop.passes(0.3)
    await shop.paid(first)
    report = await shop.report(hold_ms=2 * MINUTE)
    assert (report.unexplained, report.differing) == ([], [])
    assert report.changed.refused == {"out_of_stock": 1}


async def test_what_was_never_answered_is_not_answered(shop: Afternoon) -> None:
    """Money that is set aside and was asked for, and nobody knows whether it came."""
    await shop.sells("A", 1)
    await shop.authorized(await shop.orders("A"))
    report = await shop.report()
    assert (report.unexplained, report.was.amounts) == ([], report.control.amounts)
    assert (report.control.orders, report.control.assumed) == (1, 0)


async def test_money_that_was_refused_at_last_is_refused(shop: Afternoon) -> None:
    await shop.sells("A", 2)
    await shop.declined(await shop.orders("A"))
    await shop.paid(await shop.orders("A"))
    report = await shop.report(stock_factor=3.0)
    assert (report.unexplained, report.differing) == ([], [])
    assert report.changed.refused == {"payment_declined": 1}


async def test_units_given_back_by_who_gave_up_are_sold_again(shop: Afternoon) -> None:
    await shop.sells("A", 1)
    first = await shop.orders("A")
    await shop.paid(first)
    await shop.given_up(first, "cancelled")
    await shop.sees_through(first)
    await shop.passes(1)
    await shop.paid(await shop.orders("A"))
    report = await shop.report()
    assert (report.unexplained, report.was.orders, report.was.units) == ([], 2, 2)


async def test_what_came_before_the_period_is_as_it_was(shop: Afternoon) -> None:
    """An order that is under way when it begins, and stock that it holds."""
    await shop.sells("A", 2)
    earlier = await shop.orders("A")
    await shop.passes(1)
    begin = shop.clock.at
    await shop.paid(earlier)
    await shop.paid(await shop.orders("A"))
    await shop.orders("A")
    report = await shop.report(begin=begin)
    assert (report.unexplained, report.was.tried, report.was.refused) == ([], 2, {"out_of_stock": 1})
    assert (await shop.report(begin=begin, stock={"stk_none.X": 5})).differing == []


async def test_how_purchases_end_is_read_beyond_the_period(shop: Afternoon) -> None:
    await shop.sells("A", 2)
    last = await shop.orders("A")
    end = shop.clock.at + 1
    await shop.passes(3)
    await shop.orders("A")
    await shop.paid(last)
    report = await shop.report(end=end)
    assert (report.unexplained, report.was.tried, report.was.orders) == ([], 1, 1)


async def test_the_borders_of_the_period(shop: Afternoon) -> None:
    """An instant is the first that is not in it; positions are in it at both ends."""
    await shop.sells("A", 9)
    await shop.passes(1)
    evidence = MemoryEvidence(shop.log)  # type: ignore[arg-type]  # it is the one in memory
    head = evidence.extent()[2]
    middle = shop.clock.at
    await shop.orders("A")
    whole = evidence.extent()[2]

    def borders(begin: Moment, end: Moment) -> tuple[int, int]:
        period = period_of(evidence, begin, end, 0)
        return period.after, period.upto

    assert borders(Moment(at=START), Moment(at=middle)) == (0, head)
    assert borders(Moment(at=middle), Moment(at=middle + 1)) == (head, whole)
    assert borders(Moment(1), Moment(head)) == (0, head)
    assert borders(Moment(head + 1), Moment(whole)) == (head, whole)
    for begin, end in ((Moment(3), Moment(2)), (Moment(at=middle + 1), Moment(at=middle + 2))):
        with pytest.raises(NoPeriod, match="nothing happened"):
            borders(begin, end)
    with pytest.raises(NoPeriod, match="the log ends at position"):
        borders(Moment(1), Moment(whole + 1))


async def test_more_purchases_than_are_kept_are_refused(shop: Afternoon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "PURCHASES_MAX", 1)
    await shop.sells("A", 9)
    await shop.orders("A")
    await shop.orders("A")
    evidence = MemoryEvidence(shop.log)  # type: ignore[arg-type]  # it is the one in memory
    with pytest.raises(TooMany, match="choose a shorter period"):
        gather(Stretch(evidence, period_of(evidence, Moment(1), Moment(at=shop.clock.at + 1), 0)))


async def test_what_the_rules_do_not_explain_is_told(shop: Afternoon) -> None:
    """Two were charged what the offer no longer asked for: the control says so, and the rest is compared with it."""
    await shop.sells("A", 9)
    await shop.paid(await shop.orders("A"))
    await do(shop.engine, PutOffer(offer_id(SHOP, "A"), "prd_1", "USD", Terms(Money(2_500, "USD"))))
    for _ in range(2):
        await shop.paid(await shop.orders("A"))
    report = await shop.report()
    assert [pair.after.grand - pair.before.grand > 501 for pair in report.unexplained] == [True, True]
    assert report.differing == []


async def test_an_order_is_charged_by_the_tables_that_charged_it(
    shop: Afternoon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are today; of goods that cost something else, in proportion."""
    await shop.sells("A", 1)
    await shop.paid(await shop.orders("A"))
    monkeypatch.setattr(charged, "tax_table", lambda: TaxTable({}, {}, {}))
    monkeypatch.setattr(charged, "shipping_table", lambda: carriage("USD", 1, shipping_table().regions))
    for table in (charged._taxing, charged._shipping):
        table.cache_clear()
    report = await shop.report(prices={offer_id(SHOP, "A"): Money(3_998, "USD")})
    assert report.unexplained == []
    (found,) = report.differing
    assert found.after.shipping == found.before.shipping > 1
    assert found.after.tax > found.before.tax > 0
    for table in (charged._taxing, charged._shipping):
        table.cache_clear()
