"""A request's header without the mapping that Starlette makes of all of them, which costs more than the look."""

from __future__ import annotations

from starlette.requests import Request


def header(request: Request, name: bytes) -> str | None:
    """The first of this name, which is given in lower case; None when there is none."""
    for sent, value in request.scope["headers"]:
        if sent == name:
            return str(value, "latin-1")
    return None


def headers(request: Request, name: bytes) -> list[str]:
    """All of this name, in the order in which they were sent."""
    return [str(value, "latin-1") for sent, value in request.scope["headers"] if sent == name]
