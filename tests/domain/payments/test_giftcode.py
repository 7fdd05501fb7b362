"""Codes of gift cards: the same request, the same code; the same code, the same card, however it is typed."""

from __future__ import annotations

import re

import pytest

from domain.payments.giftcode import SIGNS, TYPED_MAX, card_of, new_code
from readapi.edge.schemas import looks_like_card_number

KEY, OTHER = b"k" * 32, b"o" * 32
CODE = new_code(KEY, "usr_1", "key-1")


def test_a_code_follows_from_who_asks_and_under_which_key():
    assert new_code(KEY, "usr_1", "key-1") == CODE
    others = {new_code(KEY, "usr_2", "key-1"), new_code(KEY, "usr_1", "key-2"), new_code(OTHER, "usr_1", "key-1")}
    assert len(others | {CODE}) == 4


def test_it_is_told_in_four_groups_that_no_bank_card_looks_like():
    for number in range(2_000):
        code = new_code(KEY, "usr_1", str(number))
        assert re.fullmatch(r"([A-Z][0-9A-Z]{3}-){3}[A-Z][0-9A-Z]{3}", code)
        assert set(code) <= {*SIGNS, "-"}
        assert not looks_like_card_number(code)


def test_a_card_is_found_however_its_code_is_typed():
    card = card_of(KEY, CODE)
    assert re.fullmatch(r"gft_[0-7][0-9A-HJKMNP-TV-Z]{25}", card)
    plain = CODE.replace("-", "")
    typed = [plain, CODE.lower(), CODE.replace("-", " "), f" {plain} ", plain.replace("0", "O").replace("1", "l")]
    assert {card_of(KEY, text) for text in typed} == {card}


def test_another_secret_or_code_leads_to_another_card():
    changed = CODE[:-1] + ("2" if CODE[-1] != "2" else "3")
    assert len({card_of(KEY, CODE), card_of(OTHER, CODE), card_of(KEY, changed)}) == 3


@pytest.mark.parametrize(
    "text", ["", "K7Q4", CODE + "A", CODE.replace("-", "_"), CODE[:-1] + "Ü", "-" * TYPED_MAX + CODE]
)
def test_other_texts_are_no_codes(text):
    assert card_of(KEY, text) == ""


def test_a_card_says_nothing_of_its_code():
    assert not set(CODE.split("-")) & {card_of(KEY, CODE)[i : i + 4] for i in range(30)}


def test_a_code_may_be_typed_with_so_many_blanks_and_no_more():
    padded = CODE.ljust(TYPED_MAX)
    assert card_of(KEY, padded) == card_of(KEY, CODE)
    assert card_of(KEY, padded + " ") == ""
