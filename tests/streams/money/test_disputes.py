"""A buyer goes to his bank: what its webhooks bring about, late, twice, reordered, forged or never, or in a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from commands.context import Context
from commands.errors import StorageUnavailable
from commands.mapper import recorded
from domain.books.ledger import Transaction, is_balanced
from domain.decider import Command
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import GrantRefund
from domain.payments import payment
from domain.stored.codec import decode
from kontor.proving.verifying import verify
from kontor.watching.metrics import EngineMetrics
from streams.gateways import disputes
from streams.gateways.port import BadSignature, GatewayError, GatewayMisuse, Refunded
from streams.gateways.signatures import Signer
from streams.money.bookkeeping import Bookkeeping
from streams.money.reconciling import Reconciler
from tests.streams.house import SECRET, SHOP, House, opened, place_order, quote_of
from tests.streams.money.books import balances, posted
from tests.waiting import until

GRAND = quote_of().totals.grand
PART = Money(700, GRAND.currency)
CLOSED = {"won": "DisputeWon", "lost": "DisputeLost"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


async def paid(shop: House, token: str = "pm_card_visa") -> tuple[str, str]:
    """An order and the provider's reference of its charge."""
    order_id = await shop.buy(place_order(1, token))
    assert await shop.ended(order_id) == "PAID"
    return order_id, (await shop.engine.state(payment_id(order_id))).reference


async def once(shop: House, order_id: str, ready: Callable[[payment.Payment], bool]) -> payment.Payment:
    """The payment when it is as wanted, whichever process brought it there."""
    for _ in range(1_000):
        state = await shop.engine.state(payment_id(order_id))
        assert isinstance(state, payment.Payment)
        if ready(state):
            return state
        await asyncio.sleep(0.01)
    raise AssertionError(state)


async def stands(shop: House, order_id: str, status: str) -> payment.Payment:
    return await once(shop, order_id, lambda state: [one.status for one in state.disputes.values()] == [status])


async def while_open(shop: House, order_id: str) -> payment.Payment:
    """The payment as it was when its dispute had just been opened, however soon it was decided."""
    events = [decode(row.topic, row.data) for row in await shop.log.read_stream(payment_id(order_id))]
    opened_at = next(number for number, event in enumerate(events) if type(event).__name__ == "DisputeOpened")
    state = payment.PAYMENT.fold(events[: opened_at + 1])
    assert isinstance(state, payment.Payment)
    return state


async def disputed(shop: House, order_id: str) -> list[str]:
    return [name for name in await shop.payment_events(order_id) if name.startswith("Dispute")]


def silence(shop: House) -> list[tuple[bytes, dict[str, str]]]:
    """Callbacks stay where they are put, and go nowhere."""
    held: list[tuple[bytes, dict[str, str]]] = []

    async def hold(body: bytes, headers: dict[str, str]) -> None:
        held.append((body, headers))

    callbacks: Any = shop.gateway._callbacks
    callbacks._deliver = hold
    return held


async def brought(held: list[Any], count: int) -> None:
    await until(lambda: len(held) >= count)


# webhooks


