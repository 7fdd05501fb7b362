"""``discovery FILE``: how often *also bought* and the feed name what was bought next, beside what merely sells.

FILE has a real order a line, the oldest first, gzipped or not: ``{timestamp, customer_id, lines: [{sku}]}``. The first
80 % are known, the others are asked for. What is measured is the code that serves, over lists in memory.
"""

from __future__ import annotations

import gzip
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.catalog.product import Description
from kontor import console
from kontor.bench.report import report
from projections.catalog.projector import ProductRow
from projections.purchases.projector import BASKET_MAX, BasketRow, BoughtRow, week_of
from projections.views import Entry
from streams.discovery.affinities import Affinities
from streams.discovery.feeds import Feeds

KNOWN = 0.8
ASKED_MAX = 1_000
TOP = 20
SEED = 1


class Line(msgspec.Struct):
    sku: str
    quantity: int = 1
    special: bool = False
    """Postage, fees and the like."""


class Order(msgspec.Struct):
    """One of the file; ``timestamp`` is ISO 8601 without a zone, and UTC."""

    timestamp: str
    lines: list[Line]
    customer_id: str | None = None
    kind: str = "sale"
    cancelled: bool = False

    @property
    def products(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.sku.upper() for line in self.lines if line.quantity > 0 and not line.special))

    @property
    def at(self) -> int:
        return int(datetime.fromisoformat(self.timestamp + "Z").timestamp() * 1000)


class Figures(NamedTuple):
    """Of all questions: the share with a hit among the first 10, and the mean share found among the first 20."""

    hit_10: float
    recall_20: float
    ms: float


class Lists:
    """The views of purchases, of known orders, in memory."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._baskets: dict[str, BasketRow] = {}
        self._lists: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
        for number, order in enumerate(orders):
            order_id, account_id, at = f"ord_{number:08}", order.customer_id or "", order.at
            basket = BasketRow(account_id, order.products[:BASKET_MAX], at, paid=True)
            self._baskets[order_id] = basket
            if account_id:
                self._lists["baskets", "account", account_id].append(Entry(order_id, basket))
            for product_id in basket.products:
                row = Entry(f"{product_id}.{order_id}", BoughtRow(product_id, order_id, account_id, at))
                self._lists["bought", "product", product_id].append(row)
                self._lists["bought", "week", week_of(at)].append(row)

    async def listed(self, table: str, index: str, owner: str, *, limit: int, backwards: bool = True) -> list[Entry]:
        assert backwards
        return self._lists[table, index, owner][: -limit - 1 : -1]

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        if table == "baskets":
            return {key: self._baskets[key] for key in keys}
        return {key: ProductRow("", Description(key), (), 0, 0, 1) for key in keys}


Answer = Callable[[Any], Awaitable[Sequence[str]]]
Questions = Sequence[tuple[Any, set[str]]]
"""What is asked about, and what was bought."""


async def run(file: str = "") -> dict[str, Any] | None:
    if not file:
        console.out.print("discovery: left out, it needs a file of orders as its argument")
        return None
    orders = [order for order in read(Path(file)) if order.kind == "sale" and not order.cancelled and order.products]
    cut = int(len(orders) * KNOWN)
    known, later = orders[:cut], orders[cut:]
    views: Any = Lists(known)
    now = known[-1].at
    affinities = Affinities(views, lambda: now, lambda: 0)
    feeds = Feeds(views, affinities, lambda: now, lambda: 0)
    popular = list((await affinities.popular()).sold)[:TOP]

    async def beside(product_id: str) -> list[str]:
        return [one.product_id for one in await affinities.bought_with(product_id)][:TOP]

    async def feed(account_id: str) -> list[str]:
        return [one.product_id for one in await feeds.of(account_id)][:TOP]

    async def best_sellers(_: str) -> list[str]:
        return popular

    baskets, people = baskets_asked(later), people_asked(known, later)
    newly = never_bought_before(known, people)
    figures = {
        "also_bought": await figures_of(beside, baskets),
        "also_bought_popular": await figures_of(best_sellers, baskets),
        "feed": await figures_of(feed, people),
        "feed_popular": await figures_of(best_sellers, people),
        "feed_new": await figures_of(feed, newly),
        "feed_new_popular": await figures_of(best_sellers, newly),
    }
    return report(
        "discovery",
        known=len(known),
        baskets=len(baskets),
        people=len(people),
        **{name: found._asdict() for name, found in figures.items()},
    )


def read(path: Path) -> Iterable[Order]:
    decode = msgspec.json.Decoder(Order).decode
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        yield decode(line)


def baskets_asked(later: Sequence[Order]) -> Questions:
    """One product of a basket; the others were bought with it."""
    chance = random.Random(SEED)
    some = [order.products for order in later if len(order.products) > 1]
    chosen = chance.sample(some, min(ASKED_MAX, len(some)))
    asked: list[tuple[Any, set[str]]] = []
    for products in chosen:
        one = chance.choice(products)
        asked.append((one, {*products} - {one}))
    return asked


def people_asked(known: Sequence[Order], later: Sequence[Order]) -> Questions:
    """Those who had bought something, and what they bought next."""
    before = {order.customer_id for order in known if order.customer_id}
    following: dict[str, set[str]] = {}
    for order in later:
        if order.customer_id in before and order.customer_id is not None:
            following.setdefault(order.customer_id, set(order.products))
    people = sorted(following.items())
    return random.Random(SEED).sample(people, min(ASKED_MAX, len(people)))


def never_bought_before(known: Sequence[Order], people: Questions) -> Questions:
    """The same people, and of what they bought next only that which they had not bought yet."""
    before: dict[str | None, set[str]] = defaultdict(set)
    for order in known:
        before[order.customer_id].update(order.products)
    return [(person, new) for person, bought in people if (new := bought - before[person])]


async def figures_of(answer: Answer, questions: Questions) -> Figures:
    hits, shares = 0, 0.0
    began = time.perf_counter()
    for question, bought in questions:
        found = await answer(question)
        hits += not bought.isdisjoint(found[:10])
        shares += len(bought.intersection(found)) / len(bought)
    count = max(1, len(questions))
    spent = (time.perf_counter() - began) * 1000 / count
    return Figures(round(hits / count, 3), round(shares / count, 4), round(spent, 2))
