"""Whether the search index holds what the views of the catalog say: each document, and no other.

The views are compared with the log by ``comparing.py``; documents are built of them by the same function that the
indexer uses. The index follows within a second or two, so what differs is looked at again before it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kontor.proving.comparing import Compared, Walked, digest_of, reached
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.mapping import document_json
from streams.indexing.assembly import BATCH, assemble, in_slices
from streams.indexing.indexcatalog import document_with_copy

NAME = "Elasticsearch"
LOOKS = 5
PAUSE_S = 1.0


async def compare_search(
    views: Walked, search: ElasticIndex, clock: Callable[[], int], head: int
) -> tuple[Compared, Compared]:
    """Its progress and its documents. Raises ViewsUnavailable, SearchUnavailable."""
    await asyncio.to_thread(search.refresh)
    progress = reached(NAME, search.position(), head)
    return progress, await _compare_documents(views, search, clock)


async def _compare_documents(views: Walked, search: ElasticIndex, clock: Callable[[], int]) -> Compared:
    compared = Compared(NAME, "products")
    ids = {key async for key, _ in views.walk("products")} | set(await asyncio.to_thread(list, search.product_ids()))
    suspects: list[str] = []
    for some in in_slices(sorted(ids), BATCH):
        expected, found = await _expected(views, some, clock()), await _found(search, some)
        for total, documents in ((compared.expected, expected), (compared.found, found)):
            for key, one in documents.items():
                total.add(digest_of((key, one)))
        suspects += [key for key in some if expected.get(key) != found.get(key)]
    for _ in range(LOOKS):
        if not suspects:
            return compared
        await asyncio.sleep(PAUSE_S)
        wrong = [
            found for some in in_slices(suspects, BATCH) for found in await _differing(views, search, some, clock())
        ]
        compared.newer += len(suspects) - len(wrong)
        suspects = [key for key, _ in wrong]
    for key, what in wrong:
        compared.differs(f"{key} {what}")
    return compared


async def _expected(views: Walked, keys: Sequence[str], at: int) -> dict[str, Any]:
    on_sale = await assemble(views, keys, at)
    return {
        key: _settled(msgspec.json.decode(document_json(document_with_copy(one))))
        for key, one in on_sale.items()
        if one.product.published
    }


async def _found(search: ElasticIndex, keys: Sequence[str]) -> dict[str, Any]:
    return {key: _settled(one) for key, one in (await asyncio.to_thread(search.documents, keys)).items()}


def _settled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without what sells, which is counted by whoever writes the index and moves by itself."""
    return {name: value for name, value in document.items() if name != "standing"}


async def _differing(views: Walked, search: ElasticIndex, keys: Sequence[str], at: int) -> list[tuple[str, str]]:
    expected, found = await _expected(views, keys, at), await _found(search, keys)
    return [(key, _what(expected.get(key), found.get(key))) for key in keys if expected.get(key) != found.get(key)]


def _what(expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> str:
    if expected is None or found is None:
        return "is found and should not be" if expected is None else "is missing"
    names = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
    return f"differs in {', '.join(names)}"
