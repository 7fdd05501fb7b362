"""The tree of categories and how many products each has, from the paths that products name.

Counted in one query when somebody asks after products changed. With a large catalog that query takes long enough to be
rationed; whoever names a position gets it fresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from domain.errors import NotFound
from domain.recorded import Recorded
from projections.views import Touched, Views

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


class Categories:
    def __init__(self, views: Views, now: Callable[[], float] = monotonic) -> None:
        self._views = views
        self._now = now
        self._tree: Tree | None = None
        self._changed = True
        self._not_before = 0.0

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        self.changed(touched)

    def changed(self, touched: Touched) -> None:
        if "products" in touched:
            self._changed = True

    def clear(self) -> None:
        """For when changes may have been missed."""
        self._changed = True

    async def tree(self, *, fresh: bool = False) -> Tree:
        started = self._now()
        if self._tree is None or (self._changed and (fresh or started >= self._not_before)):
            self._changed = False
            try:
                self._tree = grown(await self._counted())
            except BaseException:
                self._changed = True
                raise
            ended = self._now()
            self._not_before = ended + (ended - started) * RATION
        return self._tree

    async def _counted(self) -> dict[Path, int]:
        counts = await self._views.counts("products", "category")
        return {tuple(category.split("\x1f")): products for category, products in counts.items()}


def grown(products: dict[Path, int]) -> Tree:
    """The tree over products counted by their full path."""
    counts: dict[Path, int] = {}
    for path, number in products.items():
        for depth in range(1, len(path) + 1):
            counts[path[:depth]] = counts.get(path[:depth], 0) + number
    return tree_of(counts)


def tree_of(counts: dict[Path, int]) -> Tree:
    """The tree of categories whose products, with those below, are counted."""
    children: dict[Path, list[Path]] = {}
    for path in sorted(counts, key=lambda path: [part.casefold() for part in path]):
        children.setdefault(path[:-1], []).append(path)
    root = [node(path, counts, children, deep=True) for path in children.get((), ())]
    body = msgspec.json.encode({"items": root, "next": None, "prev": None})
    return Tree(counts, children, body, digest_tag(body))


def node(path: Path, counts: dict[Path, int], children: dict[Path, list[Path]], *, deep: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": path[-1], "path": "/".join(path), "count": counts[path]}
    if deep:
        shown["children"] = [node(child, counts, children, deep=True) for child in children.get(path, ())]
    return shown


def category_head(tree: Tree, path: Path) -> dict[str, Any]:
    """A category's page without its products. Raises NotFound for one without any."""
    if path not in tree.counts:
        raise NotFound("no such category")
    above = [path[: depth + 1] for depth in range(len(path))]
    return {
        **node(path, tree.counts, tree.children, deep=False),
        "breadcrumbs": [{"name": step[-1], "path": "/".join(step)} for step in above],
        "children": [node(child, tree.counts, tree.children, deep=False) for child in tree.children.get(path, ())],
    }


def digest_tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
