"""One order over a real quote, to which anything may happen that gives money back; and what it gave back, counted by
somebody else: to the payment method, to the gift card, and, in the ledger, by seller and in tax."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec.structs import replace

from domain.books.course import TAKEN, Course
from domain.books.ledger import GIFT_CARDS, PROVIDER
from domain.books.postings import Holding, postings_of_capture, postings_of_refund
from domain.decider import Command
from domain.errors import DomainError
from domain.ids import payment_id
from domain.money import Money, round_half_up
from domain.orders import order, owed
from domain.orders.aftersale import ApproveReturn, CancelLines, GrantRefund, ReceiveReturn, RequestReturn
from domain.orders.order import ORDER, CancelledOrder, OpenOrder, PaidOrder
from domain.orders.orderstate import ordered, to_send
from domain.orders.parcelling import MarkShipmentPaid
from domain.orders.policy import PARCEL
from domain.orders.refund import RefundGranted
from domain.orders.returns import received
from domain.orders.shipment import ShipmentGiven, packed
from domain.orders.tender import Covered
from domain.payments.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import PaymentCaptured, PaymentRefunded
from domain.pricing.pieces import pieces_of
from domain.pricing.pricing import Quote
from domain.recorded import Meta, Recorded
from tests.domain.orders.twosellers import ID, placed

META = Meta(1, 1, "", "", ID, "", "", b"")
WINDOW = 1 << 40
CARD = "gft_1"


class Sale:
    """Paid at once, a part of it perhaps by a gift card, or by parcel."""

    def __init__(self, quote: Quote, card: int = 0, by_parcel: bool = False) -> None:
        grand = quote.totals.grand
        self.quote, self.card, self.by_parcel = quote, card, by_parcel and grand.amount > 0
        self.method = grand.amount - card
        self.back: Counter[str] = Counter()
        """Minor units that went back, by account."""
        self.taken: Counter[str] = Counter()
        self.moves: list[Any] = []
        """What the ledger hears of."""
        self.by_amount = False
        """Somebody named an amount, so what lines cost went back otherwise than line by line."""
        self.number = 0
        first = placed(quote)
        if card:
            first = replace(first, gift_card=Covered(CARD, Money(card, grand.currency)))
        if by_parcel:
            first = replace(first, capture=PARCEL)
        self.state: Any = ORDER.fold([first, order.OrderConfirmed()])
        if not self.by_parcel:
            self._is_paid(grand)

    def _is_paid(self, grand: Money) -> None:
        for account, amount in ((PROVIDER, self.method), (GIFT_CARDS, self.card)):
            if amount:
                money = Money(amount, grand.currency)
                self._takes(account, PaymentCaptured(money) if account == PROVIDER else GiftCardRedeemed(ID, money))
        self.do(order.MarkOrderPaid(ID, payment_id(ID) if grand.amount else "", 1))

    def _takes(self, account: str, event: Any) -> None:
        self.moves.append(event)
        self.taken[account] += event.amount.amount

    # what may happen

    def fresh(self, kind: str) -> str:
        self.number += 1
        return f"{kind}_by_hand_{self.number}"

    def do(self, command: Command) -> bool:
        """Whether it was allowed. What the order says then happens to the money."""
        try:
            events = ORDER.decide(command, self.state)
        except DomainError:
            return False
        for event in events:
            self.state = ORDER.evolve(self.state, event)
            self._follows(event)
        self.is_sound()
        return True

    def _follows(self, event: Any) -> None:
        match event:
            case order.OrderGiven() | order.OrderGivenBack() | ShipmentGiven():
                self.moves.append(event)
            case RefundGranted(refund_id=refund_id, to_method=method, gift_card=card):
                self.by_amount |= not (event.lines or event.shipping)
                self._goes_back(method, card, refund_id)
            case order.OrderCancelled():
                currency = self.quote.totals.grand.currency
                left = [Money(self.taken[of] - self.back[of], currency) for of in (PROVIDER, GIFT_CARDS)]
                self._goes_back(left[0], left[1], "")

    def _goes_back(self, method: Money, card: Money | None, refund_id: str) -> None:
        if method.amount:
            self.moves.append(PaymentRefunded(method, refund_id))
            self.back[PROVIDER] += method.amount
        if card is not None and card.amount:
            self.moves.append(GiftCardRefunded(ID, card, refund_id))
            self.back[GIFT_CARDS] += card.amount

    def calls_off(self, line_id: str, units: int | None) -> bool:
        return self.do(CancelLines(ID, self.fresh("can"), self.fresh("rfd"), {line_id: units}, 2))

    def sends(self, line_id: str, units: int) -> None:
        shop_id = next(line.shop_id for line in self.quote.lines if line.line_id == line_id)
        shipment_id = self.fresh("shi")
        wanted = {line_id: units}
        if not self.do(order.PackShipment(ID, shipment_id, shop_id, 3, wanted, "UPS")):
            return
        if self.by_parcel:
            due = self.state.shipments[shipment_id].due
            if due.amount:
                self._takes(PROVIDER, PaymentCaptured(due, shipment_id))
            self.do(MarkShipmentPaid(ID, shipment_id, 3))
        self.do(order.DeliverShipment(ID, shipment_id, 4))

    def sends_back(self, line_id: str, units: int | None, shipping: bool) -> bool:
        return_id = self.fresh("ret")
        if not self.do(RequestReturn(ID, return_id, {line_id: units}, 5, WINDOW)):
            return False
        self.do(ApproveReturn(ID, return_id, 5))
        refund_id = self.fresh("rfd")
        if shipping and self.do(ReceiveReturn(ID, return_id, refund_id, 6, True, refund_shipping=True)):
            return True
        return self.do(ReceiveReturn(ID, return_id, refund_id, 6, True))

    def refunds(self, amount: int) -> None:
        self.do(GrantRefund(ID, self.fresh("rfd"), "goodwill", 7, Money(amount, self.quote.totals.grand.currency)))

    def refunds_lines(self, units: dict[str, int | None], shipping: bool) -> None:
        self.do(GrantRefund(ID, self.fresh("rfd"), "damaged", 7, units=units, shipping=shipping))

    def everything_comes_back(self) -> None:
        """What was not sent is called off, what was sent comes back, and carrying it is not charged for."""
        for line in self.quote.lines:
            if isinstance(self.state, OpenOrder | PaidOrder) and to_send(self.state)[line.line_id]:
                assert self.calls_off(line.line_id, None), self.state
        for line in self.quote.lines:
            if isinstance(self.state, PaidOrder):
                self.sends_back(line.line_id, None, shipping=False)
        if isinstance(self.state, PaidOrder) and owed.left(self.state).amount:
            self.refunds_lines({}, shipping=True)
        if self.by_amount and isinstance(self.state, PaidOrder) and owed.left(self.state).amount:
            self.refunds(owed.left(self.state).amount)  # less than carrying it had cost: somebody was given a part

    # what must be true

    def is_sound(self) -> None:
        """At any moment: nobody has back more than was taken, of nothing."""
        for account in (PROVIDER, GIFT_CARDS):
            assert self.back[account] <= self.taken[account], (self.back, self.taken)
        granted = self.state.refunds.values() if isinstance(self.state, PaidOrder | CancelledOrder) else ()
        for line in self.quote.lines:
            shares = [one for granting in granted for one in granting.lines if one.line_id == line.line_id]
            assert all(0 <= one.tax.amount <= one.amount.amount for one in shares)
            assert sum(one.quantity for one in shares) <= line.quantity
            assert sum(one.amount.amount for one in shares) <= line.total.amount
            assert sum(one.tax.amount for one in shares) <= line.tax.amount

    def balances(self, rate_ppm: int) -> Counter[str]:
        """Of the ledger, which is in balance after each movement and holds no more than is there."""
        course, accounts, kept = Course(self.state), Counter[str](), 0
        for position, event in enumerate(self.moves, 1):
            was, now = course.holding, course.after(event)
            by = GIFT_CARDS if isinstance(event, GiftCardRedeemed | GiftCardRefunded) else PROVIDER
            posted = (postings_of_capture if isinstance(event, TAKEN) else postings_of_refund)(
                was, now, event.amount.amount, rate_ppm, by
            )
            assert sum(posting.amount for posting in posted) == 0
            for posting in posted:
                accounts[posting.account] += posting.amount
            course.take_in(Recorded(position, "pay_1", position, event, META, b""))
            kept += event.amount.amount if isinstance(event, TAKEN) else -event.amount.amount
            assert course.holding.paid == kept, (event, course.holding)
            assert not course.holding.beyond
            assert all(0 <= one.tax <= one.paid and one.discount >= 0 for one in course.holding.pieces)
        self._gifts_are_owed_as_long_as_they_are_sold(course.holding)
        return accounts

    def _gifts_are_owed_as_long_as_they_are_sold(self, holding: Holding) -> None:
        """To the cent, where nobody chose an amount; whatever else came back."""
        state, quantities = self.state, {line.line_id: line.quantity for line in self.quote.lines}
        if self.by_amount or not isinstance(state, PaidOrder):
            return
        there = {piece.of: piece.discount for piece in holding.pieces}
        back = received(state.returns.values())
        for piece in pieces_of(self.quote):
            if piece.what == "goods" and not piece.paid:
                of, whole = piece.of, quantities[piece.of]
                sold = packed(state.shipments).get(of, 0) if self.by_parcel else whole
                gone = back.get(of, 0) + (0 if self.by_parcel else whole - ordered(state)[of])
                upto = [round_half_up(piece.discount * count, whole) for count in (sold, gone)]
                assert there.get(of, 0) == upto[0] - upto[1], (piece, there, sold, gone)

    def carried_for_nothing(self) -> Counter[str]:
        """By shop, what the marketplace pays of parcels that were made and cost the buyer nothing."""
        sent = {one.shop_id for one in self.state.shipments.values()} if isinstance(self.state, PaidOrder) else set()
        pieces = [piece for piece in pieces_of(self.quote) if piece.what == "shipping" and not piece.paid]
        return Counter({piece.shop_id: piece.discount for piece in pieces if piece.shop_id in sent})
