"""From the cells of a CSV to the fields of a row. What means nothing stays text, and is refused where rows are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from domain.catalog.cells import COMMA, POINT, truth_of, value_of
from domain.catalog.language import is_tag
from domain.errors import Invalid
from domain.money import CURRENCIES
from domain.sellers.feedterms import FeedTerms

ATTRIBUTE = "attribute."
AXIS = "axis."
"""What the variants of a family differ by: an attribute of the row's own variant."""
CONSTANT = "="
"""A column that begins so is none: what follows is every row's value."""
AT = "@"
LOCALIZED = ("title", "description")
"""May be said in other languages too, as ``title@de``; so may the labels of attributes, as ``label.width@de``."""
LABEL = "label."
FILE_COLUMNS_MAX = 2_000
"""Of a file: more than a product can have attributes, each with its name in a few languages."""
LISTED_MAX = 500
"""Characters of a file's own columns that a reason names."""
_DELIMITERS = (";", ",", "\t", "|")
STEP = ">"
"""Between the steps of a category."""
FIELDS = {
    "products": ("externalId", "sku", "title", "description", "language", "brand", "category", "media"),
    "offers": (
        "sku",
        "price",
        "currency",
        "listPrice",
        "shipsTo",
        "holdPolicy",
        "limitPerAccount",
        "backorder",
        "confirmPrice",
    ),
    "stock": ("sku", "quantity"),
}
BLANK: dict[str, Any] = {
    "listPrice": None,
    "shipsTo": ["*"],
    "holdPolicy": "checkout",
    "limitPerAccount": None,
    "backorder": False,
}
"""What an empty cell says where there is a column: none. Of what has no column a row says nothing."""
_PIECES = re.compile(r"([0-9]{1,12})[.,]0{1,2}")
_THOUSANDS = re.compile(r"([0-9]{1,3}([.,'\u2019\u00a0\u202f ])[0-9]{3}(?:\2[0-9]{3}){0,3})(?:([.,])([0-9]{1,4}))?")
_PRICE = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,4}))?")
_SEVERAL = re.compile(r"[|\s]+")
_COUNTRIES = re.compile(r"[|,;\s]+")


class Columns:
    """How a file's columns become fields."""

    def __init__(self, terms: FeedTerms, header: Sequence[str], currency: str) -> None:
        """``currency`` is the shop's. Columns without a name mean nothing. Raises Invalid if header and terms do not
        fit together."""
        self._make = {"products": self._product, "offers": self._offer, "stock": self._stock}[terms.what]
        self._currency = currency
        self._decimal = terms.decimal
        self._constants: dict[str, str] = {}
        self._at: dict[str, int] = {}
        if len(header) > FILE_COLUMNS_MAX:
            raise Invalid(f"the file has more than {FILE_COLUMNS_MAX} columns")
        known, places = FIELDS[terms.what], {name: place for place, name in enumerate(header) if name}
        _require_one_delimiter(terms.delimiter, header)
        for field, column in (terms.columns or {_field(terms.what, name): name for name in places}).items():
            require_field(terms.what, field)
            if column.startswith(CONSTANT):
                self._constants[field] = column.removeprefix(CONSTANT)
            elif column in places:
                self._at[field] = places[column]
            else:
                raise Invalid(f"the file has no column {column!r}; it has {_listed(places)}")
        if not {"sku", "externalId"} & (self._at.keys() & set(known)):
            raise Invalid("no column is called sku; say with columns which one it is")
        if any(map(_is_axis, self._at)) and not {"sku", "externalId"} <= self._at.keys():
            raise Invalid(f"{AXIS}NAME is for families: rows of one have its externalId, each a sku; name both columns")

    def row(self, cells: Sequence[str]) -> dict[str, Any]:
        """Empty cells are left out, unless they say that there is none of it."""
        found = {field: cells[at].strip() for field, at in self._at.items()} | self._constants
        blank = {field: BLANK[field] for field, text in found.items() if not text and field in BLANK}
        return self._make({field: text for field, text in found.items() if text}) | blank

    def _product(self, cells: dict[str, str]) -> dict[str, Any]:
        texts = _texts(cells)
        attributes = {
            field.removeprefix(ATTRIBUTE): text for field, text in cells.items() if field.startswith(ATTRIBUTE)
        }
        row: dict[str, Any] = {
            field: cells[field]
            for field in ("externalId", "title", "description", "language", "brand")
            if field in cells
        }
        if "category" in cells:
            row["category"] = [step.strip() for step in cells["category"].split(STEP)]
        if "media" in cells:
            row["media"] = [url for url in _SEVERAL.split(cells["media"]) if url]
        if texts:
            row["texts"] = texts
        if attributes:
            row["attributes"] = attributes
        axes = {field.removeprefix(AXIS): text for field, text in cells.items() if _is_axis(field)}
        if "sku" in cells:
            row["variants"] = [{"sku": cells["sku"]} | ({"attributes": axes} if axes else {})]
        if axes:
            row["axes"] = list(axes)
        return row

    def _offer(self, cells: dict[str, str]) -> dict[str, Any]:
        currency = cells.pop("currency", self._currency).upper()
        row: dict[str, Any] = dict(cells)
        for field in ("price", "listPrice"):
            if field in row:
                row[field] = {"amount": minor_units(row[field], currency, self._decimal), "currency": currency}
        if "shipsTo" in row:
            row["shipsTo"] = [code for code in _COUNTRIES.split(row["shipsTo"]) if code]
        if "limitPerAccount" in row:
            row["limitPerAccount"] = quantity_of(row["limitPerAccount"], self._decimal)
        for field in ("backorder", "confirmPrice"):
            if field in row:
                row[field] = truth_of(row[field])
        return row

    def _stock(self, cells: dict[str, str]) -> dict[str, Any]:
        return {
            field: quantity_of(text, self._decimal) if field == "quantity" else text for field, text in cells.items()
        }


