"""The tree of categories, those that administrators keep and those that products name, and how many products each has.

Counted in one query when somebody asks after products changed. With a large catalog that query takes long enough to be
rationed; whoever names a position gets it fresh.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from domain.catalog.attributes import ANYTHING, DRAFT, AttributeSchema, inherited
from domain.errors import NotFound
from domain.recorded import Recorded
from projections.categories.projector import CategoryRow
from projections.views import LISTED_MAX, Place, Touched, Views

Path = tuple[str, ...]
RATION = 50
"""Counting may take one part in so many of the time."""


class Tree(NamedTuple):
    counts: dict[Path, int]
    """Products in a category and below it."""
    children: dict[Path, list[Path]]
    """In alphabetical order; the root is the empty path."""
    body: bytes
    etag: str
    kept: Mapping[Path, CategoryRow] = MappingProxyType({})
    """Those that administrators keep; none while the views are away."""


class Categories:
    def __init__(self, views: Views, now: Callable[[], float] = monotonic) -> None:
        self._views = views
        self._now = now
        self._tree: Tree | None = None
        self._changed = True
        self._not_before = 0.0
        self._counting: asyncio.Task[None] | None = None
        self.hits = self.misses = 0

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        self.changed(touched)

    def changed(self, touched: Touched) -> None:
        if "products" in touched or "categories" in touched:
            self._changed = True

    def clear(self) -> None:
        """For when changes may have been missed."""
        self._changed = True

    async def tree(self, *, fresh: bool = False) -> Tree:
        """``fresh``: with every change that was told of so far. Raises ViewsUnavailable."""
        if self._tree is not None and not self._is_due(fresh):
            self.hits += 1
            return self._tree
        self.misses += 1
        if self._counting is not None:  # and may lack what changed since that began
            await asyncio.shield(self._counting)
        if self._tree is None or self._is_due(fresh):
            if self._counting is None:
                self._counting = asyncio.create_task(self._count(), name="counting categories")
                self._counting.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.shield(self._counting)
        assert self._tree is not None
        return self._tree

    def _is_due(self, fresh: bool) -> bool:
        if fresh:
            return self._changed or self._counting is not None
        return self._changed and self._now() >= self._not_before

    async def _count(self) -> None:
        self._changed, started = False, self._now()
        try:
            self._tree = grown(await self._counted(), await kept_rows(self._views))
        except BaseException:
            self._changed = True
            raise
        finally:
            self._counting = None
        ended = self._now()
        self._not_before = ended + (ended - started) * RATION

    async def _counted(self) -> dict[Path, int]:
        counts = await self._views.counts("products", "category")
        return {tuple(category.split("\x1f")): products for category, products in counts.items()}


async def kept_rows(views: Views) -> dict[Path, CategoryRow]:
    """Those that administrators keep, and all that is above them. Raises ViewsUnavailable."""
    rows: dict[Path, CategoryRow] = {}
    last = ""
    while some := await views.listed("categories", "all", "", after=Place(0, last), limit=LISTED_MAX):
        rows.update((row.path, row) for _, row in some)
        last = some[-1].key
    return {path: row for path, row in rows.items() if all(path[:depth] in rows for depth in range(1, len(path)))}


def grown(products: dict[Path, int], kept: Mapping[Path, CategoryRow] = MappingProxyType({})) -> Tree:
    """The tree over products counted by their full path, and over what is kept whether it has any or not."""
    counts: dict[Path, int] = dict.fromkeys(kept, 0)
    for path, number in products.items():
        for depth in range(1, len(path) + 1):
            counts[path[:depth]] = counts.get(path[:depth], 0) + number
    return tree_of(counts, kept)


def tree_of(counts: dict[Path, int], kept: Mapping[Path, CategoryRow] = MappingProxyType({})) -> Tree:
    """The tree of categories whose products, with those below, are counted."""
    children: dict[Path, list[Path]] = {}
    for path in sorted(counts, key=lambda path: [part.casefold() for part in path]):
        children.setdefault(path[:-1], []).append(path)
    tree = Tree(counts, children, b"", "", kept)
    body = msgspec.json.encode({"items": roots(tree), "next": None, "prev": None})
    return tree._replace(body=body, etag=digest_tag(body))


Label = Callable[[Path], str | None]
"""What a category is called in the reader's language."""


def unnamed(path: Path) -> str | None:
    return None


def roots(tree: Tree, label: Label = unnamed) -> list[dict[str, Any]]:
    return [node(tree, path, label, deep=True) for path in tree.children.get((), ())]


def node(tree: Tree, path: Path, label: Label, *, deep: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {**_step(path, label), "count": tree.counts[path]}
    if deep:
        shown["children"] = [node(tree, child, label, deep=True) for child in tree.children.get(path, ())]
    return shown


def _step(path: Path, label: Label) -> dict[str, Any]:
    named = label(path)
    step = {"name": path[-1], "path": "/".join(path)}
    return step if named is None else step | {"label": named}


def require_known(tree: Tree, path: Path) -> None:
    """Raises NotFound for a category that has no products and that nobody keeps."""
    if path not in tree.counts:
        raise NotFound("no such category")


def category_head(tree: Tree, path: Path, label: Label = unnamed) -> dict[str, Any]:
    """A category's page without its products. Raises NotFound."""
    require_known(tree, path)
    above = [path[: depth + 1] for depth in range(len(path))]
    return {
        **node(tree, path, label, deep=False),
        "breadcrumbs": [_step(step, label) for step in above],
        "children": [node(tree, child, label, deep=False) for child in tree.children.get(path, ())],
        "kept": kept_json(tree, path) if path in tree.kept else None,
    }


def kept_json(tree: Tree, path: Path) -> dict[str, Any]:
    """What the category asks of its products."""
    row, effective = tree.kept[path], ANYTHING
    for depth in range(1, len(path) + 1):
        effective = inherited(effective, tree.kept[path[:depth]].own_schema)
    return {
        "version": row.version,
        "titles": row.titles,
        "schema": _as_schema(row.own_schema),
        "effectiveSchema": _as_schema(effective),
    }


def _as_schema(schema: AttributeSchema) -> dict[str, Any]:
    return {"$schema": DRAFT, "type": "object", **msgspec.to_builtins(schema)}


def digest_tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
