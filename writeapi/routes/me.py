"""The signed-in person's own profile, addresses and payment methods.

Everything personal is sealed with the person's key on its way into a command. Replies name ids only: with an
Idempotency-Key they are stored beside the log, where nothing personal may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import APIRouter
from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.vault import PersonErased
from domain.buyers.account import (
    Account,
    ActiveAccount,
    AddAddress,
    AddPaymentMethod,
    Address,
    ChangeAddress,
    ChangeProfile,
    PaymentMethod,
    RemoveAddress,
    RemovePaymentMethod,
    address_of,
    require_active,
)
from domain.decider import Command
from domain.errors import IllegalTransition
from readapi.edge.etags import check_if_match, expected_version
from readapi.edge.idempotency import IdempotencyKey
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.problems import ProblemError
from readapi.edge.schemas import Command as CommandBody
from readapi.edge.schemas import (
    CountryCode,
    Line100,
    Line200,
    PostalCode,
    no_card_number,
)
from readapi.edge.validation import told
from streams.processes.erasure import erase
from writeapi.accounts.leaving import require_nothing_sold
from writeapi.accounts.scopes import leave_another
from writeapi.accounts.veil import veiled_key
from writeapi.bodies.replies import AccountReply, AddressReply, PaymentMethodReply
from writeapi.buying.addresses import wrong_with
from writeapi.requests import (
    carry_out,
    command_reply,
    context_of,
    empty_reply,
    execute,
    fresh_id,
    once,
    services_of,
)
from writeapi.services import WriteServices

router = APIRouter(tags=["accounts"])
TOKEN_MAX = 200
_COMMON: dict[int | str, dict[str, Any]] = problem_responses("unauthenticated", "illegal_transition")
_OF_ONE = {**_COMMON, **problem_responses("not_found")}


class Notifications(CommandBody):
    """What is left out stays; one of them is needed."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    orders: Annotated[
        bool, Field(default_factory=bool, description="whether to be told of one's orders", examples=[False])
    ]
    wishes: Annotated[
        bool,
        Field(
            default_factory=bool,
            description="whether to be told when something on one's wishlist is back in stock or costs less",
            examples=[True],
        ),
    ]

    @model_validator(mode="after")
    def _names_one(self) -> Notifications:
        if not self.model_fields_set:
            raise ValueError("name orders, wishes or both")
        return self

    def chosen(self, name: str) -> bool | None:
        """None for what is left out."""
        return getattr(self, name) if name in self.model_fields_set else None


class ProfileChange(CommandBody):
    name: Annotated[Line100, Field(default_factory=str, examples=["Ada King"])]
    notifications: Annotated[Notifications | None, Field(examples=[{"orders": False, "wishes": True}])] = None


class NewAddress(CommandBody):
    """City, region and postal code are needed where the country has them."""

    name: Annotated[Line100, Field(examples=["Ada Lovelace"])]
    line1: Annotated[Line200, Field(examples=["12 Market Street"])]
    line2: Annotated[Line200 | None, Field(examples=["Flat 3"])] = None
    city: Annotated[Line100 | None, Field(examples=["Springfield"])] = None
    region: Annotated[Line100 | None, Field(examples=["IL"])] = None
    postal_code: Annotated[PostalCode | None, Field(examples=["62701"])] = None
    country: CountryCode


class AddressChange(CommandBody):
    """What is left out stays; ``null`` takes a field away."""

    name: Annotated[Line100, Field(default_factory=str)]
    line1: Annotated[Line200, Field(default_factory=str)]
    line2: Line200 | None = None
    city: Line100 | None = None
    region: Line100 | None = None
    postal_code: PostalCode | None = None
    country: Annotated[CountryCode, Field(default_factory=str)]


class NewPaymentMethod(CommandBody):
    token: Annotated[
        str,
        Field(
            max_length=TOKEN_MAX,
            pattern=told("^[A-Za-z][A-Za-z0-9_]*$", "letters, digits and underscores, a letter first"),
            description="the payment provider's token; never a card number",
            examples=["pm_card_visa"],
        ),
        BeforeValidator(no_card_number),
    ]


