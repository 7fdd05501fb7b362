"""The rated Icecat catalog of the shared data folder: documents, queries with gains, and nDCG@10 as defined there."""

from __future__ import annotations

import csv
import gzip
import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from projections.search.document import SearchDocument

_TAG = re.compile(r"<[^>]+>|\\n")


class RatedQuery(NamedTuple):
    text: str
    gains: Mapping[str, float]
    """Product id to rating / 3; a product that is absent counts as 0."""


def folder() -> Path:
    """Where the data should be: in KONTOR_SHARED, else beside the repository."""
    return Path(os.environ.get("KONTOR_SHARED") or Path(__file__).parents[3] / "shared" / "data") / "icecat"


def documents(icecat: Path) -> Iterator[SearchDocument]:
    with gzip.open(icecat / "products.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            kinds = row["attributes"]
            yield SearchDocument(
                product_id=row["id"],
                title=row["title"],
                brand=row["brand"],
                category=(row["product_type"],) if row["product_type"] else (),
                description=_TAG.sub(" ", row["description"] or ""),
                attributes={**kinds["text"], **kinds["number"], **kinds["bool"]},
                skus=tuple(filter(None, [row["model"], *row["gtins"]])),
                price=row["price_minor"],
                currency=row["currency"],
                in_stock=True,
                offers=1,
            )


def rated_queries(icecat: Path) -> list[RatedQuery]:
    """The dev half, without the queries that have no product rated above 0."""
    gains: dict[str, dict[str, float]] = defaultdict(dict)
    with (icecat / "labels.dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            gains[row["query_id"]][row["product_id"]] = int(row["rating"]) / 3
    with (icecat / "queries.dev.csv").open(encoding="utf-8", newline="") as file:
        queries = [RatedQuery(row["query"], gains[row["query_id"]]) for row in csv.DictReader(file)]
    return [query for query in queries if any(query.gains.values())]


def ndcg(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """nDCG@10: linear gains, discount 1/log2(rank + 1), ideal from all judged products of the query."""
    ideal = sorted(gains.values(), reverse=True)
    return _dcg([gains.get(product_id, 0.0) for product_id in ranking]) / _dcg(ideal)


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:10]))
