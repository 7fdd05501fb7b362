"""How long an order may rest, and what follows from events that come too late."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import Invalid
from domain.orders.order import LINES_MAX, ORDER, OrderCancelled
from domain.orders.orderstate import PaidOrder, rests
from domain.orders.shipment import NAME_MAX, check_carriage, to_pack
from tests.domain.checkout.story import CONFIRMED, placed
from tests.domain.machines.goods import place_order
from tests.domain.orders.doubtful import APPROVED, BEGUN, DOUBTFUL
from tests.domain.orders.latecapture import AFTER_A_DAY, AT_SHIPMENT, PACKED, PAID
from tests.domain.orders.twosellers import QUOTE
from tests.spec import given

STANDS = CONFIRMED[1]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), False),
        ((placed(),), False),
        ((placed(), STANDS), False),
        ((AT_SHIPMENT,), False),
        ((AT_SHIPMENT, STANDS), True),
        ((AFTER_A_DAY, STANDS), True),
        ((AT_SHIPMENT, STANDS, PACKED), False),
        ((AT_SHIPMENT, STANDS, PAID), False),
        ((DOUBTFUL,), False),
        ((DOUBTFUL, BEGUN), True),
        ((DOUBTFUL, BEGUN, APPROVED), False),
        ((DOUBTFUL, BEGUN, OrderCancelled("rejected")), False),
    ],
)
def test_an_order_rests_while_a_person_or_an_hour_is_waited_for(events: tuple, expected: bool):
    assert rests(given(ORDER, *events).state) is expected


@pytest.mark.parametrize(("lines", "accepted"), [(0, False), (1, True), (LINES_MAX, True), (LINES_MAX + 1, False)])
def test_an_order_has_so_many_lines_and_no_more(lines: int, accepted: bool):
    many = place_order("ord_1", replace(QUOTE, lines=(QUOTE.lines[0],) * lines))
    if accepted:
        assert len(ORDER.decide(many, given(ORDER).state)) == 1
    else:
        given(ORDER).when(many).then_refused(Invalid)


def test_an_order_that_was_called_off_before_it_is_paid_has_no_parcels():
    paid = given(ORDER, placed(), OrderCancelled("expired"), PAID).state
    assert paid == PaidOrder(placed(), PAID.payment_id)


# parcels


def test_all_that_is_left_goes_into_a_parcel_named_or_not():
    assert to_pack({"lin_1": 2, "lin_2": 0}, {}) == {"lin_1": 2}
    assert to_pack({"lin_1": 2, "lin_2": 0}, {"lin_1": 2}) == {"lin_1": 2}
    assert to_pack({"lin_1": 2}, {"lin_1": 1}) == {"lin_1": 1}


def test_a_carrier_has_a_name_of_bearable_length():
    check_carriage("x" * NAME_MAX, "x" * NAME_MAX)
    with pytest.raises(Invalid):
        check_carriage("UPS", "x" * (NAME_MAX + 1))
