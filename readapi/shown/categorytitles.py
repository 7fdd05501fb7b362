"""What categories and their attributes are called in a reader's language, where administrators gave them names.

A path is what a category is known by everywhere; its name in another language stands beside it as ``label``. Names are
few and seldom change, so all of them are kept in memory, read again when a category changed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from domain.catalog.attributes import Property, Titles
from domain.catalog.language import best_of
from domain.recorded import Recorded
from projections.categories.projector import CategoryRow
from projections.search import analysis
from projections.search.port import Suggestion
from projections.views import Touched, Views, ViewsUnavailable
from readapi.shown.categories import Path, Tree, digest_tag, kept_rows, roots
from readapi.shown.languages import Wanted

SUGGESTED_MAX = 2
READERS_MAX = 20
"""Kinds of readers for whom names are kept ready."""
_NO_ROWS: Mapping[Path, CategoryRow] = MappingProxyType({})


class Name(NamedTuple):
    """Of a category, as it is completed."""

    words: frozenset[str]
    """Of the whole path, in this language where there is one."""
    leaf: tuple[str, ...]
    path: Path
    label: str


class _Bucket(msgspec.Struct, omit_defaults=True):
    value: str
    count: int
    label: str | None = None


class _Facets(msgspec.Struct, rename="camel"):
    """Those of a search in JSON; only categories and names of attributes are looked into."""

    category: list[_Bucket]
    brand: msgspec.Raw
    price: msgspec.Raw
    rating: msgspec.Raw
    availability: msgspec.Raw
    seller: msgspec.Raw
    attributes: dict[str, msgspec.Raw]
    attribute_labels: dict[str, str] = {}


_decode = msgspec.json.Decoder(_Facets).decode
_encode = msgspec.json.Encoder().encode


def title_in(titles: Titles, wanted: Wanted) -> str | None:
    """The one that somebody would rather read than none."""
    return titles.get(best_of(("", *titles), wanted)) if titles else None


class Named:
    """The names as of some time, for one kind of reader."""

    def __init__(self, rows: Mapping[Path, CategoryRow], wanted: Wanted) -> None:
        self._rows = rows
        self._wanted = wanted
        self._completed: list[Name] | None = None
        self._tree: tuple[Tree, bytes, str] | None = None

    def category(self, path: Path) -> str | None:
        row = self._rows.get(path)
        return None if row is None else title_in(row.titles, self._wanted)

    def attributes(self, path: Path, names: Iterable[str]) -> dict[str, str]:
        """What they are called in this category; elsewhere, what every category that names them agrees on."""
        found = ((name, self._attribute(path, name)) for name in names)
        return {name: label for name, label in found if label is not None}

    def _attribute(self, path: Path, name: str) -> str | None:
        for depth in range(len(path), 0, -1):
            label = self._label(self._rows.get(path[:depth]), name)
            if label is not None:
                return label
        in_all = {label for row in self._rows.values() if (label := self._label(row, name)) is not None}
        return in_all.pop() if len(in_all) == 1 else None

    def _label(self, row: CategoryRow | None, name: str) -> str | None:
        kept: Property | None = None if row is None else row.own_schema.properties.get(name)
        return None if kept is None else title_in(kept.titles, self._wanted)

    def facets(self, facets: bytes, path: Path) -> bytes:
        """The facets (JSON) of a search in this category with what their categories and attributes are called."""
        found = _decode(facets)
        for bucket in found.category:
            bucket.label = self.category(tuple(bucket.value.split("/")))
        found.attribute_labels = self.attributes(path, found.attributes)
        return _encode(found)

    def completing(self, typed: str) -> list[tuple[Path, str]]:
        """Categories whose name goes on from what was typed, with their labels; at most a few dozen of each letter."""
        words = analysis.words(analysis.clean(typed))
        if not words:
            return []
        if self._completed is None:
            self._completed = list(self._names())
        before = set(words[:-1])
        return [
            (name.path, name.label)
            for name in self._completed
            if before <= name.words and any(word.startswith(words[-1]) for word in name.leaf)
        ]

    def _names(self) -> Iterable[Name]:
        for path in self._rows:
            if self.category(path) is not None:
                steps = [self.category(path[: depth + 1]) or path[depth] for depth in range(len(path))]
                leaf = tuple(analysis.words(steps[-1]))
                yield Name(frozenset(analysis.words(" ".join(steps))), leaf, path, "/".join(steps))

    def tree(self, tree: Tree) -> tuple[bytes, str]:
        """Body and ETag of the tree of categories."""
        if self._tree is None or self._tree[0] is not tree:
            body = _encode({"items": roots(tree, self.category), "next": None, "prev": None})
            self._tree = (tree, body, digest_tag(body))
        return self._tree[1:]


class CategoryTitles:
    def __init__(self, views: Views) -> None:
        self._views = views
        self._rows: Mapping[Path, CategoryRow] = _NO_ROWS
        self._languages: frozenset[str] = frozenset()
        self._named: OrderedDict[Wanted, Named] = OrderedDict()
        self._changed = True
        self._reading: asyncio.Task[bool] | None = None
        self.hits = self.misses = 0

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        self.changed(touched)

    def changed(self, touched: Touched) -> None:
        if "categories" in touched:
            self._changed = True

    def clear(self) -> None:
        """For when changes may have been missed."""
        self._changed = True

    async def named(self, wanted: Wanted) -> Named | None:
        """None where nothing has a name in any of these languages. While the views are away, as last known."""
        while self._changed or self._reading is not None:  # what is being read may be what somebody has seen already
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            if not await asyncio.shield(self._reading):
                break
        heeded = tuple(one for one in wanted if self._is_known(one))
        if not heeded:
            return None
        if heeded in self._named:
            self.hits += 1
        else:
            self.misses += 1
            self._named[heeded] = Named(self._rows, heeded)
            if len(self._named) > READERS_MAX:
                self._named.popitem(last=False)
        return self._named[heeded]

    def _is_known(self, asked: str) -> bool:
        return title_in(dict.fromkeys(sorted(self._languages), "there"), (asked,)) is not None

    async def _read(self) -> bool:
        """Whether it could."""
        self._changed = False
        try:
            self._rows = await kept_rows(self._views)
        except ViewsUnavailable:
            self._changed = True
            return False
        finally:
            self._reading = None
        self._named.clear()
        self._languages = frozenset(language for row in self._rows.values() for language in _languages(row))
        return True


def _languages(row: CategoryRow) -> Iterable[str]:
    yield from row.titles
    for kept in row.own_schema.properties.values():
        yield from kept.titles


def suggested(found: Iterable[tuple[Path, str]], tree: Tree) -> list[Suggestion]:
    """Of categories that have products, those with most of them."""
    counted = sorted((-tree.counts.get(path, 0), label, path) for path, label in found)
    return [Suggestion("/".join(path), "category", None, label) for count, label, path in counted if count][
        :SUGGESTED_MAX
    ]
