"""Asking for a letter: each time it is asked for, but not twice for one wish."""

from __future__ import annotations

import pytest

from domain.buyers.reset import AGAIN_MS, RESET, AskReset, ResetAsked, lookup_of, reset_of
from tests.spec import given

ID = reset_of("5f2b")
AT = 1_795_800_000_000


def test_asking_is_kept_with_its_instant() -> None:
    asked = given(RESET).when(AskReset(ID, AT)).then(ResetAsked(AT))
    assert asked.state.asked_at == AT


def test_a_button_pressed_twice_is_one_wish() -> None:
    asked = given(RESET, ResetAsked(AT))
    asked.when(AskReset(ID, AT)).then_nothing()
    asked.when(AskReset(ID, AT + AGAIN_MS - 1)).then_nothing()
    asked.when(AskReset(ID, AT + AGAIN_MS)).then(ResetAsked(AT + AGAIN_MS))


@pytest.mark.parametrize("back", [1, AGAIN_MS, 10 * AGAIN_MS])
def test_a_clock_that_was_put_back_keeps_nobody_waiting(back: int) -> None:
    given(RESET, ResetAsked(AT)).when(AskReset(ID, AT - back)).then(ResetAsked(AT - back))


def test_the_stream_names_the_address_by_its_look_up() -> None:
    assert lookup_of(ID) == "5f2b"
