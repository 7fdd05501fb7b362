"""Accounts for whoever acts. Nobody signs in: they have no password, and the service's own token maker gives
them the tokens that a sign-in would."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import quote

from commands.context import system_context
from domain.buyers.account import RegisterAccount
from domain.claim import TakeClaim
from domain.ids import claim_id, derived_id
from readapi.edge.tokens import AccessTokens
from writeapi.services import WriteServices

FRESH_S = 600.0
"""A token is used for so long; the service takes it for fifteen minutes."""
FAMILY = "acting"


class People:
    def __init__(self, services: WriteServices, tokens: AccessTokens) -> None:
        self._services = services
        self._tokens = tokens
        self._scopes: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, tuple[dict[str, str], float]] = {}

    @staticmethod
    def account(key: str) -> str:
        return derived_id("account", 0, FAMILY, key)

    def know(self, key: str, *scopes: str) -> None:
        """Somebody was registered before, in this process or another."""
        self._scopes[key] = ("customer", *scopes)

    async def register(self, key: str, *scopes: str) -> None:
        """``key`` is whatever somebody is called here."""
        services, account_id = self._services, self.account(key)
        email = f"{quote(key, safe='')}@acting.example"
        claim = claim_id("email", services.vault.email_lookup(email))
        await asyncio.to_thread(services.vault.ensure_key, account_id)
        profile = services.vault.seal(account_id, {"name": key[:100], "email": email})
        context = system_context("acting", services.clock(), account_id)
        self.know(key, *scopes)
        await services.engine.submit(TakeClaim(claim, account_id), context)
        await services.engine.submit(RegisterAccount(account_id, claim, profile, self._scopes[key]), context)

    def headers(self, key: str) -> dict[str, str]:
        """Of a request by somebody who is registered."""
        known = self._known.get(key)
        if known is None or time.monotonic() - known[1] > FRESH_S:
            issued = self._tokens.issue_access(self.account(key), self._scopes[key], FAMILY)
            known = self._known[key] = {"Authorization": f"Bearer {issued.token}"}, time.monotonic()
        return known[0]
