"""Who is asking: the account behind a bearer token, and the dependencies that routes name to get it.

``principal_of`` costs a dictionary look-up for a token seen before; the ``Depends`` forms add FastAPI's own few
microseconds, so the hottest routes may call it directly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

from fastapi import Depends
from starlette.requests import Request

from readapi.edge.headers import header
from readapi.edge.problems import CHALLENGE, ProblemError, Unauthenticated

if TYPE_CHECKING:
    from readapi.edge.state import EdgeState

SCOPES = ("customer", "merchant", "admin")


class Principal(NamedTuple):
    """An authenticated account. ``family`` is the sign-in that its token comes from."""

    account_id: str
    scopes: frozenset[str]
    family: str

    def has_scope(self, scope: str) -> bool:
        """Administrators may do what anybody may."""
        return scope in self.scopes or "admin" in self.scopes


def edge_of(request: Request) -> EdgeState:
    return cast("EdgeState", request.app.state.edge)


def principal_of(request: Request) -> Principal | None:
    """The account behind the request, ``None`` when no token was sent. Charges the account's ``default`` quota.

    Raises ``Unauthenticated`` for a token that is refused, and ``RateLimited``.
    """
    state = request.scope.setdefault("state", {})
    if "principal" in state:
        return cast("Principal | None", state["principal"])
    principal = None
    sent = header(request, b"authorization")
    if sent is not None:
        edge = edge_of(request)
        principal = edge.tokens.verify(bearer(sent))
        edge.limiter.charge(state, "default", principal.account_id)
    state["principal"] = principal
    return principal


def bearer(sent: str) -> str:
    """The token of an Authorization header; other schemes are refused."""
    scheme, _, token = sent.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the Authorization header must be: Bearer TOKEN", token_refused=True)
    return token


async def optional_principal(request: Request) -> Principal | None:
    return principal_of(request)


async def require_principal(request: Request) -> Principal:
    """Raises ``Unauthenticated`` without a token."""
    principal = principal_of(request)
    if principal is None:
        raise Unauthenticated
    return principal


def require_scope(scope: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that admits accounts with this scope (and administrators); 403 for others."""
    headers = {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'}

    async def dependency(request: Request) -> Principal:
        principal = await require_principal(request)
        if not principal.has_scope(scope):
            raise ProblemError("forbidden", f"this needs the scope {scope}", headers=headers)
        return principal

    return dependency


OptionalPrincipal = Annotated[Principal | None, Depends(optional_principal)]
RequiredPrincipal = Annotated[Principal, Depends(require_principal)]
CustomerPrincipal = Annotated[Principal, Depends(require_scope("customer"))]
MerchantPrincipal = Annotated[Principal, Depends(require_scope("merchant"))]
AdminPrincipal = Annotated[Principal, Depends(require_scope("admin"))]
