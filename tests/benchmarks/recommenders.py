"""What shops serve as *also bought* and as a feed, beside the models of the implicit library on the same real orders.

Run as ``python -m tests.benchmarks.recommenders FILE`` with the orders that ``kontor bench discovery`` takes. Needs
implicit 0.7 (and with it scipy and numpy), which Kontor itself does not: ``pip install implicit``.

Questions and figures are those of the bench. Each model learns the known orders as a whole; an order is a row for *also
bought*, an account for the feed. Where the library may show what somebody has bought already, both ways are told.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kontor import console
from kontor.bench.discovery import (
    KNOWN,
    SEED,
    TOP,
    Answer,
    Order,
    Questions,
    baskets_asked,
    figures_of,
    never_bought_before,
    people_asked,
    read,
)

FACTORS = 64
NEIGHBOURS = 200
Pairs = Iterable[tuple[str, str]]


class Matrix:
    """Rows and products by name, each pair counted."""

    def __init__(self, pairs: Pairs) -> None:
        pairs = list(pairs)
        self.rows = {name: at for at, name in enumerate(dict.fromkeys(row for row, _ in pairs))}
        self.products = {name: at for at, name in enumerate(dict.fromkeys(product for _, product in pairs))}
        self.names = list(self.products)
        at = ([self.rows[row] for row, _ in pairs], [self.products[product] for _, product in pairs])
        sparse = importlib.import_module("scipy.sparse")
        self.counted = sparse.csr_matrix(([1.0] * len(pairs), at), shape=(len(self.rows), len(self.names)))


def models() -> Mapping[str, Any]:
    neighbours = importlib.import_module("implicit.nearest_neighbours")
    als = importlib.import_module("implicit.als")
    return {
        "cosine": neighbours.CosineRecommender(K=NEIGHBOURS),
        "TF-IDF": neighbours.TFIDFRecommender(K=NEIGHBOURS),
        "BM25": neighbours.BM25Recommender(K=NEIGHBOURS),
        "ALS": als.AlternatingLeastSquares(factors=FACTORS, random_state=SEED, iterations=20),
    }


def beside(model: Any, known: Matrix) -> Answer:
    async def answer(product: str) -> Sequence[str]:
        if (at := known.products.get(product)) is None:
            return []
        found, _ = model.similar_items(at, N=TOP + 1)
        return [known.names[one] for one in found if one != at][:TOP]

    return answer


def feed(model: Any, known: Matrix, anew: bool) -> Answer:
    async def answer(account: str) -> Sequence[str]:
        at = known.rows[account]
        found, _ = model.recommend(at, known.counted[at], N=TOP, filter_already_liked_items=anew)
        return [known.names[one] for one in found if one >= 0]

    return answer


async def run(path: Path) -> None:
    orders = [order for order in read(path) if order.kind == "sale" and not order.cancelled and order.products]
    known, later = orders[: int(len(orders) * KNOWN)], orders[int(len(orders) * KNOWN) :]
    people = people_asked(known, later)
    newly = never_bought_before(known, people)
    await _table("also bought", _in_baskets(known), [("", beside, baskets_asked(later))])
    again = ("with what was bought", lambda model, learnt: feed(model, learnt, False), people)
    anew = ("without", lambda model, learnt: feed(model, learnt, True), people)
    new = ("what was never bought", lambda model, learnt: feed(model, learnt, True), newly)
    await _table("feed", _of_accounts(known), [again, anew, new])


def _in_baskets(known: Sequence[Order]) -> Pairs:
    return ((str(number), product) for number, order in enumerate(known) for product in order.products)


def _of_accounts(known: Sequence[Order]) -> Pairs:
    return ((order.customer_id, product) for order in known if order.customer_id for product in order.products)


async def _table(what: str, pairs: Pairs, ways: Sequence[tuple[str, Any, Questions]]) -> None:
    learnt = Matrix(pairs)
    for name, model in models().items():
        began = time.perf_counter()
        model.fit(learnt.counted, show_progress=False)
        took = time.perf_counter() - began
        for way, answering, questions in ways:
            found = await figures_of(answering(model, learnt), questions)
            console.out.print(
                f"{what} {way}: {name} hit@10 {found.hit_10}, recall@20 {found.recall_20}, "
                f"{found.ms} ms an answer, learnt in {took:.1f} s"
            )


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
