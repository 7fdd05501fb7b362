"""Shop: a seller on the marketplace. Stream ``shp_…``. Its currency and country are fixed at onboarding."""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, NotFound

NAME_MAX = 200


class ShopOpened(Event, frozen=True):
    owner_id: str
    name: str
    country: str
    currency: str


class ShopRenamed(Event, frozen=True):
    name: str


class OpenShop(Command, frozen=True):
    shop_id: str
    owner_id: str
    name: str
    country: str
    currency: str


class RenameShop(Command, frozen=True):
    shop_id: str
    name: str


class NoShop(State, frozen=True):
    pass


class OpenedShop(State, frozen=True):
    owner_id: str
    name: str
    country: str
    currency: str


Shop = NoShop | OpenedShop


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(f"name must have 1 to {NAME_MAX} characters", "/name")
    return name


def open_shop(command: OpenShop, state: Shop) -> list[Event]:
    if isinstance(state, OpenedShop):
        return []
    return [ShopOpened(command.owner_id, _name(command.name), command.country, command.currency)]


def rename_shop(command: RenameShop, state: Shop) -> list[Event]:
    name = _name(command.name)
    return [] if require_open(state).name == name else [ShopRenamed(name)]


def require_open(state: Shop) -> OpenedShop:
    if isinstance(state, OpenedShop):
        return state
    raise NotFound("no such shop")


SHOP = Decider(
    name="shop",
    initial=NoShop(),
    states=Shop,
    decisions={OpenShop: open_shop, RenameShop: rename_shop},
    evolutions={
        ShopOpened: lambda state, event: OpenedShop(event.owner_id, event.name, event.country, event.currency),
        ShopRenamed: lambda state, event: replace(state, name=event.name) if isinstance(state, OpenedShop) else state,
    },
)
