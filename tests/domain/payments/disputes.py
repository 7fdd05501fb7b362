"""What a provider says of a dispute and what is recorded of it; and a refund of an order that is disputed."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.money import Money
from domain.orders.aftersale import GrantRefund
from domain.orders.order import ORDER
from domain.payments.payment import DisputeLost, DisputeOpened, DisputeWon, RecordDispute
from tests.domain.checkout.story import ORDER as ORDER_ID
from tests.domain.checkout.story import PLACED
from tests.domain.orders.aftersale import SETTLED, after_sale
from tests.domain.payments.states import HALF, ID, PRICE
from tests.spec import Given, given

OPENED = DisputeOpened("dp_1", PRICE, "fraudulent", 5, 900)
PARTLY = replace(OPENED, amount=HALF)
WON, LOST = DisputeWon("dp_1", PRICE, 10), DisputeLost("dp_1", PRICE, 10)
PARTLY_LOST = replace(LOST, amount=HALF)


def notice(status: str, **changes: Any) -> RecordDispute:
    said = RecordDispute(ID, "ch_1", "dp_1", PRICE, "fraudulent", opened_at=5, evidence_by=900, status=status, at=10)
    return replace(said, **changes)


GRAND = after_sale().state.placed.quote.totals.grand


def paid() -> Given:
    events = [event for stream, event in SETTLED if stream == ORDER_ID]
    return given(ORDER, PLACED, *events)


def grant(amount: Money | None, contested: int = 0, lost: int = 0) -> GrantRefund:
    usd = (Money(contested, "USD"), Money(lost, "USD"))
    return GrantRefund(ORDER_ID, "rfd_1", "goodwill", 9, amount, contested=usd[0], lost=usd[1])
