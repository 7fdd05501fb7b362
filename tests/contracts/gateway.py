"""What every payment gateway does, whatever its provider. Subclass it and say how to open one."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from domain.money import Money
from streams.gateways.port import (
    Authorized,
    BadSignature,
    Captured,
    CaptureRefused,
    Declined,
    GatewayError,
    PaymentGateway,
    Refunded,
    RefundRefused,
    Voided,
)

PRICE = Money(1999, "USD")
ORDER = "ord_1"
CLOCKS_MS = 2_000
"""How far the provider's clock may be behind ours."""


class GatewayContract(ABC):
    good = "pm_card_visa"
    declined = "pm_card_declined"

    @abstractmethod
    def open(self, folder: Path) -> AbstractAsyncContextManager[PaymentGateway]: ...

    @pytest.fixture
    async def gateway(self, tmp_path: Path) -> AsyncIterator[PaymentGateway]:
        async with self.open(tmp_path) as gateway:
            yield gateway

    async def authorized(self, gateway: PaymentGateway, key: str = "pay_1/1") -> str:
        result = await gateway.authorize(key, ORDER, PRICE, self.good)
        assert isinstance(result, Authorized)
        return result.reference

    async def test_authorizes_once_per_key(self, gateway):
        first = await gateway.authorize("pay_1/1", ORDER, PRICE, self.good)
        assert isinstance(first, Authorized)
        assert first.reference
        assert await gateway.authorize("pay_1/1", ORDER, PRICE, self.good) == first
        assert await gateway.find("pay_1/1") == first

    async def test_simultaneous_calls_with_one_key_are_one_charge(self, gateway):
        results = await asyncio.gather(*(gateway.authorize("pay_1/1", ORDER, PRICE, self.good) for _ in range(20)))
        assert len(set(results)) == 1

    async def test_other_keys_are_other_charges(self, gateway):
        assert await self.authorized(gateway, "pay_1/1") != await self.authorized(gateway, "pay_2/1")

    async def test_declines_once_and_for_all(self, gateway):
        first = await gateway.authorize("pay_1/1", ORDER, PRICE, self.declined)
        assert isinstance(first, Declined)
        assert first.reason
        assert await gateway.authorize("pay_1/1", ORDER, PRICE, self.declined) == first
        assert await gateway.find("pay_1/1") == first

    async def test_a_key_belongs_to_one_request(self, gateway):
        await self.authorized(gateway)
        with pytest.raises(GatewayError):
            await gateway.authorize("pay_1/1", ORDER, Money(1, "USD"), self.good)

    async def test_knows_nothing_of_a_key_it_never_saw(self, gateway):
        assert await gateway.find("pay_1/1") is None

    async def test_captures_and_gives_back(self, gateway):
        reference = await self.authorized(gateway)
        for _ in range(2):
            assert await gateway.capture("pay_1/2", reference, PRICE) == Captured()
        assert await gateway.find("pay_1/2") == Captured()
        for _ in range(2):
            assert await gateway.refund("pay_1/4", reference, PRICE) == Refunded()
        assert await gateway.find("pay_1/4") == Refunded()

    async def test_voids_and_then_refuses_to_capture(self, gateway):
        reference = await self.authorized(gateway)
        for _ in range(2):
            assert await gateway.void("pay_1/3", reference) == Voided()
        assert await gateway.find("pay_1/3") == Voided()
        assert isinstance(await gateway.capture("pay_1/5", reference, PRICE), CaptureRefused)

    async def test_captures_no_more_than_authorized(self, gateway):
        reference = await self.authorized(gateway)
        assert isinstance(await gateway.capture("pay_1/2", reference, Money(2000, "USD")), CaptureRefused)

    async def test_a_capture_after_which_no_more_is_to_come_lets_the_rest_go(self, gateway):
        reference = await self.authorized(gateway)
        assert await gateway.capture("pay_1/3", reference, Money(1500, "USD")) == Captured()
        assert isinstance(await gateway.capture("pay_1/5", reference, Money(1, "USD")), CaptureRefused)

    async def test_gives_back_no_more_than_was_taken(self, gateway):
        reference = await self.authorized(gateway)
        refused = await gateway.refund("pay_1/3", reference, PRICE)
        assert isinstance(refused, RefundRefused)
        assert refused.reason
        assert await gateway.refund("pay_1/3", reference, PRICE) == refused
        assert await gateway.find("pay_1/3") in (refused, None), "who keeps no record of it has not heard of it"

    async def test_gives_back_in_parts(self, gateway):
        reference = await self.authorized(gateway)
        await gateway.capture("pay_1/2", reference, PRICE)
        assert await gateway.refund("pay_1/4", reference, Money(999, "USD")) == Refunded()
        assert isinstance(await gateway.refund("pay_1/6", reference, Money(1001, "USD")), RefundRefused)
        assert await gateway.refund("pay_1/8", reference, Money(1000, "USD")) == Refunded()
        assert isinstance(await gateway.refund("pay_1/10", reference, Money(1, "USD")), RefundRefused)

    async def test_refuses_to_give_back_what_it_never_heard_of(self, gateway):
        assert isinstance(await gateway.refund("pay_1/4", "ch_nobody", PRICE), RefundRefused)

    async def test_accounts_for_whatever_moved_money(self, gateway):
        begun = int(time.time() * 1000) - CLOCKS_MS
        reference = await self.authorized(gateway)
        await gateway.authorize("pay_2/1", "ord_2", PRICE, self.declined)
        await gateway.capture("pay_1/2", reference, PRICE)
        await gateway.refund("pay_1/4", reference, Money(500, "USD"))
        other = await self.authorized(gateway, "pay_3/1")
        await gateway.void("pay_3/2", other)
        expected = {
            ("pay_1/1", reference, ORDER, "authorize", 1999),
            ("pay_1/2", reference, ORDER, "capture", 1999),
            ("pay_1/4", reference, ORDER, "refund", 500),
            ("pay_3/1", other, ORDER, "authorize", 1999),
            ("pay_3/2", other, ORDER, "void", 1999),
        }
        rows = [row async for row in gateway.settlement(begun)]
        assert {(row.key, row.reference, row.order_id, row.kind, row.amount) for row in rows} == expected
        assert {row.currency for row in rows} == {"USD"}
        assert [row async for row in gateway.settlement(begun - 1_000, begun)] == []

    async def test_tells_of_no_disputes_where_there_are_none(self, gateway):
        reference = await self.authorized(gateway)
        await gateway.capture("pay_1/2", reference, PRICE)
        assert list(await gateway.disputes(reference)) == []

    async def test_remembers_after_a_restart(self, tmp_path):
        async with self.open(tmp_path) as gateway:
            reference = await self.authorized(gateway)
        async with self.open(tmp_path) as gateway:
            found = await gateway.find("pay_1/1")
            assert isinstance(found, Authorized)
            assert found.reference == reference
            assert await gateway.capture("pay_1/2", reference, PRICE) == Captured()

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"},
            {"webhook-id": "msg_1", "webhook-timestamp": "", "webhook-signature": "v1,é"},
        ],
    )
    async def test_believes_no_callback_without_a_good_signature(self, gateway, headers):
        with pytest.raises(BadSignature):
            gateway.notice(b"{}", headers)


