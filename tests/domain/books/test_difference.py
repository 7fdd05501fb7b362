"""A difference is found once, explained by people, and settled by people or by itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.books.difference import (
    DIFFERENCE,
    NOTE_MAX,
    Difference,
    DifferenceExplained,
    DifferenceFound,
    DifferenceSettled,
    ExplainDifference,
    FindDifference,
    SettleDifference,
    difference_id,
    explanation,
)
from domain.errors import Invalid, NotFound
from domain.money import Money
from tests.spec import given

WHAT = Difference("capture_missing", "ord_1", "ch_1", Money(1999, "USD"), Money(0, "USD"), 1)
ID = difference_id(WHAT)
FOUND = DifferenceFound(WHAT, 10)
SETTLED = DifferenceSettled("paid by hand", "usr_1", 20)
FIND = FindDifference(ID, WHAT, 10)


def test_it_is_found_once() -> None:
    given(DIFFERENCE).when(FIND).then(FOUND).when(replace(FIND, at=11)).then_nothing()


def test_its_id_is_what_differs() -> None:
    assert difference_id(replace(WHAT, at=99)) == ID
    others = [
        replace(WHAT, kind="refund_missing"),
        replace(WHAT, order_id="ord_2"),
        replace(WHAT, reference="ch_2"),
        replace(WHAT, ours=Money(2000, "USD")),
        replace(WHAT, theirs=Money(0, "EUR")),
    ]
    assert len({ID, *map(difference_id, others)}) == 6
    assert ID.startswith("dif_")
    assert len(ID) == 30


def test_it_is_explained_and_stays_open() -> None:
    explain = ExplainDifference(ID, " asked them ", "usr_1", 15)
    explained = DifferenceExplained("asked them", "usr_1", 15)
    state = given(DIFFERENCE, FOUND).when(explain).then(explained).state
    assert (state.status, state.note) == ("open", "asked them")
    given(DIFFERENCE, FOUND, explained).when(explain).then_nothing()


def test_it_is_settled_once() -> None:
    settle = SettleDifference(ID, "paid by hand", "usr_1", 20)
    given(DIFFERENCE, FOUND).when(settle).then(SETTLED).when(settle).then_nothing()


def test_what_a_person_settled_stays_settled_though_it_is_found_again() -> None:
    given(DIFFERENCE, FOUND, SETTLED).when(FIND).then_nothing()


def test_what_went_by_itself_and_is_back_is_found_anew() -> None:
    gone = DifferenceSettled("not found", "", 20)
    state = given(DIFFERENCE, FOUND, gone).when(replace(FIND, at=30)).then(DifferenceFound(WHAT, 30)).state
    assert (state.status, state.found_at) == ("open", 30)


def test_what_nobody_found_is_neither_explained_nor_settled() -> None:
    for command in (ExplainDifference(ID, "x", "usr_1", 1), SettleDifference(ID, "x", "usr_1", 1)):
        given(DIFFERENCE).when(command).then_refused(NotFound)


def test_a_note_says_something_and_ends() -> None:
    for note in ("  ", "x" * 1001):
        refused = given(DIFFERENCE, FOUND).when(SettleDifference(ID, note, "usr_1", 1)).then_refused(Invalid)
        assert refused.pointer == "/note"


@pytest.mark.parametrize("note", ["x", "x" * NOTE_MAX])
def test_a_note_may_be_as_short_and_as_long_as_this(note: str) -> None:
    given(DIFFERENCE, FOUND).when(SettleDifference(ID, note, "usr_1", 20)).then(DifferenceSettled(note, "usr_1", 20))


def test_money_that_no_order_is_known_for_is_told_as_such() -> None:
    assert "no order" in explanation(replace(WHAT, kind="unknown_charge", order_id=""))
    assert "order ord_1" in explanation(replace(WHAT, kind="unknown_charge"))