# profile


@router.patch(
    "/api/me",
    summary="Change the profile",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses={200: {"model": AccountReply}, **_COMMON},
)
async def change_profile(request: Request, body: ProfileChange, principal: RequiredPrincipal) -> Response:
    key = await veiled_key(request, principal.account_id)
    return await once(request, key, lambda: _changed_profile(request, body, principal, key))


async def _changed_profile(
    request: Request, body: ProfileChange, principal: Principal, key: IdempotencyKey | None
) -> Response:
    services = services_of(request)
    version, account = await _account(services, principal)
    known = services.vault.open(principal.account_id, account.profile) or {}
    changed = {**known, **body.model_dump(exclude_unset=True, exclude={"notifications"})}
    answer = {"userId": principal.account_id}
    told = body.notifications
    orders, wishes = (None, None) if told is None else (told.chosen("orders"), told.chosen("wishes"))
    same = orders in (None, account.told_of_orders) and wishes in (None, account.told_of_wishes)
    if changed == known and same:
        return _unchanged(request, services, answer, version)
    profile = None if changed == known else _seal(services, principal, changed)
    command = ChangeProfile(principal.account_id, profile, orders, wishes)
    return await _run(request, principal, command, answer, held=key)


@router.delete(
    "/api/me", status_code=204, summary="Erase this person", openapi_extra=taking(IF_MATCH), responses=_COMMON
)
async def erase_me(request: Request, principal: RequiredPrincipal) -> Response:
    """For ever: the account ends, its sessions too, and what the history holds of the person becomes unreadable.

    The e-mail address is free again. Orders stay, without name and address; what of them is not packed yet is called
    off and refunded, since nobody could send it any more. Refused (409 `illegal_transition`) while a
    shop of this person offers anything or has something to send, and to the last administrator.
    """
    services = services_of(request)
    known = await services.engine.load(principal.account_id)
    if isinstance(known.state, ActiveAccount):
        check_if_match(request.headers.get("if-match"), known.version)
        if "merchant" in known.state.scopes:
            await require_nothing_sold(services, principal.account_id)
    context = context_of(request, principal.account_id)
    await leave_another(services.engine, principal.account_id, context)
    position = await erase(services.engine, services.vault, principal.account_id, context)
    return Response(status_code=204, headers={POSITION_HEADER: format_position(position)})


# addresses


@router.post(
    "/api/me/addresses",
    status_code=201,
    summary="Keep an address",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses={201: {"model": AddressReply}, **_COMMON},
)
async def add_address(request: Request, body: NewAddress, principal: RequiredPrincipal) -> Response:
    services = services_of(request)
    await _account(services, principal)
    address_id = fresh_id("address", services.clock())
    fields = body.model_dump(by_alias=True, exclude_none=True)
    command = AddAddress(principal.account_id, _sealed_address(services, principal, address_id, fields))
    return await _run(request, principal, command, {"addressId": address_id}, status=201)


@router.patch(
    "/api/me/addresses/{address_id}",
    summary="Change an address",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses={200: {"model": AddressReply}, **_OF_ONE},
)
async def change_address(
    request: Request, address_id: str, body: AddressChange, principal: RequiredPrincipal
) -> Response:
    """Fields that are not sent stay as they are. Without If-Match the last of two changes wins."""
    require_id("address", address_id, "address")
    key = await veiled_key(request, principal.account_id)
    return await once(request, key, lambda: _changed_address(request, address_id, body, principal, key))


