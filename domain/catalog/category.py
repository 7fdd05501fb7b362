"""Category: a place in the tree that administrators keep, and what its products may say. Stream ``cat_…``.

Products name the path of their category, so the path is what a category is: its id follows from it, and what shoppers
read is in ``titles``. Where the first step of a path is kept, everything below it is: a product may only stand where
every step exists. Paths whose first step nobody keeps are free, as in a shop without administrators.
"""

from __future__ import annotations

from domain.catalog.attributes import ANYTHING, AttributeSchema, Titles
from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, NotFound
from domain.ids import derived_id

DEPTH_MAX = 8


def category_id(path: tuple[str, ...]) -> str:
    return derived_id("category", 0, *path)


class CategoryPut(Event, frozen=True):
    path: tuple[str, ...]
    titles: Titles = {}
    """Display names by language tag; without one the path's own last step is shown."""
    own_schema: AttributeSchema = ANYTHING
    """Without what it inherits."""


class CategoryClosed(Event, frozen=True):
    pass


class PutCategory(Command, frozen=True):
    category_id: str
    path: tuple[str, ...]
    titles: Titles = {}
    own_schema: AttributeSchema = ANYTHING


class CloseCategory(Command, frozen=True):
    category_id: str


class NoCategory(State, frozen=True):
    """Never was, or was closed."""


class OpenCategory(State, frozen=True):
    path: tuple[str, ...]
    titles: Titles = {}
    own_schema: AttributeSchema = ANYTHING


Category = NoCategory | OpenCategory


def put_category(command: PutCategory, state: Category) -> list[Event]:
    if not 1 <= len(command.path) <= DEPTH_MAX:
        raise Invalid(f"a category's path has 1 to {DEPTH_MAX} steps", "/path")
    assert command.category_id == category_id(command.path), command.path
    if state == OpenCategory(command.path, command.titles, command.own_schema):
        return []
    return [CategoryPut(command.path, command.titles, command.own_schema)]


def close_category(command: CloseCategory, state: Category) -> list[Event]:
    """Those below it exist no more than it does; put again, it has them back."""
    return [CategoryClosed()] if isinstance(state, OpenCategory) else []


def require_open(state: Category) -> OpenCategory:
    if isinstance(state, OpenCategory):
        return state
    raise NotFound("no such category")


CATEGORY = Decider(
    name="category",
    initial=NoCategory(),
    states=Category,
    decisions={PutCategory: put_category, CloseCategory: close_category},
    evolutions={
        CategoryPut: lambda state, event: OpenCategory(event.path, event.titles, event.own_schema),
        CategoryClosed: lambda state, event: NoCategory(),
    },
)
