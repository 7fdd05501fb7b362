"""The tree of categories that administrators keep."""

from __future__ import annotations

from domain.catalog.attributes import AttributeSchema, Titles
from domain.catalog.category import CategoryClosed, CategoryPut
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class CategoryRow(ViewRow, frozen=True):
    path: tuple[str, ...]
    titles: Titles
    own_schema: AttributeSchema
    created_at: int
    updated_at: int
    version: int


def category_put(row: CategoryRow | None, recorded: Recorded) -> CategoryRow:
    event: CategoryPut = recorded.event
    at = recorded.meta.occurred_at
    created_at = row.created_at if row else at
    return CategoryRow(event.path, event.titles, event.own_schema, created_at, at, recorded.version)


CATEGORY_ROWS = Table(
    name="categories",
    row=CategoryRow,
    folds={CategoryPut: category_put, CategoryClosed: lambda row, recorded: None},
    indexes={"all": Index(lambda key, row: "")},
)
CATEGORIES = Projection("categories", 1, (CATEGORY_ROWS,))
