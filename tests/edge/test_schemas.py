"""Shared models, and the check that keeps card numbers out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from readapi.edge import schemas
from readapi.edge.schemas import AddressIn, Command, MoneyIn, Password, Problem, looks_like_card_number

ADDRESS = {"name": "Ada", "line1": "12 Market St", "city": "Springfield", "postalCode": "62701", "country": "US"}


@pytest.fixture
def countries():
    schemas.know_countries(["US", "DE"])
    yield
    schemas.know_countries([])


def test_money():
    assert MoneyIn.model_validate({"amount": 1999, "currency": "USD"}).amount == 1999


@pytest.mark.parametrize("amount", [-1, 10**12 + 1, 1.0, "5", True, None])
def test_bad_amounts(amount):
    with pytest.raises(ValidationError):
        MoneyIn.model_validate({"amount": amount, "currency": "USD"})


@pytest.mark.parametrize("currency", ["usd", "US", "USDX", "ZZZ", "", None, "ÜÄÖ"])
def test_bad_currencies(currency):
    with pytest.raises(ValidationError):
        MoneyIn.model_validate({"amount": 1, "currency": currency})


def test_address():
    address = AddressIn.model_validate(ADDRESS | {"name": "  Ada  "})
    assert (address.name, address.postal_code, address.line2) == ("Ada", "62701", None)


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"line1": "x" * 201},
        {"city": "a\nb"},
        {"postalCode": "x" * 21},
        {"country": "USA"},
        {"country": "us"},
        {"county": "unknown field"},
        {"name": None},
    ],
)
def test_bad_addresses(change):
    with pytest.raises(ValidationError):
        AddressIn.model_validate(ADDRESS | change)


def test_countries_can_be_restricted(countries):
    assert AddressIn.model_validate(ADDRESS).country == "US"
    with pytest.raises(ValidationError, match="ISO 3166"):
        AddressIn.model_validate(ADDRESS | {"country": "XX"})


def test_a_password_keeps_its_spaces():
    class SignIn(Command):
        password: Password
        email: str

    body = SignIn(password="  spaces  ", email=" a@b ")
    assert (body.password, body.email) == ("  spaces  ", "a@b")
    with pytest.raises(ValidationError):
        SignIn(password="short", email="a")


def test_problem_model_describes_what_is_sent():
    sent = {
        "type": "https://kontor.dev/problems/out_of_stock",
        "title": "t",
        "status": 409,
        "detail": "d",
        "instance": "/api/cart",
        "code": "out_of_stock",
        "traceId": "0" * 32,
        "errors": [{"in": "query", "parameter": "limit", "detail": "no"}],
        "sku": "A",
    }
    assert Problem.model_validate(sent).model_dump(by_alias=True, exclude_none=True) == sent


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "5555-5555-5555-4444",
        "378282246310005",
        "card: 6011.1111.1111.1117!",
        "4222222222222",
        "6304000000000000000",
        "tok_4242424242424242",
    ],
)
def test_card_numbers(text):
    assert looks_like_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "pm_card_visa",
        "",
        "4242424242424241",
        "12345",
        "tok_1N3T00LkdIwHu7ixt44h1F8k",
        "0" * 11,
        "+1 555 0100",
        "²" * 16,
    ],
)
def test_what_is_no_card_number(text):
    assert not looks_like_card_number(text)


@given(st.text(max_size=600))
def test_any_text(text):
    assert looks_like_card_number(text) in {True, False}
