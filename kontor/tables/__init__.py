"""The packaged tables: taxes, shipping tariffs, countries. Where they come from stands in ``SOURCE.md`` beside them.

Read once and kept; all of them are immutable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import msgspec

from domain.pricing.shipping import ShippingTable
from domain.pricing.tax import TaxTable


class Country(msgspec.Struct, frozen=True, rename="camel"):
    """What an address there must have."""

    name: str
    required: tuple[str, ...]
    """Of ``line1``, ``city``, ``region``, ``postalCode``."""
    postal_pattern: str | None = None
    """A regular expression for the whole postal code; ``None`` where nothing is known or there are no codes."""

    def accepts_postal_code(self, code: str) -> bool:
        """Blanks around it and lower case are forgiven; where no pattern is known, anything is."""
        return self.postal_pattern is None or re.fullmatch(self.postal_pattern, code.strip().upper()) is not None


@cache
def tax_table() -> TaxTable:
    return TaxTable.from_dict(_read("tax.json"))


@cache
def shipping_table() -> ShippingTable:
    return ShippingTable.from_dict(_read("shipping.json"))


@cache
def countries() -> Mapping[str, Country]:
    """By ISO 3166 alpha-2 code."""
    return MappingProxyType(msgspec.convert(_read("countries.json"), dict[str, Country]))


def _read(name: str) -> Any:
    return msgspec.json.decode(files(__name__).joinpath(name).read_bytes())