@pytest.mark.parametrize("verdict", ["won", "lost"])
async def test_a_token_has_the_payment_disputed_and_decided(
    tmp_path: Path, shop: House, monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    monkeypatch.setattr(disputes, "OPENED_AFTER_MS", 10)
    monkeypatch.setattr(disputes, "DECIDED_AFTER_MS", 300)
    order_id, _ = await paid(shop, f"pm_sim_dispute_{verdict}")
    state = await stands(shop, order_id, verdict)
    assert state.lost.amount == (GRAND.amount if verdict == "lost" else 0)
    assert await disputed(shop, order_id) == ["DisputeOpened", CLOSED[verdict]]
    between = await while_open(shop, order_id)
    assert (between.status, between.contested, between.left) == ("captured", GRAND, Money(0, "USD"))
    kinds = [row.kind for row in shop.gateway.report()]
    assert kinds == ["authorize", "capture", "dispute", *(["reinstatement"] if verdict == "won" else [])]
    assert verify(shop.log_file).ok


@pytest.mark.parametrize("part", [PART, GRAND])
async def test_nobody_disputes_what_came_back_before(shop: House, monkeypatch: pytest.MonkeyPatch, part: Money) -> None:
    monkeypatch.setattr(disputes, "OPENED_AFTER_MS", 300)
    _, reference = await paid(shop, "pm_sim_dispute")
    assert await shop.gateway.refund("early", reference, part) == Refunded()
    await asyncio.sleep(0.4)
    left = [Money(GRAND.amount - part.amount, "USD")] if part != GRAND else []
    assert [one.amount for one in await shop.gateway.disputes(reference)] == left


@pytest.mark.parametrize("verdict", ["won", "lost"])
async def test_webhooks_come_twice_and_the_later_one_first(shop: House, verdict: str) -> None:
    held = silence(shop)
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    await brought(held, 1)
    await shop.gateway.decide_dispute(reference, dispute_id, verdict)
    await brought(held, 2)
    assert await disputed(shop, order_id) == []
    opening, closing = held
    for body, headers in (closing, opening, closing, opening):
        await shop.payments.receive(body, headers)
    assert await disputed(shop, order_id) == ["DisputeOpened", CLOSED[verdict]]


async def test_a_forged_webhook_moves_nothing(shop: House) -> None:
    held = silence(shop)
    order_id, reference = await paid(shop)
    await shop.gateway.open_dispute(reference, GRAND)
    await brought(held, 1)
    [(body, headers)] = held
    for forged in (Signer(b"another secret").headers("msg_1", shop.engine.clock() // 1000, body), {}):
        with pytest.raises(BadSignature):
            await shop.payments.receive(body, forged)
    with pytest.raises(BadSignature):
        await shop.payments.receive(body + b" ", headers)
    assert await disputed(shop, order_id) == []


async def test_a_webhook_of_what_was_never_disputed_says_nothing_new(shop: House) -> None:
    order_id, reference = await paid(shop)
    for named in (reference, "ch_nobody"):
        body = b'{"type":"disputed","reference":"%s"}' % named.encode()
        headers = Signer(SECRET).headers("msg_1", shop.engine.clock() // 1000, body)
        assert not await shop.payments.receive(body, headers)
    assert await disputed(shop, order_id) == []


async def test_a_charge_that_the_provider_knows_nothing_of_is_not_asked_for_again_and_again(shop: House) -> None:
    async def misuse(reference: str) -> Any:
        raise GatewayMisuse("no such charge")

    shop.gateway.disputes = misuse  # type: ignore[method-assign]  # a provider that lost its records
    assert not await shop.payments.look_into_disputes("ch_nobody")


async def test_while_the_provider_does_not_answer_the_webhook_is_to_come_again(shop: House) -> None:
    held = silence(shop)
    order_id, reference = await paid(shop)
    await shop.gateway.open_dispute(reference, GRAND)
    await brought(held, 1)
    asked = shop.gateway.disputes

    async def away(reference: str) -> Any:
        raise GatewayError("not now")

    shop.gateway.disputes = away  # type: ignore[method-assign]  # a provider that is away
    with pytest.raises(GatewayError):
        await shop.payments.receive(*held[0])
    shop.gateway.disputes = asked  # type: ignore[method-assign]
    assert await shop.payments.receive(*held[0])
    assert await disputed(shop, order_id) == ["DisputeOpened"]


# whose money it is meanwhile


async def test_a_refund_that_needs_it_waits_until_it_is_won(shop: House) -> None:
    registry = CollectorRegistry()
    EngineMetrics(registry).watch(shop.engine)
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    await stands(shop, order_id, "open")
    # Granted by somebody who had not heard of it.
    await shop.submit(GrantRefund(order_id, "rfd_1", "goodwill", shop.engine.clock(), PART), order_id)
    await asyncio.sleep(0.3)
    assert (await shop.engine.state(payment_id(order_id))).refunds == {}
    await shop.gateway.decide_dispute(reference, dispute_id, "won")
    await once(shop, order_id, lambda state: state.status == "partially_refunded")
    assert [row.amount for row in shop.gateway.report() if row.kind == "refund"] == [PART.amount]
    for outcome in ("disputed", "dispute_won"):
        assert registry.get_sample_value("kontor_payments_total", {"outcome": outcome}) == 1
    assert verify(shop.log_file).ok


async def test_lost_it_comes_to_nothing_and_the_order_says_so(shop: House) -> None:
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    await stands(shop, order_id, "open")
    await shop.submit(GrantRefund(order_id, "rfd_1", "goodwill", shop.engine.clock(), PART), order_id)
    await shop.gateway.decide_dispute(reference, dispute_id, "lost")
    state = await once(shop, order_id, lambda state: bool(state.refunds))
    assert state.refunds == {"rfd_1": payment.Refund(PART, "refused", "disputed")}
    assert [row.kind for row in shop.gateway.report()] == ["authorize", "capture", "dispute"]
    assert verify(shop.log_file).ok


async def test_called_off_meanwhile_the_rest_goes_back_once_the_bank_has_decided(shop: House) -> None:
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, PART)
    await stands(shop, order_id, "open")
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    await asyncio.sleep(0.3)
    assert (await shop.engine.state(payment_id(order_id))).refunds == {}
    await shop.gateway.decide_dispute(reference, dispute_id, "lost")
    await once(shop, order_id, lambda state: state.status == "partially_refunded")
    assert [row.amount for row in shop.gateway.report() if row.kind == "refund"] == [GRAND.subtract(PART).amount]


async def test_a_refund_at_the_same_instant_is_refused_by_the_provider(shop: House) -> None:
    """It knows of the dispute before we do."""
    silence(shop)
    order_id, reference = await paid(shop)
    await shop.gateway.open_dispute(reference, GRAND)
    await shop.submit(GrantRefund(order_id, "rfd_1", "goodwill", shop.engine.clock(), PART), order_id)
    state = await once(shop, order_id, lambda state: any(one.refusal for one in state.refunds.values()))
    assert state.refunds["rfd_1"].refusal == "disputed"


@pytest.mark.parametrize("called_off", [False, True])
async def test_and_asked_for_again_once_the_dispute_is_won(shop: House, called_off: bool) -> None:
    silence(shop)
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    granted = GrantRefund(order_id, "rfd_1", "goodwill", shop.engine.clock(), PART)
    await shop.submit(order.CancelOrder(order_id, "cancelled") if called_off else granted, order_id)
    await once(shop, order_id, lambda state: any(one.refusal for one in state.refunds.values()))
    await shop.payments.look_into_disputes(reference)
    await stands(shop, order_id, "open")
    await shop.gateway.decide_dispute(reference, dispute_id, "won")
    await shop.payments.look_into_disputes(reference)
    await once(shop, order_id, lambda state: state.status == ("refunded" if called_off else "partially_refunded"))
    wanted = GRAND if called_off else PART
    assert [row.amount for row in shop.gateway.report() if row.kind == "refund"] == [wanted.amount]
    assert verify(shop.log_file).ok


async def test_what_a_lost_dispute_leaves_of_an_order_that_was_called_off_is_given_back(shop: House) -> None:
    """Though the provider, which knew of it before we did, refused all of it."""
    silence(shop)
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, PART)
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    await once(shop, order_id, lambda state: any(one.refusal for one in state.refunds.values()))
    await shop.payments.look_into_disputes(reference)
    await stands(shop, order_id, "open")
    await shop.gateway.decide_dispute(reference, dispute_id, "lost")
    await shop.payments.look_into_disputes(reference)
    await once(shop, order_id, lambda state: state.status == "partially_refunded")
    assert [row.amount for row in shop.gateway.report() if row.kind == "refund"] == [GRAND.subtract(PART).amount]
    assert verify(shop.log_file).ok


# books


@pytest.mark.parametrize("verdict", ["won", "lost"])
async def test_the_ledger_follows(shop: House, verdict: str) -> None:
    order_id, reference = await paid(shop)
    books = Bookkeeping(shop.log, shop.engine, 100_000)
    await books.post()
    before = balances(await posted(shop))
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    await stands(shop, order_id, "open")
    await books.post()
    contested = balances(await posted(shop))
    assert contested == {**{key: of for key, of in before.items() if key != "provider"}, "disputes": GRAND.amount}
    await shop.gateway.decide_dispute(reference, dispute_id, verdict)
    await stands(shop, order_id, verdict)
    for _ in range(2):
        await books.post()
        transactions: list[Transaction] = await posted(shop)
        assert [one.kind for one in transactions] == ["captured", "disputed", f"dispute_{verdict}"]
        assert all(map(is_balanced, transactions))
        assert balances(transactions) == (before if verdict == "won" else {})
    assert f"seller:{SHOP}" in before
    assert verify(shop.log_file).ok


@pytest.mark.parametrize("verdict", ["open", "won", "lost"])
async def test_reconciling_finds_out_what_no_webhook_told(shop: House, tmp_path: Path, verdict: str) -> None:
    silence(shop)
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    if verdict != "open":
        await shop.gateway.decide_dispute(reference, dispute_id, verdict)
    await asyncio.sleep(0.005)
    reconciler = Reconciler(shop.log, shop.engine, shop.payments, tmp_path / "books.db")
    done = await reconciler.with_provider(grace=0)
    assert (done.completed, done.open) == (1, [])
    await stands(shop, order_id, verdict)
    await asyncio.sleep(0.005)
    done = await reconciler.with_provider(grace=0)
    assert (done.completed, done.open) == (0, [])


async def test_reconciling_asks_for_a_verdict_that_moved_no_money_however_old(shop: House, tmp_path: Path) -> None:
    order_id, reference = await paid(shop)
    dispute_id = await shop.gateway.open_dispute(reference, GRAND)
    await stands(shop, order_id, "open")
    silence(shop)
    await shop.gateway.decide_dispute(reference, dispute_id, "lost")
    reconciler = Reconciler(shop.log, shop.engine, shop.payments, tmp_path / "books.db")
    done = await reconciler.with_provider(since=shop.engine.clock() + 86_400_000, grace=0)
    assert (done.completed, done.open) == (1, [])
    await stands(shop, order_id, "lost")


# crashes


class Dying:
    """A process that ends with the recording of a dispute: before it, or after it was done."""

    def __init__(self, house: House, done: bool) -> None:
        self._submit, self._done = house.engine.submit, done
        house.engine.submit = self.submit  # type: ignore[method-assign, assignment]  # to die in the middle of it

    async def submit(self, command: Command, context: Context, **more: Any) -> Any:
        if isinstance(command, payment.RecordDispute):
            if self._done:
                await self._submit(command, context, **more)
            raise StorageUnavailable("the process died")
        return await self._submit(command, context, **more)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_recording_that_is_lost_is_made_by_the_next_process(tmp_path: Path, done: bool) -> None:
    first = House(tmp_path)
    await first.start()
    await first.stock(1)
    order_id, reference = await paid(first)
    Dying(first, done)
    await first.gateway.open_dispute(reference, PART)
    await until(lambda: first.callbacks)
    await first.close()
    async with opened(tmp_path) as second:
        await stands(second, order_id, "open")  # the callback was not taken, and comes again
        await asyncio.sleep(0.2)
        events = [recorded(row).event for row in await second.log.read_stream(payment_id(order_id))]
        assert [one.amount for one in events if isinstance(one, payment.DisputeOpened)] == [PART]