class PartsContract(GatewayContract):
    """Of gateways whose charges can be captured in several parts."""

    async def test_captures_in_parts_up_to_what_was_authorized(self, gateway):
        charge = await gateway.authorize("pay_1/1", ORDER, PRICE, self.good, in_parts=True)
        first, second = Money(1500, "USD"), Money(499, "USD")
        for _ in range(2):
            assert await gateway.capture("pay_1/3", charge.reference, first, more=True) == Captured()
        assert isinstance(
            await gateway.capture("pay_1/5", charge.reference, Money(500, "USD"), more=True), CaptureRefused
        )
        for _ in range(2):
            assert await gateway.capture("pay_1/7", charge.reference, second, more=True) == Captured()
        assert isinstance(
            await gateway.capture("pay_1/9", charge.reference, Money(1, "USD"), more=True), CaptureRefused
        )
        assert await gateway.refund("pay_1/11", charge.reference, PRICE) == Refunded()
        rows = [(row.key, row.amount) async for row in gateway.settlement() if row.kind == "capture"]
        assert sorted(rows) == [("pay_1/3", 1500), ("pay_1/7", 499)]

    async def test_lets_go_of_what_no_part_took(self, gateway):
        charge = await gateway.authorize("pay_1/1", ORDER, PRICE, self.good, in_parts=True)
        await gateway.capture("pay_1/3", charge.reference, Money(1500, "USD"), more=True)
        for _ in range(2):
            assert await gateway.void("pay_1/5", charge.reference) == Voided()
        assert isinstance(
            await gateway.capture("pay_1/7", charge.reference, Money(1, "USD"), more=True), CaptureRefused
        )
        assert isinstance(await gateway.refund("pay_1/9", charge.reference, PRICE), RefundRefused)
        assert await gateway.refund("pay_1/11", charge.reference, Money(1500, "USD")) == Refunded()
        rows = [(row.kind, row.amount) async for row in gateway.settlement()]
        assert sorted(rows) == [("authorize", 1999), ("capture", 1500), ("refund", 1500), ("void", 499)]
