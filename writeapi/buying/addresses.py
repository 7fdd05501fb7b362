"""What makes a postal address complete, country by country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

WORDS = {"line1": "a street line", "city": "a city", "region": "a region", "postalCode": "a postal code"}


class Country(Protocol):
    """What the packaged table knows of a country."""

    @property
    def name(self) -> str: ...

    @property
    def required(self) -> tuple[str, ...]: ...

    def accepts_postal_code(self, code: str) -> bool: ...


def wrong_with(address: Mapping[str, Any], countries: Mapping[str, Country]) -> list[dict[str, str]]:
    """A problem's ``errors`` for an address with the fields of the API; empty when it is complete."""
    country = countries.get(address["country"])
    if country is None:
        return [{"pointer": "#/country", "detail": "not a country of ISO 3166"}]
    errors = [
        {"pointer": f"#/{name}", "detail": f"an address in {country.name} needs {WORDS.get(name, 'this field')}"}
        for name in country.required
        if not address.get(name)
    ]
    postal_code = address.get("postalCode")
    if postal_code and not country.accepts_postal_code(postal_code):
        errors.append({"pointer": "#/postalCode", "detail": f"not a postal code of {country.name}"})
    return errors
