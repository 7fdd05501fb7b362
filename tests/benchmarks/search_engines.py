"""SQLite FTS5 against tantivy on the rated Icecat queries: which engine searches Kontor's catalog?

Run as ``python -m tests.benchmarks.search_engines``. Each engine works in a process of its own, so that memory counts.

Both plain engines get the same five fields, the same weights and the same demand (all words, then any word if that
finds nothing), each with the English stemmer it brings. "kontor" is the shipped adapter, with what it adds.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import tantivy

from projections.search.document import SearchDocument
from projections.search.port import SearchQuery
from projections.search.row import columns as kept_columns
from projections.search.tantivy_index import TantivyIndex
from tests.benchmarks import icecat

WEIGHTS = {"title": 3.0, "brand": 2.0, "category": 2.5, "description": 0.6, "attributes": 1.0}
ROUNDS = 5
SMALL = 20_000
TYPOS = {
    "keybaord": "keyboard",
    "hedphones": "headphones",
    "notebok": "notebook",
    "prnter": "printer",
    "moniter": "monitor",
}
PREFIXES = {"keyb": "keyboard", "headph": "headphones", "noteb": "notebook", "cartr": "cartridge", "adapt": "adapter"}
FACETED = "facets of a query, p50 / p99 ms"


class Engine(Protocol):
    def __init__(self, folder: Path) -> None: ...
    def add(self, documents: Sequence[SearchDocument]) -> None: ...
    def commit(self) -> None: ...
    def search(self, text: str) -> list[str]: ...
    def facets(self, text: str) -> None: ...


def columns(document: SearchDocument) -> dict[str, str]:
    return {
        "title": document.title,
        "brand": document.brand or "",
        "category": " ".join(document.category),
        "description": document.description,
        "attributes": " ".join(map(str, document.attributes.values())),
    }


def shown_attributes(document: SearchDocument) -> dict[str, str]:
    return dict(kept_columns(document)[1])


def words(text: str) -> list[str]:
    return ["".join(filter(str.isalnum, word)) for word in text.lower().split()]


class Fts5:
    """SQLite's full-text index; prefix queries are its own, typos it does not know, facets are SQL over the hits."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "fts.db")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(
            "CREATE TABLE product (row INTEGER PRIMARY KEY, id TEXT, brand TEXT, category TEXT, price INT)"
        )
        self._db.execute("CREATE TABLE attribute (row INT, name TEXT, value TEXT)")
        self._db.execute("CREATE INDEX attribute_row ON attribute (row)")
        fields = ", ".join(WEIGHTS)
        self._db.execute(f"CREATE VIRTUAL TABLE fts USING fts5({fields}, content='', tokenize='porter unicode61')")
        self._rank = ", ".join(map(str, WEIGHTS.values()))

    def add(self, documents: Sequence[SearchDocument]) -> None:
        for document in documents:
            row = (document.product_id, document.brand, "/".join(document.category), document.price)
            at = self._db.execute("INSERT INTO product (id, brand, category, price) VALUES (?, ?, ?, ?)", row).lastrowid
            pairs = [(at, *pair) for pair in shown_attributes(document).items()]
            self._db.executemany("INSERT INTO attribute VALUES (?, ?, ?)", pairs)
            text = tuple(columns(document).values())
            self._db.execute(
                "INSERT INTO fts (rowid, title, brand, category, description, attributes) VALUES (?, ?, ?, ?, ?, ?)",
                (at, *text),
            )

    def commit(self) -> None:
        self._db.commit()

    def search(self, text: str) -> list[str]:
        sql = (
            "SELECT id FROM fts JOIN product ON product.row = fts.rowid "
            f"WHERE fts MATCH ? ORDER BY bm25(fts, {self._rank}) LIMIT 10"
        )
        quoted = [f'"{word}"' for word in words(text)]
        for match in (" AND ".join(quoted), " AND ".join([*quoted[:-1], f"{quoted[-1]}*"]), " OR ".join(quoted)):
            if found := [row[0] for row in self._db.execute(sql, (match,))]:
                return found
        return []

    def facets(self, text: str) -> None:
        match = " AND ".join(f'"{word}"' for word in words(text))
        hits = "SELECT rowid FROM fts WHERE fts MATCH ?"
        for group in ("brand", "category", "price / 1000"):
            self._db.execute(
                f"SELECT {group}, count(*) FROM product WHERE row IN ({hits}) GROUP BY 1", (match,)
            ).fetchall()
        sql = (
            f"SELECT name, value, count(*) FROM attribute WHERE row IN ({hits}) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 200"
        )
        self._db.execute(sql, (match,)).fetchall()


