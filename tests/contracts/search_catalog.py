"""The few products that the contract of a search index is told with."""

from __future__ import annotations

from typing import Any

from projections.search.document import SearchDocument


def product(product_id: str, title: str, **fields: Any) -> SearchDocument:
    return SearchDocument(product_id=product_id, title=title, **fields)


CATALOG = [
    product(
        "prd_mouse",
        "Logi M185 Wireless Mouse",
        brand="Logi",
        category=("Electronics", "Mice"),
        attributes={"color": "red", "wireless": True, "buttons": 3.0},
        price=1999,
        currency="EUR",
        rating=4.5,
        in_stock=True,
        ships_to=("DE", "AT"),
        sellers=("shp_a", "shp_b"),
        created_at=1,
    ),
    product(
        "prd_cable",
        "Startech DB9 Null Modem Adapter",
        brand="Startech",
        category=("Electronics", "Cables"),
        attributes={"color": "grey"},
        skus=("SCNM9-FM",),
        price=595,
        currency="EUR",
        rating=3.2,
        in_stock=True,
        created_at=2,
    ),
    product(
        "prd_toner",
        "Xerox 006R90321 toner cartridge",
        brand="Xerox",
        category=("Electronics", "Printing", "Toner"),
        description="For the wireless printers of the office; no mouse can run it.",
        attributes={"color": "black"},
        price=4995,
        currency="EUR",
        rating=2.0,
        created_at=3,
    ),
    product(
        "prd_sofa",
        "Nora three-seat sofa",
        brand="Nora",
        category=("Furniture", "Sofas"),
        attributes={"color": "red"},
        price=89900,
        currency="EUR",
        in_stock=True,
        ships_to=("DE",),
        sellers=("shp_a",),
        created_at=4,
    ),
    product("prd_bags", "Canvas shopping bags", category=("Furniture", "Storage"), created_at=5),
    product(
        "prd_keyboard",
        "Cherry keyboard, 17\" wide",
        brand="Cherry",
        category=("Electronics", "Keyboards"),
        attributes={"color": "black"},
        price=1999,
        currency="EUR",
        rating=4.9,
        in_stock=True,
        created_at=6,
    ),
]  # fmt: skip


def lamp(product_id: str, price: int, *prices_to: tuple[str, int], **fields: Any) -> SearchDocument:
    """Something that costs not the same everywhere."""
    countries = tuple(country for country, _ in prices_to) or ("*",)
    return product(
        product_id, "Brass lamp", price=price, prices_to=prices_to, ships_to=countries, in_stock=True, **fields
    )


LAMPS = (
    lamp("prd_same", 2500),
    lamp("prd_two", 1000, ("US", 3000), ("DE", 1000)),
    lamp("prd_three", 2000, ("US", 2000), ("CA", 2000), ("*", 4000), category=("Lamps",), sellers=("shp_l",)),
)
