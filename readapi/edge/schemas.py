"""Models that several routes share. What a client sends is checked here for shape; the rules are the domain's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from domain.instants import NoInstant, parsed
from domain.money import AMOUNT_MAX, CURRENCIES
from readapi.edge.validation import told

CARD_DIGITS = range(12, 20)

_countries: set[str] = set()


def know_countries(codes: Iterable[str]) -> None:
    """The table of ISO 3166 codes, given when the application is put together; until then any two letters do."""
    _countries.clear()
    _countries.update(codes)


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("not a currency of ISO 4217")
    return code


def _country(code: str) -> str:
    if _countries and code not in _countries:
        raise ValueError("not a country of ISO 3166")
    return code


def no_control_characters(text: str) -> str:
    """Names and addresses end up on labels and in spreadsheets, where control characters do harm."""
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


def only_breaks(text: str) -> str:
    """The same for what may fill several lines."""
    if _CONTROL_BUT_BREAKS.search(text):
        raise ValueError("of control characters only line breaks and tabs are allowed")
    return text


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc."""
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What is left of quotation marks that went through a wrong encoding (U+0080 to U+009F) stands in one of 3,000 products
of a real catalog: in long texts it does no harm."""
ONE_LINE = AfterValidator(no_control_characters)
"""Belongs to each text of a command that is kept as it is, unless it is a LONG_TEXT or has a pattern."""
LONG_TEXT = AfterValidator(only_breaks)
TRIMMED = StringConstraints(strip_whitespace=True)
"""Of names that are compared with others: a blank at an end would make two brands, groups or categories of one."""


CurrencyCode = Annotated[
    str,
    Field(pattern=told("^[A-Z]{3}$", "three capital letters, such as USD"), description="ISO 4217", examples=["USD"]),
    AfterValidator(_currency),
]
CountryCode = Annotated[
    str,
    Field(
        pattern=told("^[A-Z]{2}$", "two capital letters, such as US"), description="ISO 3166-1 alpha-2", examples=["US"]
    ),
    AfterValidator(_country),
]


SKU = told(r"^[!-~]([ -~]{0,98}[!-~])?$", "1 to 100 printable ASCII characters, no space at an end")
"""Of what stands in paths, on labels and in streams' names."""
LanguageTag = Annotated[
    str,
    Field(
        pattern=told(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", "a language tag such as de or de-CH"),
        description="BCP 47: language, then script and region where they matter",
        examples=["de-CH"],
    ),
]
Line100 = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Line200 = Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=8, max_length=256)]
"""Spaces at its ends belong to it. NIST SP 800-63B: length is what counts, and no rules about kinds of characters."""
PostalCode = Annotated[str, Field(min_length=1, max_length=20), ONE_LINE]


def _instant(written: object) -> int:
    if not isinstance(written, str):
        raise PydanticCustomError("instant", "an RFC 3339 instant as a text, such as 2026-11-23T07:22:32Z")
    try:
        return max(1, parsed(written))
    except NoInstant as error:
        raise PydanticCustomError("instant", "{why}", {"why": str(error)}) from None


InstantIn = Annotated[
    int,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-01T18:00:00Z"]}),
]
"""Milliseconds since 1970, at least 1: 0 stands for none. Of a number nobody can tell whether it means seconds."""


class Command(BaseModel):
    """The body of a command. Unknown fields are refused: a misspelt option must not be ignored in silence."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


def _minor(amount: object) -> object:
    if isinstance(amount, float | str):
        raise PydanticCustomError("minor_units", "a whole number of minor units: of 19.99 dollars 1999")
    return amount


class MoneyIn(Command):
    """An amount in minor units: 1999 with USD is $19.99."""

    amount: Annotated[StrictInt, Field(ge=0, le=AMOUNT_MAX, examples=[1999]), BeforeValidator(_minor)]
    currency: CurrencyCode


class AddressIn(Command):
    name: Annotated[Line100, Field(examples=["Ada Lovelace"])]
    line1: Annotated[Line200, Field(examples=["12 Market Street"])]
    line2: Annotated[Line200 | None, Field(examples=["Flat 3"])] = None
    city: Annotated[Line100, Field(examples=["Springfield"])]
    region: Annotated[Line100 | None, Field(examples=["IL"])] = None
    postal_code: Annotated[PostalCode, Field(examples=["62701"])]
    country: CountryCode


class ProblemEntry(BaseModel):
    """One thing that is wrong: in the body at ``pointer``, or in the parameter named."""

    detail: str
    pointer: str | None = Field(None, description="JSON Pointer as a URI fragment", examples=["#/quantity"])
    parameter: str | None = Field(None, examples=["limit"])
    location: str | None = Field(None, alias="in", description="query, header or path", examples=["query"])


class Problem(BaseModel):
    """RFC 9457. Some codes add members: ``sku``, ``requested`` and ``available`` for ``out_of_stock``, ``quote`` for
    ``price_changed``."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["https://kontor.dev/problems/not_found"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str | None = None
    code: str = Field(description="stable; for programs", examples=["not_found"])
    trace_id: str | None = Field(None, alias="traceId", examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    errors: list[ProblemEntry] | None = None


_CARD = re.compile(r"[0-9](?:[ ._\-/]?[0-9])+")


def looks_like_card_number(text: str) -> bool:
    """Whether the text contains 12 to 19 digits, perhaps with separators, that pass Luhn's check (ISO/IEC 7812-1).

    Such a text is refused where a token is expected, and never stored or logged.
    """
    for match in _CARD.finditer(text[:512]):
        digits = [int(character) for character in match[0] if character.isdigit()]
        if len(digits) in CARD_DIGITS and _luhn(digits):
            return True
    return False


def no_card_number(value: Any) -> Any:
    """Before any other check, so that no message about the value is made at all."""
    if isinstance(value, str | int) and looks_like_card_number(str(value)):
        raise ValueError("this looks like a card number; send the payment provider's token for it instead")
    return value


def _luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
