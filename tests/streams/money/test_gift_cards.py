"""Gift cards at the checkout of a whole process: twenty orders that want one card, and processes that die at a step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.mapper import recorded
from commands.reactor import CheckoutReactor
from domain.books.ledger import GIFT_CARDS, ISSUED
from domain.decider import Command
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import GrantRefund
from domain.orders.tender import Covered
from domain.payments import giftcard, payment
from domain.payments.giftcard import GiftCard, IssueGiftCard
from kontor.proving.verifying import verify
from streams.money.bookkeeping import Bookkeeping
from tests.streams.house import House, opened, place_order, quote_of
from tests.streams.money.books import balances, posted
from tests.streams.mortal import Mortal

CARD = "gft_1"
GRAND = quote_of().totals.grand
PART = Money(500, "USD")
REST = GRAND.subtract(PART)
pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


def with_card(number: int, amount: Money, token: str = "pm_card_visa") -> order.PlaceOrder:
    return replace(place_order(number, token), gift_card=Covered(CARD, amount))


async def issue(house: House, value: int) -> None:
    await house.submit(IssueGiftCard(CARD, Money(value, "USD"), house.engine.clock()))


async def card(house: House) -> GiftCard:
    state = await house.engine.state(CARD)
    assert isinstance(state, GiftCard)
    return state


# races


@pytest.mark.parametrize("amount", [GRAND, PART], ids=["wholly", "partly"])
async def test_of_twenty_orders_that_want_one_card_as_many_get_it_as_it_can_pay_for(
    house: House, amount: Money
) -> None:
    await issue(house, 5 * amount.amount + 1)
    orders = await asyncio.gather(*(house.buy(with_card(number, amount)) for number in range(20)))
    ended = Counter(await asyncio.gather(*(house.ended(order_id) for order_id in orders)))
    assert ended == {"PAID": 5, "CANCELLED": 15}
    async with asyncio.timeout(10):
        while (known := await card(house)).reserved:  # noqa: ASYNC110  # a stream has no event to wait for
            await asyncio.sleep(0.01)
    assert known.balance == 1
    assert Counter(use.status for use in known.uses.values()) == {"redeemed": 5}
    for order_id in orders:
        state = await house.engine.state(order_id)
        if isinstance(state, order.CancelledOrder):
            assert state.reason == "payment_declined"
            assert await house.payment_events(order_id) == []
    captured = [row.amount for row in house.gateway.report() if row.kind == "capture"]
    assert captured == ([] if amount == GRAND else [REST.amount] * 5)
    report = verify(house.log_file)
    assert report.problems == []


async def test_orders_race_with_what_comes_back(house: House) -> None:
    """Half are declined by the provider, which frees the card for others."""
    await issue(house, 4 * PART.amount)
    tokens = ("pm_card_visa", "pm_card_declined")
    orders = await asyncio.gather(*(house.buy(with_card(number, PART, tokens[number % 2])) for number in range(20)))
    await asyncio.gather(*(house.ended(order_id) for order_id in orders))
    async with asyncio.timeout(10):
        while (known := await card(house)).reserved:  # noqa: ASYNC110  # a stream has no event to wait for
            await asyncio.sleep(0.01)
    spent = sum(use.left for use in known.uses.values())
    assert known.balance + spent == 4 * PART.amount
    paid = [order_id for order_id in orders if isinstance(await house.engine.state(order_id), order.PaidOrder)]
    assert spent == len(paid) * PART.amount
    assert verify(house.log_file).problems == []


# disputes


async def test_a_dispute_takes_what_the_payment_had_paid_and_nothing_of_the_card(house: House) -> None:
    await issue(house, PART.amount)
    order_id = await house.buy(with_card(1, PART))
    assert await house.ended(order_id) == "PAID"
    reference = (await house.engine.state(payment_id(order_id))).reference
    dispute_id = await house.gateway.open_dispute(reference, REST)
    await house.gateway.decide_dispute(reference, dispute_id, "lost")
    async with asyncio.timeout(10):
        while not (lost := (await house.engine.state(payment_id(order_id))).lost).amount:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.01)
    assert lost == REST
    granting = GrantRefund(order_id, "rfd_1", "goodwill", house.engine.clock(), lost=lost)
    await house.submit(granting, order_id)
    assert (await house.engine.state(order_id)).refunds["rfd_1"].gift_card == PART
    async with asyncio.timeout(10):
        while (await card(house)).balance != PART.amount:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.01)
    await Bookkeeping(house.log, house.engine, 100_000).post()
    transactions = await posted(house)
    kinds = ["issued", "captured", "redeemed", "disputed", "dispute_lost", "refunded"]
    assert [one.kind for one in transactions] == kinds
    assert balances(transactions) == {ISSUED: PART.amount, GIFT_CARDS: -PART.amount}
    assert verify(house.log_file).problems == []


# processes that die


Story = Callable[[House, str], Awaitable[None]]


async def call_off(house: House, order_id: str) -> None:
    await house.submit(order.CancelOrder(order_id, "cancelled"), order_id)


async def give_everything_back(house: House, order_id: str) -> None:
    for refund_id, amount in (("rfd_1", REST), ("rfd_2", None)):
        at = house.engine.clock()
        await house.submit(GrantRefund(order_id, refund_id, "goodwill", at, amount), order_id)


BUYING = (
    giftcard.ReserveGiftCard,
    payment.RequestAuthorization,
    payment.RequestCapture,
    giftcard.RedeemGiftCard,
    order.MarkOrderPaid,
)
BOUGHT = ["GiftCardIssued", "GiftCardReserved", "GiftCardRedeemed"]
LOST: list[tuple[str, type[Command], bool]] = [
    *(("bought", step, done) for step in BUYING for done in (False, True)),
    *(("covered", step, done) for step in (BUYING[0], *BUYING[3:]) for done in (False, True)),
    *(("declined", step, done) for step in (order.CancelOrder, giftcard.ReleaseGiftCard) for done in (False, True)),
    *(
        ("called off", step, done)
        for step in (giftcard.RefundGiftCard, payment.RequestRefund)
        for done in (False, True)
    ),
    *(
        ("given back", step, done)
        for step in (giftcard.RefundGiftCard, payment.RequestRefund)
        for done in (False, True)
    ),
    ("given back", order.MarkOrderRefunded, False),
]
AFTERWARDS: dict[str, Story] = {"called off": call_off, "given back": give_everything_back}
IN_THE_END = {
    "bought": ("PAID", BOUGHT, {"authorize": 1, "capture": 1}),
    "covered": ("PAID", BOUGHT, {}),
    "declined": ("CANCELLED", ["GiftCardIssued", "GiftCardReserved", "GiftCardReleased"], {}),
    "called off": ("CANCELLED", [*BOUGHT, "GiftCardRefunded"], {"authorize": 1, "capture": 1, "refund": 1}),
    "given back": ("REFUNDED", [*BOUGHT, "GiftCardRefunded"], {"authorize": 1, "capture": 1, "refund": 1}),
}


async def begun(house: House, story: str) -> str:
    token = "pm_card_declined" if story == "declined" else "pm_card_visa"
    return await house.buy(with_card(1, GRAND if story == "covered" else PART, token))


async def as_it_stands(house: House, order_id: str) -> tuple[str, list[str], dict[str, int]]:
    """The order, what happened to the card, and what the provider did."""
    events = [type(recorded(row).event).__name__ for row in await house.log.read_stream(CARD)]
    moved = {kind: count for (_, kind), count in house.movements().items()}
    return order.status(await house.engine.state(order_id)), events, moved


async def comes_to(house: House, order_id: str, wanted: tuple[str, list[str], dict[str, int]]) -> None:
    for _ in range(1_000):
        if (stands := await as_it_stands(house, order_id)) == wanted:
            break
        await asyncio.sleep(0.01)
    assert stands == wanted
    await asyncio.sleep(0.2)  # nothing is done again
    assert await as_it_stands(house, order_id) == wanted


@pytest.mark.parametrize(
    ("story", "step", "done"),
    LOST,
    ids=[f"{story}, {'after' if done else 'before'} {step.__name__}" for story, step, done in LOST],
)
async def test_a_step_that_is_lost_is_taken_by_the_next_process(
    tmp_path: Path, story: str, step: type[Command], done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Engines react to nothing here, so that each step is a commit of its own."""
    monkeypatch.setattr(CheckoutReactor, "react", lambda self, events, now: [])
    first = House(tmp_path)
    await first.start()
    await first.stock(10)
    await issue(first, GRAND.amount)
    if story in AFTERWARDS:
        order_id = await begun(first, story)
        assert await first.ended(order_id) == "PAID"
        mortal = Mortal(first, step, done)
        await AFTERWARDS[story](first, order_id)
    else:
        mortal = Mortal(first, step, done)
        order_id = await begun(first, story)
    await mortal.dies()
    async with opened(tmp_path) as second:
        await comes_to(second, order_id, IN_THE_END[story])
        known = await card(second)
        assert known.reserved == 0
        left = {"bought": PART.amount, "covered": GRAND.amount}.get(story, 0)
        assert known.balance == GRAND.amount - left
    report = verify(tmp_path / "log.db")
    assert report.problems == []
