"""What an Accept-Language asks for, and a thing that is told in several languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from domain.catalog.language import best_of
from readapi.shown.languages import RANGES_MAX, VARY, InLanguages, told_headers, wanted_of


def asked(value: str | None) -> tuple[str, ...]:
    headers = [] if value is None else [(b"accept-language", value.encode("latin-1", "replace"))]
    return wanted_of(Request({"type": "http", "headers": headers}))


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (None, ()),
        ("", ()),
        ("de", ("de",)),
        ("de-AT, de;q=0.9, en;q=0.5", ("de-at", "de", "en")),
        ("en;q=0.5,FR ; q=0.7,*;q=0.1", ("fr", "en", "*")),
        ("en,de", ("en", "de")),
        ("de;q=0, en", ("en",)),
        ("de;q=2, fr;q=x, ;;, é, en", ("en",)),
        ("de,de-DE,de", ("de", "de-de")),
        (",".join(f"x-{n}" for n in range(30)), tuple(f"x-{n}" for n in range(RANGES_MAX))),
    ],
)
def test_the_dearest_come_first_and_nonsense_is_passed_over(sent: str | None, wanted: tuple[str, ...]):
    assert asked(sent) == wanted


@given(st.text(max_size=600))
def test_any_header_asks_for_something(sent: str):
    assert best_of(("en", "de"), asked(sent)) in ("en", "de")


def test_told_in_the_language_that_is_wanted_most_or_its_own():
    texts = InLanguages(("en", "de"), {"en": 1, "de": 2})
    assert (texts.best(()), texts.best(("de-at",)), texts.best(("fr",))) == (1, 2, 1)
    assert InLanguages(("de",), {"de": 2}).best(("en",)) == 2


def test_a_list_says_all_languages_it_is_told_in():
    assert told_headers(["de", "en", "de"]) == ((b"content-language", b"de, en"), VARY)
    assert told_headers([]) == (VARY,)
