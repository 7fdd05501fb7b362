"""The signed-in person: a strong read, folded from the account's own stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.mapper import recorded
from commands.vault import Vault
from domain.buyers.account import ACCOUNT, ActiveAccount, AddressPut, PaymentMethodAdded
from domain.buyers.confirmation import is_confirmed
from domain.errors import NotFound
from domain.recorded import Recorded
from readapi.consistency import at_log_position
from readapi.edge.etags import etag, not_modified
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.services import ReadServices
from readapi.shapes.accounts import AccountOut

router = APIRouter(tags=["accounts"])


@router.get(
    "/api/me",
    summary="Profile, addresses and payment methods",
    openapi_extra=signed_in(),
    responses={
        200: {"model": AccountOut},
        304: {},
        **problem_responses("unauthenticated", "not_found", "position_not_reached"),
    },
)
async def get_me(request: Request, principal: RequiredPrincipal) -> Response:
    services: ReadServices = request.app.state.services
    # The head before the stream: what is shown is then at least as new as the position that is named.
    head = await at_log_position(request)
    events = [recorded(row) for row in await services.log.read_stream(principal.account_id)]
    body = account_json(principal.account_id, events, services.vault)
    tag = etag(body["version"])
    headers = {POSITION_HEADER: format_position(head), "ETag": tag, "Cache-Control": "no-store"}
    if not_modified(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(msgspec.json.encode(body), headers=headers, media_type="application/json")


def account_json(account_id: str, events: list[Recorded], vault: Vault) -> dict[str, Any]:
    """Raises NotFound when there is no such account or not any more."""
    account = ACCOUNT.fold(event.event for event in events)
    if not isinstance(account, ActiveAccount):
        raise NotFound("no such account")
    profile, stamps = vault.open(account_id, account.profile) or {}, _stamps(events)
    return {
        "userId": account_id,
        "email": profile.get("email"),
        "emailConfirmed": is_confirmed(account),
        "confirmationAskedAt": instant(account.confirmation_asked_at) if account.confirmation_asked_at else None,
        "name": profile.get("name"),
        "scopes": account.scopes,
        "notifications": {"orders": account.told_of_orders, "wishes": account.told_of_wishes},
        "addresses": [
            {"addressId": address_id, **_opened(account_id, address.sealed, vault), **stamps[address_id]}
            for address_id, address in account.addresses.items()
        ],
        "paymentMethods": [
            {"paymentMethodId": method_id, "token": method.token, **stamps[method_id]}
            for method_id, method in account.payment_methods.items()
        ],
        "createdAt": instant(events[0].meta.occurred_at),
        "updatedAt": instant(events[-1].meta.occurred_at),
        "version": events[-1].version,
    }


def _stamps(events: Iterable[Recorded]) -> dict[str, dict[str, str]]:
    """When each address and payment method came, and when it was written last."""
    known: dict[str, dict[str, str]] = {}
    for one in events:
        if key := _written(one.event):
            at = instant(one.meta.occurred_at)
            known[key] = {"createdAt": known.get(key, {}).get("createdAt", at), "updatedAt": at}
    return known


def _written(event: Any) -> str | None:
    match event:
        case AddressPut():
            return event.address.address_id
        case PaymentMethodAdded():
            return event.method.payment_method_id
    return None


def _opened(account_id: str, sealed: bytes, vault: Vault) -> Mapping[str, Any]:
    return vault.open(account_id, sealed) or {}
