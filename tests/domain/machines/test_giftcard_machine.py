"""A gift card against a model: nobody takes what is not there, what is taken ends once, no value is lost or made."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from domain.money import Money
from domain.payments import giftcard
from domain.payments.giftcard import GIFT_CARD, GiftCard
from tests.domain.machines.aggregate import AggregateMachine

ID = "gft_1"
ORDERS = ("ord_1", "ord_2", "ord_3", "ord_4")
REFUNDS = ("rfd_1", "rfd_2", giftcard.THE_REST)
orders = st.sampled_from(ORDERS)


class GiftCardMachine(AggregateMachine):
    decider = GIFT_CARD

    def __init__(self) -> None:
        super().__init__()
        self.value = 0
        self.now = 0
        self.reserved: dict[str, int] = {}
        self.redeemed: dict[str, int] = {}
        self.ended: set[str] = set()
        """Orders whose reservation was redeemed or released."""
        self.back: dict[tuple[str, str], int] = {}

    @initialize(amount=st.integers(1, 500), expires=st.sampled_from((0, 0, 30)), shop_id=st.sampled_from(("", "shp_a")))
    def issue(self, amount: int, expires: int, shop_id: str) -> None:
        self.value = amount
        self.ask(giftcard.IssueGiftCard(ID, Money(amount, "USD"), self.now, expires, shop_id))

    @rule(amount=st.integers(1, 500), expires=st.sampled_from((0, 30)))
    def issue_again(self, amount: int, expires: int) -> None:
        assert self.again(giftcard.IssueGiftCard(ID, Money(amount, "USD"), self.now, expires)) == []

    @rule(order_id=orders, amount=st.integers(1, 300), currency=st.sampled_from(("USD", "USD", "USD", "EUR")))
    def reserve(self, order_id: str, amount: int, currency: str) -> None:
        command = giftcard.ReserveGiftCard(ID, order_id, Money(amount, currency), self.now)
        decided = self.ask(command, once=False)
        assert isinstance(decided, list)
        for event in decided:
            if isinstance(event, giftcard.GiftCardReserved):
                assert order_id not in self.reserved.keys() | self.ended
                assert currency == "USD"
                self.reserved[order_id] = amount
                assert self.again(command) == []

    @rule(order_id=orders)
    def release(self, order_id: str) -> None:
        decided = self.ask(giftcard.ReleaseGiftCard(ID, order_id))
        assert bool(decided) == (order_id in self.reserved)
        if decided:
            del self.reserved[order_id]
            self.ended.add(order_id)

    @rule(order_id=orders)
    def redeem(self, order_id: str) -> None:
        decided = self.ask(giftcard.RedeemGiftCard(ID, order_id))
        if isinstance(decided, list) and decided:
            assert order_id not in self.ended
            self.redeemed[order_id] = self.reserved.pop(order_id)
            self.ended.add(order_id)

    @rule(order_id=orders, refund_id=st.sampled_from(REFUNDS), amount=st.one_of(st.none(), st.integers(0, 200)))
    def give_back(self, order_id: str, refund_id: str, amount: int | None) -> None:
        wanted = None if amount is None else Money(amount, "USD")
        decided = self.ask(giftcard.RefundGiftCard(ID, order_id, refund_id, wanted))
        for event in decided if isinstance(decided, list) else []:
            assert isinstance(event, giftcard.GiftCardRefunded)
            assert (order_id, refund_id) not in self.back
            self.back[order_id, refund_id] = event.amount.amount

    @rule(ms=st.integers(1, 20))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule(seldom=st.sampled_from((True, False, False, False)))
    def disable(self, seldom: bool) -> None:
        if seldom:
            self.ask(giftcard.DisableGiftCard(ID))

    @invariant()
    def no_value_is_lost_or_made(self) -> None:
        if not isinstance(self.state, GiftCard):
            return
        reserved, redeemed, back = (sum(known.values()) for known in (self.reserved, self.redeemed, self.back))
        assert self.state.balance >= 0
        assert self.state.reserved == reserved
        assert self.value == self.state.balance + reserved + redeemed - back
        for order_id, amount in self.redeemed.items():
            assert sum(self.back.get((order_id, refund_id), 0) for refund_id in REFUNDS) <= amount


TestGiftCard = GiftCardMachine.TestCase
TestGiftCard.settings = settings(max_examples=60, stateful_step_count=40)