def _texts(cells: dict[str, str]) -> dict[str, dict[str, Any]]:
    """By language. One without a title is refused where rows are."""
    found: dict[str, dict[str, Any]] = {}
    for field, text in cells.items():
        said, _, language = field.rpartition(AT)
        if said in LOCALIZED:
            found.setdefault(language, {})[said] = text
        elif said.startswith(LABEL):
            found.setdefault(language, {}).setdefault("labels", {})[said.removeprefix(LABEL)] = text
    return found


def _is_localized(field: str) -> bool:
    said, _, language = field.rpartition(AT)
    return is_tag(language) and (said in LOCALIZED or (said.startswith(LABEL) and len(said) > len(LABEL)))


def _is_axis(field: str) -> bool:
    return field.startswith(AXIS) and len(field) > len(AXIS)


def _field(what: str, column: str) -> str:
    """The field that a column is called like, whatever its capitals."""
    return next((field for field in FIELDS[what] if field.lower() == column.lower()), column)


def _require_one_delimiter(delimiter: str, header: Sequence[str]) -> None:
    """Raises Invalid where the whole first line is one column and looks like several with another delimiter."""
    if len(header) == 1:
        other = max(_DELIMITERS, key=header[0].count)
        if other != delimiter and other in header[0]:
            shown = "a tab" if other == "\t" else repr(other)
            raise Invalid(f"the first line is one column, {header[0][:100]!r}; is the delimiter {shown}?")


def _listed(names: Iterable[str]) -> str:
    shown = ", ".join(names)
    return shown if len(shown) <= LISTED_MAX else shown[:LISTED_MAX] + " …"


def require_field(what: str, field: str, pointer: str | None = None) -> None:
    """Raises Invalid for what rows of this kind do not have."""
    attribute = _is_axis(field) or (field.startswith(ATTRIBUTE) and len(field) > len(ATTRIBUTE))
    if field not in FIELDS[what] and not (what == "products" and (attribute or _is_localized(field))):
        named = f", {ATTRIBUTE}NAME, {AXIS}NAME, title{AT}de, description{AT}de and {LABEL}NAME{AT}de"
        more = named if what == "products" else ""
        raise Invalid(
            f"{what} have no field {field!r}; say with columns what means {', '.join(FIELDS[what])}{more}", pointer
        )


def minor_units(text: str, currency: str, decimal: str = POINT) -> int | str:
    """``19.99``, ``19,99`` or ``1.299,00`` as minor units; the text itself where it is no amount of the currency.

    ``1.299`` is one and a bit for a currency with three digits, thirteen hundred where numbers have a comma before
    their fraction, and nothing elsewhere.
    """
    digits, found = CURRENCIES.get(currency), _PRICE.fullmatch(_ungrouped(text, decimal))
    if digits is None or found is None or len(found[2] or "") > digits:
        return text
    fraction = (found[2] or "").ljust(digits, "0")
    return int(found[1] + fraction)


def _ungrouped(text: str, decimal: str) -> str:
    """Without what stands between thousands, where there is no doubt that it does."""
    found = _THOUSANDS.fullmatch(text)
    if found is None:
        return text
    whole, group, mark, fraction = found[1], found[2], found[3] or "", found[4] or ""
    told = whole.count(group) > 1 or (mark and mark != group) or (decimal == COMMA and group == POINT)
    if mark == group or (group in (POINT, COMMA) and not told):
        return text
    return whole.replace(group, "") + mark + fraction


def quantity_of(text: str, decimal: str = POINT) -> Any:
    """Spreadsheets write 3 as ``3.0``."""
    found = _PIECES.fullmatch(text)
    return int(found[1]) if found is not None else value_of(text, decimal)
