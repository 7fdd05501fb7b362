"""The header that says what an answer had to do without: ``Kontor-Degraded: search, products``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from starlette.requests import Request

HEADER = "Kontor-Degraded"
Part = Literal["carts", "orders", "products", "search", "shops"]


def note(request: Request, part: Part) -> None:
    """The answer to this request does not come from where this part of it is kept."""
    noted: dict[Part, None] = request.scope.setdefault("state", {}).setdefault("degraded", {})
    noted[part] = None


def is_degraded(request: Request) -> bool:
    """Then the answer must not be kept, by browsers or in between."""
    return "degraded" in request.scope.get("state", ())


def noted(state: Mapping[str, Any]) -> str:
    """The header's value for a request with this state; empty when nothing was missing."""
    return ", ".join(state.get("degraded", ()))