async def _changed_address(
    request: Request, address_id: str, body: AddressChange, principal: Principal, key: IdempotencyKey | None
) -> Response:
    services = services_of(request)
    version, account = await _account(services, principal)
    known = services.vault.open(principal.account_id, address_of(account, address_id).sealed) or {}
    changes = body.model_dump(by_alias=True, exclude_unset=True)
    changed = {name: value for name, value in {**known, **changes}.items() if value is not None}
    answer = {"addressId": address_id}
    if changed == known:
        return _unchanged(request, services, answer, version)
    command = ChangeAddress(principal.account_id, _sealed_address(services, principal, address_id, changed))
    return await _run(request, principal, command, answer, held=key)


@router.delete(
    "/api/me/addresses/{address_id}",
    status_code=204,
    summary="Forget an address",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses=_OF_ONE,
)
async def remove_address(request: Request, address_id: str, principal: RequiredPrincipal) -> Response:
    """Orders that went there keep it."""
    require_id("address", address_id, "address")
    return await _run(request, principal, RemoveAddress(principal.account_id, address_id))


# payment methods


@router.post(
    "/api/me/payment-methods",
    status_code=201,
    summary="Keep a payment method",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses={201: {"model": PaymentMethodReply}, **_COMMON},
)
async def add_payment_method(request: Request, body: NewPaymentMethod, principal: RequiredPrincipal) -> Response:
    """Known by the payment provider's token for it. A card number is refused, and kept nowhere."""
    method = PaymentMethod(fresh_id("payment_method", services_of(request).clock()), body.token)
    command = AddPaymentMethod(principal.account_id, method)
    return await _run(request, principal, command, {"paymentMethodId": method.payment_method_id}, status=201)


@router.delete(
    "/api/me/payment-methods/{payment_method_id}",
    status_code=204,
    summary="Forget a payment method",
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
    responses=_OF_ONE,
)
async def remove_payment_method(request: Request, payment_method_id: str, principal: RequiredPrincipal) -> Response:
    require_id("payment_method", payment_method_id, "payment method")
    return await _run(request, principal, RemovePaymentMethod(principal.account_id, payment_method_id))


# shared


async def _account(services: WriteServices, principal: Principal) -> tuple[int, ActiveAccount]:
    """The account and its version. Raises NotFound, and IllegalTransition for one that was erased."""
    known = await services.engine.load(principal.account_id)
    return known.version, require_active(cast("Account", known.state))


def _seal(services: WriteServices, principal: Principal, data: dict[str, Any]) -> bytes:
    try:
        return services.vault.seal(principal.account_id, data)
    except PersonErased:
        # Between the look at the account and here.
        raise IllegalTransition("this account was erased") from None


def _sealed_address(services: WriteServices, principal: Principal, address_id: str, fields: dict[str, Any]) -> Address:
    """Raises validation_failed with everything that the country's own rules find wrong."""
    errors = wrong_with(fields, services.countries)
    if errors:
        raise ProblemError("validation_failed", errors[0]["detail"], errors=errors)
    sealed = _seal(services, principal, fields)
    return Address(address_id, sealed, fields["country"], fields.get("region", ""))


async def _run(
    request: Request,
    principal: Principal,
    command: Command,
    answer: Mapping[str, Any] | None = None,
    status: int = 200,
    *,
    held: IdempotencyKey | None = None,
) -> Response:
    """The command's reply: ``answer`` with version and position, or nothing but the headers. ``held`` is the request's
    key within ``once``."""

    def render(outcome: Outcome) -> Response:
        if answer is None:
            return empty_reply(position=outcome.position, version=outcome.version)
        return command_reply(answer, position=outcome.position, version=outcome.version, status=status)

    context, expected = context_of(request, principal.account_id), expected_version(request)
    if held is not None:
        return await carry_out(request, command, context, render, expected_version=expected, key=held)
    key = await veiled_key(request, principal.account_id)
    return await execute(request, command, context, render, expected_version=expected, key=key)


def _unchanged(request: Request, services: WriteServices, answer: Mapping[str, Any], version: int) -> Response:
    check_if_match(request.headers.get("if-match"), version)
    return command_reply(answer, position=services.engine.position, version=version)
