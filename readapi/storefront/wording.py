"""Amounts, numbers and names as the scripts word them (``static/lib/format.js``, ``static/shop/``), so that nothing
changes before somebody's eyes when they take over. ``tests/web/test_first_answer.py`` holds both against each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from domain.money import CURRENCIES, Money
from readapi.storefront.answers import Card, Offer, Variant

SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪",
    "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "TWD": "NT$", "USD": "$", "VND": "₫",
}  # fmt: skip
"""Of the currencies that English has one for (Unicode CLDR, en); others are named by their code."""
DESCRIBED_CHARS = 160
"""Of a description that search engines show about so much of."""
OF_MACHINES = frozenset(("gtins",))
"""Attributes that people are not shown."""
INITIALS = {"gtin": "GTIN"}
"""Which a capital letter alone does not make readable."""


def money(price: Money) -> str:
    """``$1,999.00``, ``CHF 5.00`` (with a space that does not break)."""
    symbol = SYMBOLS.get(price.currency, f"{price.currency}\N{NO-BREAK SPACE}")
    return f"{'-' if price.amount < 0 else ''}{symbol}{_grouped(price)}"


def decimal(price: Money) -> str:
    """``1999.00``, for programs."""
    return _grouped(price).replace(",", "")


def _grouped(price: Money) -> str:
    digits = CURRENCIES.get(price.currency, 0)
    whole, part = divmod(abs(price.amount), 10**digits)
    return f"{whole:,}.{part:0{digits}}" if digits else f"{whole:,}"


def number(value: float) -> str:
    """At most three digits behind the point: ``1,234.5``."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")


def plural(count: int, one: str) -> str:
    return f"{number(count)} {one}{'' if count == 1 else 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def plain(value: float) -> str:
    """``4`` of 4.0."""
    return str(int(value)) if float(value).is_integer() else str(value)


def value_text(value: Any) -> str:
    """Of an attribute; a measure as its category has it, and as it was written where that was another way."""
    if isinstance(value, list):
        return ", ".join(value_text(one) for one in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        measured = f"{number(value['value'])} {value['unit']}"
        return f"{measured} ({value['given']})" if value.get("given") else measured
    return plain(value) if isinstance(value, int | float) else str(value)


def name_text(name: str, labels: dict[str, str]) -> str:
    return labels.get(name) or INITIALS.get(name) or capital(name.replace("_", " "))


def stock(one: Offer | Card | Variant) -> tuple[str, str]:
    """Class and words. Offers tell how many are left, lists do not."""
    if not one.in_stock:
        return "gone", "Sold out"
    if not one.low_stock:
        return "there", "In stock"
    left = one.available if isinstance(one, Offer) else 0
    return "low", f"Only {left} left" if left else "Only a few left"


def shipping(offer: Offer) -> str:
    return "Delivers everywhere" if "*" in offer.ships_to else f"Delivers to {', '.join(offer.ships_to)}"


def moment(instant: str) -> str:
    """``Nov 30, 2026, 11:00 PM UTC``: where somebody is, only their browser knows."""
    at = datetime.fromisoformat(instant).astimezone(UTC)
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p} UTC"


def is_loadable(address: str | None) -> bool:
    """Whether a page may show a picture from there."""
    return address is not None and address.startswith(("https:", "/"))


def category_address(path: Sequence[str] | str) -> str:
    """Written as browsers write it."""
    steps = path.split("/") if isinstance(path, str) else path
    return "/category/" + "/".join(quote(step, safe="!'()*") for step in steps)


def product_address(product_id: str) -> str:
    return "/product/" + quote(product_id, safe="")


def shortened(text: str, most: int = DESCRIBED_CHARS) -> str:
    """On one line, ended at a word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"