class PlainTantivy:
    """tantivy as it comes: its English analyser, terms combined with the same weights."""

    def __init__(self, folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        for field in WEIGHTS:
            builder.add_text_field(field, tokenizer_name="en_stem")
        for column in ("brand_value", "attribute"):
            builder.add_text_field(column, tokenizer_name="raw", index_option="basic", fast=True)
        builder.add_integer_field("price", fast=True)
        self._index = tantivy.Index(builder.build(), str(folder))
        self._writer = self._index.writer(15_000_000, 1)

    def add(self, documents: Sequence[SearchDocument]) -> None:
        for document in documents:
            shown = [f"{name}={value}" for name, value in shown_attributes(document).items()]
            row: dict[str, Any] = {"id": document.product_id, "attribute": shown, **columns(document)}
            row |= {"brand_value": document.brand or "", "price": document.price or 0}
            self._writer.add_json(json.dumps(row))

    def commit(self) -> None:
        self._writer.commit()
        self._index.reload()

    def _query(self, text: str, every: bool) -> tantivy.Query:
        cleaned = " ".join(words(text))
        return self._index.parse_query(cleaned, list(WEIGHTS), WEIGHTS, conjunction_by_default=every)

    def search(self, text: str) -> list[str]:
        searcher = self._index.searcher()
        for every in (True, False):
            hits = searcher.search(self._query(text, every), 10).hits
            if hits:
                return [searcher.doc(address)["id"][0] for _, address in hits]
        return []

    def facets(self, text: str) -> None:
        counted = {name: {"terms": {"field": name, "size": 200}} for name in ("brand_value", "attribute")}
        histogram = {"price": {"histogram": {"field": "price", "interval": 1000.0, "min_doc_count": 1}}}
        self._index.searcher().aggregate(self._query(text, True), counted | histogram)


class Kontor:
    """The shipped adapter; a search always counts its facets too."""

    def __init__(self, folder: Path) -> None:
        self._index = TantivyIndex(folder)
        assert self._index.try_writer()

    def add(self, documents: Sequence[SearchDocument]) -> None:
        self._index.apply(documents, [])

    def commit(self) -> None:
        self._index.commit(1)

    def search(self, text: str) -> list[str]:
        return self._index.search(SearchQuery(text=text, limit=20)).product_ids

    def facets(self, text: str) -> None:
        self._index.search(SearchQuery(text=text, limit=20))


ENGINES: dict[str, type[Engine]] = {"SQLite FTS5": Fts5, "tantivy, plain": PlainTantivy, "kontor": Kontor}


class Timing(NamedTuple):
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.p50:.2f} / {self.p99:.2f}"


def timing(work: Callable[[str], object], texts: Sequence[str]) -> Timing:
    """Milliseconds, warm: the first round is not counted."""
    times: list[float] = []
    for turn in range(ROUNDS + 1):
        for text in texts:
            started = time.perf_counter()
            work(text)
            if turn:
                times.append((time.perf_counter() - started) * 1e3)
    times.sort()
    return Timing(times[len(times) // 2], times[int(len(times) * 0.99)])


def measure(name: str, data: Path) -> dict[str, str]:
    documents, rated = list(icecat.documents(data)), icecat.rated_queries(data)
    texts = [query.text for query in rated]
    titles = {document.product_id: " ".join(map(str, columns(document).values())).lower() for document in documents}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        before = _resident()
        engine = ENGINES[name](Path(folder))
        started = time.perf_counter()
        engine.add(documents)
        engine.commit()
        seconds = time.perf_counter() - started
        grown = _resident() - before
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        scores = [icecat.ndcg(engine.search(query.text), query.gains) for query in rated]
        row = {
            "nDCG@10": f"{sum(scores) / len(scores):.4f}",
            "indexing, documents/s": f"{len(documents) / seconds:,.0f}",
            "index size, MB": f"{size / 1e6:.1f}",
            "resident memory grown, MB": f"{grown:.0f}",
            "query, p50 / p99 ms": str(timing(engine.search, texts)),
            FACETED: str(timing(engine.facets, texts)),
            "typos understood": f"{_understood(engine, titles, TYPOS)} of {len(TYPOS)}",
            "prefixes understood": f"{_understood(engine, titles, PREFIXES)} of {len(PREFIXES)}",
        }
        batch = timing(lambda _: (engine.add(documents[:100]), engine.commit()), [""] * 5)
        row["commit of 100 documents, p50 / p99 ms"] = str(batch)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        small = [_small(number) for number in range(SMALL)]
        engine = ENGINES[name](Path(folder))
        started = time.perf_counter()
        engine.add(small)
        engine.commit()
        row["indexing, small documents/s"] = f"{SMALL / (time.perf_counter() - started):,.0f}"
    return row


def _small(number: int) -> SearchDocument:
    """What an import of short products makes."""
    return SearchDocument(
        product_id=f"prd_{number:08}",
        title=f"Desk lamp model {number} with a metal foot",
        brand=f"Brand {number % 100}",
        category=("Lighting", "Lamps"),
        description="A lamp for the desk, with a switch in the cable and a bulb that lasts.",
        attributes={"color": ("red", "blue", "green")[number % 3], "height": float(number % 90)},
        skus=(f"SKU-{number}",),
        price=number,
        created_at=number,
    )


def _understood(engine: Engine, titles: dict[str, str], meant: dict[str, str]) -> int:
    """How many texts bring the meant word into most of the first ten products."""
    good = 0
    for typed, word in meant.items():
        found = engine.search(typed)[:10]
        good += bool(found) and sum(word.removesuffix("s") in titles[one] for one in found) * 2 > len(found)
    return good


def _resident() -> float:
    """Peak resident memory of this process in MB (Linux counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    data = icecat.folder()
    if not (data / "products.ndjson.gz").exists():
        print(f"the rated Icecat catalog is not at {data}; KONTOR_SHARED names the data folder", file=sys.stderr)
        return 1
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows = [pool.apply(measure, (name, data)) for name in ENGINES]
    print("| | " + " | ".join(ENGINES) + " |\n|---|" + "---|" * len(ENGINES))
    for figure in rows[0]:
        print(f"| {figure} | " + " | ".join(row[figure] for row in rows) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
