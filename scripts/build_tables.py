"""Builds ``kontor/tables/*.json`` from the facts that ``kontor/tables/SOURCE.md`` names.

    python scripts/build_tables.py

The facts are looked for in ``$KONTOR_SHARED/facts``, else in ``../shared/data/facts``. The same facts always give the
same bytes.
"""

from __future__ import annotations

import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "kontor" / "tables"

Json = dict[str, Any]

SHORT_NAMES = {"UK": "United Kingdom", "US": "United States", "Bosnia": "Bosnia & Herzegovina"}
"""The facts carry CLDR's names for display, three of them abbreviated further than an address book would."""

FIELDS = {"addressLine1": "line1", "locality": "city", "administrativeArea": "region", "postalCode": "postalCode"}
"""The facts' names of address fields, and ours."""

NOT_IN_THE_EU = {"GB"}
"""Listed among the EU's VAT rates, and left."""

CANADIAN_TAXES = {"pst": "GST + PST", "qst": "GST + QST", "hst": "HST"}

METHODS = [
    {"id": "standard", "name": "Standard", "days_min": 3, "days_max": 5},
    {"id": "express", "name": "Express", "days_min": 1, "days_max": 2},
]
EXTRA_DAYS = {"domestic": 0, "regional": 2, "international": 5}

# Kontor's own tariff: minor units for a parcel with one item and for each further item, by zone.
TARIFF = {
    "USD": {"standard": [(599, 100), (1499, 300), (2499, 500)], "express": [(1499, 250), (2999, 600), (4999, 900)]},
    "EUR": {"standard": [(499, 100), (1290, 300), (2290, 500)], "express": [(1290, 250), (2790, 600), (4590, 900)]},
    "GBP": {"standard": [(399, 80), (1190, 250), (1990, 450)], "express": [(999, 200), (2490, 500), (3990, 800)]},
    "CAD": {"standard": [(799, 150), (1999, 400), (3299, 700)], "express": [(1999, 350), (3999, 800), (6499, 1200)]},
    "AUD": {"standard": [(899, 150), (2199, 450), (3599, 750)], "express": [(2199, 400), (4399, 900), (6999, 1300)]},
    "JPY": {"standard": [(800, 100), (2200, 400), (3600, 700)], "express": [(1500, 200), (4200, 800), (6800, 1200)]},
}
SHARES = {"standard": [50_000, 90_000, 140_000], "express": [100_000, 160_000, 250_000]}


def facts_folder() -> Path:
    return Path(os.environ.get("KONTOR_SHARED") or ROOT.parent / "shared" / "data") / "facts"


def read(name: str) -> Any:
    """Numbers with a point become ``Decimal``: a tax rate must not pass through a float."""
    return json.loads((facts_folder() / name).read_text(encoding="utf-8"), parse_float=Decimal)


def read_countries() -> list[Json]:
    with gzip.open(facts_folder() / "countries.ndjson.gz", "rt", encoding="utf-8") as lines:
        return sorted((json.loads(line) for line in lines), key=lambda row: row["ISO3166-1-Alpha-2"])


def ppm(rate: Decimal | int, of: int = 1) -> int:
    """Millionths; ``of`` is 100 where the facts speak of percent."""
    value = Decimal(rate) * 1_000_000 / of
    assert value == value.to_integral_value(), f"{rate} is not a whole number of ppm"
    return int(value)


def rate(share: int, name: str, *, inclusive: bool = True, shipping: bool = True) -> Json:
    return {"ratePpm": share, "name": name, "inclusive": inclusive, "coversShipping": shipping}


def eu_rates() -> dict[str, Json]:
    """The latest standard rate of each country, and its areas with a rate of their own."""
    rates = {}
    for country, periods in read("eu_vat_rates.json")["items"].items():
        latest = max(periods, key=lambda period: period["effective_from"])
        rates[country] = rate(ppm(latest["rates"]["standard"], of=100), "VAT")
        areas = [
            {"title": area["name"], "postalCode": area["postcode"], "ratePpm": ppm(area["standard"], of=100)}
            for area in latest.get("exceptions", [])
        ]
        if areas:
            rates[country]["areas"] = areas
    return rates


def us_rates(titles: Json) -> Json:
    states = read("us_state_sales_tax.json").items()
    regions = {code: {"ratePpm": ppm(share), "title": titles[code]["name"]} for code, share in states}
    return rate(0, "sales tax", inclusive=False, shipping=False) | {"regions": regions}


def canadian_rates(world: Json, titles: Json) -> Json:
    """The facts hold what a province adds; the table holds the sum with the federal rate."""
    federal = ppm(world["rate"])
    regions = {
        code: {
            "ratePpm": federal + ppm(province["rate"]),
            "name": CANADIAN_TAXES[province["type"]],
            "title": titles[code]["name"],
        }
        for code, province in world["states"].items()
    }
    return rate(federal, "GST", inclusive=False) | {"regions": regions}


def tax_table() -> Json:
    world, titles = read("sales_tax_world.json"), read("subdivisions.json")
    countries = {code: rate(ppm(entry["rate"]), entry["type"].upper()) for code, entry in world.items()}
    countries |= eu_rates()
    countries["US"] = us_rates(titles["US"])
    countries["CA"] = canadian_rates(world["CA"], titles["CA"])
    return {"countries": dict(sorted(countries.items()))}


def shipping_table() -> Json:
    def by_zone(values: list[Any]) -> Json:
        return dict(zip(EXTRA_DAYS, values, strict=True))

    rates = {
        currency: {
            method: by_zone([{"base": base, "perItem": per_item} for base, per_item in zones])
            for method, zones in tariff.items()
        }
        for currency, tariff in TARIFF.items()
    }
    eu = set(read("eu_vat_rates.json")["items"]) - NOT_IN_THE_EU
    regions = {
        row["ISO3166-1-Alpha-2"]: "EU" if row["ISO3166-1-Alpha-2"] in eu else row["Sub-region Name"] or "Antarctica"
        for row in read_countries()
    }
    shares = {method: by_zone(values) for method, values in SHARES.items()}
    return {"methods": METHODS, "extraDays": EXTRA_DAYS, "rates": rates, "shares": shares, "regions": regions}


def countries() -> Json:
    formats = read("address_formats.json")
    table = {}
    for row in read_countries():
        code, name = row["ISO3166-1-Alpha-2"], row["CLDR display name"]
        form = formats["generic"] | formats["countries"].get(code, {})
        table[code] = {
            "name": SHORT_NAMES.get(name, name),
            "required": [FIELDS[field] for field in form["required_fields"]],
        }
        if "postal_code_pattern" in form:
            table[code]["postalPattern"] = form["postal_code_pattern"]
    return table


def main() -> None:
    for name, table in (("tax", tax_table()), ("shipping", shipping_table()), ("countries", countries())):
        path = TABLES / f"{name}.json"
        path.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
