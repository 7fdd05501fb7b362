"""Which cart a request means, for queries and commands alike."""

from __future__ import annotations

from starlette.requests import Request

from domain.buyers.cart import cart_of
from readapi.edge.cart_token import HEADER
from readapi.edge.principal import Principal, edge_of


def cart_id_of(request: Request, principal: Principal | None) -> str | None:
    """A signed-in user's own cart, else the one that the Cart-Token proves; None without either. Raises BadParameter
    for a token that was not issued here."""
    if principal is not None:
        return cart_of(principal.account_id)
    token = request.headers.get(HEADER)
    return None if token is None else edge_of(request).cart_tokens.verify(token)
