"""The sample catalog that ``kontor demo`` loads: where it lies, and its lines.

A checkout has it in ``data/sample``, an installed wheel in ``kontor/sample``. Offers and stock name their shop by a
``shopKey`` of ``shops()``; whoever loads them knows the ids the shops were given.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

Line = dict[str, Any]

NAMES: Final = ("products", "offers", "stock")


def folder() -> Path:
    """``FileNotFoundError`` when the installation is incomplete."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "sample", package.parent / "data" / "sample"):
        if (candidate / "shops.json").is_file():
            return candidate
    raise FileNotFoundError("the sample catalog is missing from this installation")


def shops() -> list[Line]:
    """``{shopKey, name, country, currency}`` of each shop."""
    return msgspec.json.decode((folder() / "shops.json").read_bytes(), type=list[Line])


def products() -> Iterator[Line]:
    """Bodies of POST /api/products with an ``externalId``; each has one SKU."""
    return _lines("products")


def offers() -> Iterator[Line]:
    """Bodies of PUT /api/offers with ``sku`` and ``shopKey``."""
    return _lines("offers")


def stock() -> Iterator[Line]:
    """``{sku, shopKey, quantity}``: what is on hand."""
    return _lines("stock")


def count(name: str) -> int:
    """How many lines there are, for a progress bar; ``name`` is one of ``NAMES``."""
    with gzip.open(folder() / f"{name}.ndjson.gz", "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _lines(name: str) -> Iterator[Line]:
    decode = msgspec.json.Decoder(Line).decode
    with gzip.open(folder() / f"{name}.ndjson.gz", "rb") as file:
        for line in file:
            yield decode(line)
