"""Builds ``data/sample``: products from Icecat, and three made-up shops that sell and stock them.

    python scripts/build_sample.py

Icecat's records are looked for in ``$KONTOR_SHARED/icecat``, else in ``../shared/data/icecat``. Nothing is drawn at
random: what looks random comes from hashes of ids, so the same records always give the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from domain.money import round_half_up
from kontor.catalog.icecat import Converted, Rejected, base_price, convert

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"

PRODUCTS_MAX = 2_000
"""What Icecat's records may be copied for."""

EUROPE = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK"

Json = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    key: str
    name: str
    coverage: int
    """Of a hundred products, how many it sells."""
    cheapest: int
    dearest: int
    """Its prices, in per mille of the base price."""
    ships_to: tuple[str, ...] = ()
    """Empty: everywhere."""


SHOPS = (
    Shop("harbor", "Harbor Electronics", 85, 1000, 1000),
    Shop("northgate", "Northgate Computer Supply", 60, 930, 1090, ("US", "CA", "MX", "AU", "JP", *EUROPE.split())),
    Shop("lumen", "Lumen Outlet", 45, 860, 1150, ("US", "CA")),
)


def records() -> Iterator[Json]:
    folder = Path(os.environ.get("KONTOR_SHARED") or ROOT.parent / "shared" / "data") / "icecat"
    with gzip.open(folder / "products.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def draw(below: int, *names: str) -> int:
    """A number from 0 that looks random and is always the same for the same names."""
    digest = hashlib.sha256("\x1f".join(("kontor-sample-v1", *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def taken() -> tuple[list[tuple[Json, int]], list[str]]:
    """Product lines with their base prices, and why records were refused."""
    good: list[tuple[Json, int]] = []
    refused: list[str] = []
    for row in records():
        converted, price = convert(row), base_price(row)
        if isinstance(converted, Converted) and not isinstance(price, Rejected):
            good.append((converted.line, price))
        else:
            refused.extend(result.reason for result in (converted, price) if isinstance(result, Rejected))
    return good, refused


def chosen(products: list[tuple[Json, int]]) -> list[tuple[Json, int]]:
    """At most ``PRODUCTS_MAX``, from each category in proportion to the square root of its size.

    Small categories are thereby seen and large ones stay larger: a product's place in its category, squared and divided
    by the category's size, is the order in which products are taken.
    """
    by_category: dict[tuple[str, ...], list[tuple[Json, int]]] = defaultdict(list)
    for line, price in products:
        by_category[tuple(line["category"])].append((line, price))
    ranked = []
    for group in by_category.values():
        group.sort(key=lambda item: draw(1 << 63, "choose", item[0]["externalId"]))
        ranked += [(Fraction(place * place, len(group)), item) for place, item in enumerate(group)]
    ranked.sort(key=lambda entry: (entry[0], entry[1][0]["externalId"]))
    return sorted((item for _, item in ranked[:PRODUCTS_MAX]), key=lambda item: item[0]["externalId"])


def sellers(sku: str) -> list[Shop]:
    """Never empty: what nobody else wants, the first shop sells."""
    return [shop for shop in SHOPS if draw(100, "sell", shop.key, sku) < shop.coverage] or [SHOPS[0]]


def offer(shop: Shop, sku: str, base: int) -> Json:
    """One offer in five is marked down from a list price that is 10 to 40 % higher."""
    per_mille = shop.cheapest + draw(shop.dearest - shop.cheapest + 1, "price", shop.key, sku)
    price = max(1, round_half_up(base * per_mille, 1000))
    line: Json = {"sku": sku, "shopKey": shop.key, "price": {"amount": price, "currency": "USD"}}
    if draw(5, "list", shop.key, sku) == 0:
        higher = round_half_up(price * (1100 + draw(301, "markdown", shop.key, sku)), 1000)
        line["listPrice"] = {"amount": higher, "currency": "USD"}
    if shop.ships_to:
        line["shipsTo"] = list(shop.ships_to)
    return line


def quantity(shop: Shop, sku: str) -> int:
    """Of a hundred, five are sold out and ten nearly; the rest hold 5 to 250."""
    place = draw(100, "stock", shop.key, sku)
    if place < 5:
        return 0
    if place < 15:
        return 1 + draw(4, "few", shop.key, sku)
    return 5 + draw(246, "many", shop.key, sku)


def write(name: str, lines: Iterable[Json]) -> int:
    """A gzip without name and time in it, so that equal lines give equal bytes. Returns how many lines there are."""
    encoded = [json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines]
    path = SAMPLE / f"{name}.ndjson.gz"
    path.write_bytes(gzip.compress(b"".join(encoded), compresslevel=9, mtime=0))
    print(f"{path.relative_to(ROOT)}: {len(encoded)} lines, {path.stat().st_size} bytes")
    return len(encoded)


def main() -> None:
    SAMPLE.mkdir(parents=True, exist_ok=True)
    products, refused = taken()
    print(f"{len(products)} records taken, {len(refused)} refused")
    sample = chosen(products)
    sold = [
        (shop, line["variants"][0]["sku"], base)
        for line, base in sample
        for shop in sellers(line["variants"][0]["sku"])
    ]
    write("products", (line for line, _ in sample))
    write("offers", (offer(shop, sku, base) for shop, sku, base in sold))
    write("stock", ({"sku": sku, "shopKey": shop.key, "quantity": quantity(shop, sku)} for shop, sku, _ in sold))
    shops = [{"shopKey": shop.key, "name": shop.name, "country": "US", "currency": "USD"} for shop in SHOPS]
    (SAMPLE / "shops.json").write_text(json.dumps(shops, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
