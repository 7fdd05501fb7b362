"""How a person gets an account: e-mail claimed, key made, password kept, account registered, in this order.

Each step may be the last one before a crash. Whoever was told "registered" has all four. What an unfinished
registration leaves behind is unusable and in nobody's way: its claim can be taken over after a minute.

    register            for the command line and the demo: from raw values to an account id
    applicant_of        the rules about e-mail, password and name
    email_of            those about an address alone
    require_password    those about a password alone, which may be changed later
    open_account        for the route, which needs the outcome
"""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import structs

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.errors import Overloaded
from commands.idempotency import IdempotentRequest
from commands.vault import PASSWORD_BYTES_MAX, Vault
from domain.buyers.account import SCOPES, NoAccount, RegisterAccount
from domain.buyers.emailchange import wants
from domain.claim import ABANDONED_MS, AlreadyClaimed, TakeClaim
from domain.errors import Invalid
from domain.ids import claim_id, drawn_at, new_id
from writeapi.accounts.passwords import hashing

EMAIL_MAX = 254
NAME_MAX = 100
PASSWORD_MIN = 8
PASSWORD_MAX = 200
FINISH_MS = 45_000
"""A registration that took longer gives up: its claim is about to be anybody's."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Checked and in one spelling."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    name: str = field(repr=False)


async def register(
    engine: Engine,
    vault: Vault,
    email: str,
    password: str,
    name: str,
    *,
    context: Context,
    scopes: tuple[str, ...] = ("customer",),
) -> str:
    """The new account's id. Raises Invalid with a pointer to what is wrong, or taken."""
    outcome = await open_account(engine, vault, applicant_of(email, password, name), context, scopes)
    return outcome.stream


# the rules


def applicant_of(email: str, password: str, name: str) -> Applicant:
    """Raises Invalid with the pointer of the first value that will not do; never repeats the value."""
    email, name = email_of(email), _name(name)
    require_password(password, email)
    return Applicant(email, password, name)


def require_password(password: str, email: str, pointer: str = "/password") -> None:
    """Raises Invalid with the pointer for one that whoever has this e-mail address may not choose."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid(f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters", pointer)
    normal = unicodedata.normalize("NFKC", password)
    if len(normal.encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX:
        raise Invalid("the password is too long", pointer)
    if normal.strip().casefold() == email.casefold():
        raise Invalid("the password must not be the e-mail address", pointer)


def email_of(raw: str) -> str:
    """In the spelling that is kept. Raises Invalid with its pointer for what cannot be an address; only a mail to it
    can tell whether one works."""
    email = unicodedata.normalize("NFKC", raw).strip() if len(raw) <= 2 * EMAIL_MAX else raw
    local, at, domain = email.partition("@")
    if len(email) > EMAIL_MAX:
        raise Invalid(f"an e-mail address has at most {EMAIL_MAX} characters", "/email")
    if not (local and at and domain) or "@" in domain or not all(map(_is_visible, email)) or "" in domain.split("."):
        raise Invalid("this is not an e-mail address", "/email")
    return f"{local}@{domain.lower()}"


def _name(raw: str) -> str:
    name = raw.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(f"a name has 1 to {NAME_MAX} characters", "/name")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise Invalid("control characters are not allowed", "/name")
    return name


def _is_visible(character: str) -> bool:
    """Neither a blank nor a control, format, private or unassigned character."""
    return unicodedata.category(character)[0] not in "CZ"


# the steps


async def open_account(
    engine: Engine,
    vault: Vault,
    applicant: Applicant,
    context: Context,
    scopes: tuple[str, ...] = ("customer",),
    request: IdempotentRequest | None = None,
    letter: Callable[[], bool] = lambda: False,
) -> Outcome:
    """The outcome of RegisterAccount; its stream is the account's id. ``letter`` says, once nothing else stands against
    it, whether a letter is to have the address confirmed. Raises Taken.

    The password is kept before the account exists, so an account that was acknowledged can always sign in.
    """
    assert set(scopes) <= set(SCOPES), scopes
    account_id = new_id("account", context.at, os.urandom(10))
    context = structs.replace(context, correlation=account_id)
    claim = claim_id("email", vault.email_lookup(applicant.email))
    await claim_email(engine, TakeClaim(claim, account_id, "/email", "e-mail address"), context)
    await asyncio.to_thread(vault.ensure_key, account_id)
    await hashing(lambda: vault.set_password(account_id, applicant.password))
    if engine.clock() - context.at > FINISH_MS:
        raise Overloaded
    profile = vault.seal(account_id, {"name": applicant.name, "email": applicant.email})
    # Not when it was begun: a link made before there was this password would be good for nothing.
    confirm_at = engine.clock() if letter() else None
    command = RegisterAccount(account_id, claim, profile, scopes, confirm_at)
    return await engine.submit(command, context, request=request)


async def claim_email(engine: Engine, command: TakeClaim, context: Context) -> None:
    """Raises Taken, which does not say by whom. Whoever has the claim without an account that has or wants the address
    loses it."""
    try:
        await engine.submit(command, context)
    except AlreadyClaimed as refusal:
        owner: str = refusal.data["owner"]
        if not await _is_abandoned(engine, command.claim_id, owner, context.at):
            raise Taken from None
        try:
            await engine.submit(structs.replace(command, abandoned=owner), context)
        except AlreadyClaimed:
            raise Taken from None


async def require_free(engine: Engine, claim: str, wanted_by: str, now: int) -> None:
    """Raises Taken for an address that somebody else has."""
    owner = (await engine.state(claim)).owner
    if owner not in ("", wanted_by) and not await _is_abandoned(engine, claim, owner, now):
        raise Taken


async def _is_abandoned(engine: Engine, claim: str, owner: str, now: int) -> bool:
    state = await engine.state(owner)
    if isinstance(state, NoAccount):
        return now - drawn_at(owner) > ABANDONED_MS
    return not wants(state, claim, now)


class Taken(Invalid):
    """Somebody has this address. Without a mail to it nobody could be let in otherwise, so sign-up has to say so."""

    def __init__(self) -> None:
        super().__init__("this e-mail address cannot be used; sign in if it is yours", "/email")
