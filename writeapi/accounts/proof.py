"""How somebody proves who they are: by a password, and by a code besides where the account has a second factor.

What is wrong uses quotas up: of the e-mail address and of the client, and codes one of the account's own, which only
who knows the password gets to. Whatever waits here is done by the threads of ``passwords.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.requests import Request

from commands.vault import Vault
from domain.buyers.account import Account, ActiveAccount, require_active
from domain.errors import Invalid
from domain.ids import claim_id
from readapi.edge.principal import edge_of
from readapi.edge.problems import ProblemError
from readapi.edge.ratelimit import Limiter, client_of
from writeapi.accounts.passwords import hashing
from writeapi.requests import services_of

NEEDED = "this account wants a code of its second factor, or a recovery code, besides the password: send it as otp"
NO_CODE = "this code is wrong, too old, or was used before; wait for the next one"


class Refused(ProblemError):
    """A sign-in that failed, for what reason ever."""


class Wrong(Refused):
    def __init__(self) -> None:
        super().__init__("unauthenticated", "e-mail address or password is wrong", error="invalid_grant")


class CodeNeeded(Refused):
    """The password was right."""

    def __init__(self, detail: str = NEEDED) -> None:
        super().__init__("second_factor_required", detail, error="invalid_grant")


def signs_in(vault: Vault, limiter: Limiter, account_id: str, password: str, code: str) -> None:
    """Raises Wrong, CodeNeeded and RateLimited. The code is used up only where the password is right."""
    if not vault.check_password(account_id, password):
        raise Wrong
    if vault.factor_of(account_id) is None:
        return
    if not code:
        raise CodeNeeded
    with limiter.counting("codes", account_id, CodeNeeded):
        if not vault.use_code(account_id, code):
            raise CodeNeeded(NO_CODE)


async def by_password(
    request: Request, account_id: str, password: str, and_then: Callable[[], None] = lambda: None
) -> ActiveAccount:
    """The account of who is signed in already and is asked once more. ``and_then`` is done by the same thread, and may
    refuse as well.

    Raises Invalid at ``/currentPassword``, RateLimited as sign-ins do, and what the account or ``and_then`` does.
    """
    services, limiter = services_of(request), edge_of(request).limiter
    account = require_active(cast("Account", await services.engine.state(account_id)))
    lookup, client = account.email_claim.removeprefix(claim_id("email", "")), client_of(request.scope)
    limiter.check("login", lookup)
    limiter.check("guesses", client)

    def attempt() -> None:
        with limiter.counting("login", lookup, Invalid), limiter.counting("guesses", client, Invalid):
            if not services.vault.check_password(account_id, password):
                raise Invalid("this is not your password", "/currentPassword")
            and_then()

    await hashing(attempt)
    return account
