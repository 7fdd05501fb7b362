"""What people type into one line holds no control characters; what fills several may hold breaks and tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from readapi.edge.schemas import LONG_TEXT, ONE_LINE
from writeapi.app import ROUTERS
from writeapi.bodies.merchandise import NewProduct
from writeapi.merchants.categorytree import CategoryLine
from writeapi.merchants.rows import OfferLine, StockLine

LOOKED_UP = (
    "_id",
    "sku",
    "code",
    "email",
    "password",
    "token",
    "url",
    "query",
    "delimiter",
    "types",
    "gift_card",
    "_schema",
)
"""Not kept as they are: looked up, hashed, or held to rules of their own."""


def bodies() -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = {CategoryLine, OfferLine, StockLine}
    for router in ROUTERS:
        for route in router.routes:
            for field in route.dependant.body_params:
                found |= set(models_in(field.field_info.annotation))
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for argument in get_args(annotation):
        yield from models_in(argument)


def texts_in(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """What is asked of each text in it."""
    if annotation is str:
        yield metadata
    elif get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from texts_in(inner, (*metadata, *more))
    elif get_origin(annotation) in (list, dict, tuple, set):
        for argument in get_args(annotation):
            yield from texts_in(argument, ())
    elif not isinstance(annotation, type):
        for argument in get_args(annotation):
            yield from texts_in(argument, metadata)


def is_guarded(metadata: tuple[Any, ...]) -> bool:
    flat = [inner for one in metadata for inner in (one, *getattr(one, "metadata", ()))]
    return any(one in (ONE_LINE, LONG_TEXT) or getattr(one, "pattern", r"\S") != r"\S" for one in flat)


def test_no_text_of_any_command_is_forgotten() -> None:
    forgotten = {
        f"{model.__name__}.{name}"
        for body in bodies()
        for model in models_in(body)
        for name, field in model.model_fields.items()
        if not name.endswith(LOOKED_UP)
        for metadata in texts_in(field.annotation, tuple(field.metadata))
        if not is_guarded(metadata)
    }
    assert forgotten == set()


GOOD = {
    "title": "Oak bed",
    "description": "Solid oak.\r\n\tOiled, as \x84they\x93 say.",
    "attributes": {"care": "Dust it.\nOil it once a year.", "colours": ["nat\tural"]},
    "texts": {"de": {"title": "Eichenbett", "description": "Eiche.\nMassiv.", "labels": {"care": "Pflege"}}},
}


def test_long_texts_hold_breaks_and_tabs() -> None:
    NewProduct.model_validate(GOOD)


@pytest.mark.parametrize("control", ["\x00", "\n", "\t", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda bad: {"title": bad}, ("title",)),
        (lambda bad: {"brand": bad}, ("brand",)),
        (lambda bad: {"axes": ["size", bad]}, ("axes", 1)),
        (lambda bad: {"variants": [{"sku": bad}]}, ("variants", 0, "sku")),
        (lambda bad: {"texts": {"de": {"title": bad}}}, ("texts", "de", "title")),
        (lambda bad: {"texts": {"de": {"title": "x", "labels": {"care": bad}}}}, ("texts", "de", "labels", "care")),
    ],
)
def test_single_lines_hold_neither(change: Any, where: tuple[Any, ...], control: str) -> None:
    assert places(NewProduct, GOOD | change(f"Oak{control}bed")) == [where]


@pytest.mark.parametrize("control", ["\x00", "\x0b", "\x1b", "\x7f"])
def test_and_long_texts_no_others(control: str) -> None:
    bad = f"Oak{control}bed"
    assert places(NewProduct, GOOD | {"description": bad}) == [("description",)]
    assert places(NewProduct, GOOD | {"attributes": {"care": bad}}) == [("attributes", "care")]


def places(model: type[BaseModel], body: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_python(body)
    return [error["loc"] for error in refused.value.errors()]
