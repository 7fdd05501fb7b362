"""What is left of each piece of an order when a part of its money goes back."""

from __future__ import annotations

from msgspec.structs import replace

from domain.books.course import Course
from domain.books.postings import NOTHING, Holding, Piece, given_back, pieces_of, postings_of_capture
from domain.orders.refund import RefundGranted, RefundLine
from domain.payments import payment
from tests.domain.books.journals import recorded
from tests.domain.orders.twosellers import QUOTE
from tests.spec import usd

PEN = Piece("lin_1", "shp_a", "goods", 100, 10, 0)
INK = Piece("lin_2", "shp_b", "goods", 40, 4, 0)
PARCEL = Piece("shp_a", "shp_a", "shipping", 20, 2, 0)
FREE = Piece("lin_3", "shp_b", "goods", 0, 0, 10)
"""The marketplace pays for all of it."""
ALL = Holding((PEN, INK, PARCEL))


def granted(amount: int, lines: dict[str, tuple[int, int]], **shipping: int) -> RefundGranted:
    """Amount and tax by line."""
    named = tuple(RefundLine(line_id, 1, usd(paid), usd(tax)) for line_id, (paid, tax) in lines.items())
    parcels = {shop_id: usd(paid) for shop_id, paid in shipping.items()}
    return RefundGranted("rfd_1", usd(amount), "late", 1, named, parcels)


def kept(holding: Holding) -> dict[str, tuple[int, int]]:
    return {piece.of: (piece.paid, piece.tax) for piece in holding.pieces}


def test_a_refund_takes_from_what_it_names_and_leaves_the_rest():
    after = given_back(ALL, 57, granted(57, {"lin_1": (50, 7)}, shp_a=7))
    assert kept(after) == {"lin_1": (50, 3), "lin_2": (40, 4), "shp_a": (13, 1)}


def test_the_tax_that_a_refund_names_goes_with_the_whole_of_its_line_only():
    named = granted(50, {"lin_1": (50, 7)})
    assert kept(given_back(ALL, 50, named))["lin_1"] == (50, 3)
    assert kept(given_back(ALL, 20, named))["lin_1"] == (80, 8), "a part of it came: in proportion"


def test_no_more_tax_goes_back_than_there_is():
    assert kept(given_back(ALL, 50, granted(50, {"lin_1": (50, 12)})))["lin_1"] == (50, 0)


def test_what_went_back_another_way_is_not_taken_again():
    named = granted(100, {"lin_1": (100, 10)})
    first = given_back(ALL, 60, named)
    assert kept(first)["lin_1"] == (40, 4)
    assert kept(given_back(first, 40, named, before=60))["lin_1"] == (0, 0)


def test_what_cost_nothing_goes_along_with_the_order():
    (_, free) = given_back(Holding((PEN, FREE)), 50).pieces
    assert free.discount == 5


def test_what_nobody_knows_a_piece_for_goes_back_last():
    after = given_back(Holding((PEN,), 30), 110)
    assert (after.pieces, after.beyond) == ((), 20)


# the course of the money


def test_a_dispute_that_is_open_moves_nothing():
    course = Course(None)
    course.take_in(recorded(payment.PaymentCaptured(usd(100)), 1))
    held = course.holding
    for event in (
        payment.DisputeOpened("dp_1", usd(100), "fraudulent", 5),
        payment.DisputeWon("dp_1", usd(100), 6),
    ):
        course.take_in(recorded(event, 2))
        assert course.holding == held


def test_money_of_an_order_that_nobody_knows_adds_up():
    course = Course(None)
    course.take_in(recorded(payment.PaymentCaptured(usd(100)), 1))
    course.take_in(recorded(payment.PaymentCaptured(usd(50)), 2))
    assert course.holding == Holding((), 150)
    assert course.since == 1


def test_a_refund_that_names_its_lines_leaves_what_cost_nothing_to_go_along():
    (pen, free) = given_back(Holding((PEN, FREE)), 50, granted(50, {"lin_1": (50, 5)})).pieces
    assert (pen.paid, free.discount) == (50, 5)


def test_of_a_line_that_goes_back_whole_nothing_is_kept():
    """Whatever tax the refund named: a cent may have been rounded away before."""
    cheaper = PEN._replace(discount=6)
    (pen, _) = given_back(Holding((cheaper, INK)), 100, granted(100, {"lin_1": (100, 7)})).pieces
    assert (pen.paid, pen.tax, pen.discount) == (0, 0, 0)


def test_an_order_whose_parcels_nobody_priced_falls_into_its_lines():
    assert [piece.of for piece in pieces_of(replace(QUOTE, derivation=()))] == ["lin_1", "lin_2"]


def test_of_nothing_nothing_is_posted():
    assert postings_of_capture(NOTHING, NOTHING, 0, 0) == ()


def test_the_parcels_of_another_shop_are_left_alone():
    other = Piece("shp_b", "shp_b", "shipping", 20, 2, 0)
    after = given_back(Holding((PEN, PARCEL, other)), 7, granted(7, {}, shp_b=7))
    assert kept(after) == {"lin_1": (100, 10), "shp_a": (20, 2), "shp_b": (13, 1)}


def test_nobody_pays_for_what_went_back():
    small = Piece("lin_0", "shp_a", "goods", 10, 1, 6)
    (gone, _) = given_back(Holding((small, PEN)), 10, granted(10, {"lin_0": (10, 1)})).pieces
    assert (gone.paid, gone.discount) == (0, 0)
