"""The line of a drop as somebody in it goes through it, in whatever process answers: what routes do, without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from commands.context import Context, new_command_id
from domain.buyers.cart import OpenCart, cart_of, order_id_of
from domain.inventory.inventory import HOLD_MS
from domain.orders.order import PlaceOrder
from domain.sellers.drop import AnnounceDrop, DropTerms, EndDrop, commitment_of
from domain.sellers.offer import OFFER, drop_of, require_live
from kontor.simulation.goods import Good, quote_of
from kontor.simulation.process import Process
from readapi.shown.drops import Place
from streams.indexing.assembly import offer_of
from streams.waiting.room import Room
from streams.waiting.tokens import Admission, Ticket
from writeapi.buying.admission import note, use

Told = Callable[[str, int], None]
"""Hears of an order that is about to be placed, and of how many units."""


async def announce(process: Process, drop_id: str, good: Good, terms: DropTerms) -> None:
    """As ``POST /api/drops`` does it. Raises DomainError."""
    engine, rooms, offer_id = process.engine, process.rooms, offer_of(good.stock_id)
    offer = require_live(await engine.state(offer_id))
    commitment = commitment_of(rooms.tokens.seed_of(drop_id))
    command = AnnounceDrop(offer_id, drop_id, terms, commitment, process.clock())
    OFFER.decide(command, offer)
    await asyncio.to_thread(rooms.line.announce, Room(drop_id, offer_id, offer.product_id, terms, commitment))
    await engine.submit(command, _context(process, "usr_staff"))
    rooms.stale()


async def call_off(process: Process, drop_id: str, good: Good) -> None:
    """As ``DELETE /api/drops/{dropId}`` does it."""
    command = EndDrop(offer_of(good.stock_id), drop_id, process.clock(), "called_off")
    await process.engine.submit(command, _context(process, "usr_staff"))
    await asyncio.to_thread(process.rooms.line.end, drop_id, process.clock())
    process.rooms.stale()


async def drops_of(process: Process, good: Good) -> list[str]:
    """Those that are announced or open."""
    now, offer_id = process.clock(), offer_of(good.stock_id)
    rooms = await process.rooms.all()
    return [one.drop_id for one in rooms if one.offer_id == offer_id and not one.ended and now < one.terms.ends_at]


async def join(process: Process, drop_id: str, account_id: str) -> Place | None:
    """As ``POST /api/drops/{dropId}/tickets`` does it; None for a drop that is over. Raises LineFull, KeyError."""
    room = await process.rooms.room(drop_id)
    if room is None or room.ended or process.clock() >= room.terms.ends_at or room.sold_out:
        return None
    number = await process.rooms.join(drop_id, account_id)
    found = await _place_of(process, room, Ticket(drop_id, account_id, number))
    if found.state != "lapsed":
        return found
    number = await asyncio.to_thread(process.rooms.line.join_again, drop_id, account_id, number)
    return await _place_of(process, room, Ticket(drop_id, account_id, number))


async def look(process: Process, ticket: Ticket) -> Place | None:
    """As ``GET /api/drops/{dropId}/place`` does it."""
    room = await process.rooms.room(ticket.drop_id)
    return None if room is None else await _place_of(process, room, ticket)


async def _place_of(process: Process, room: Room, ticket: Ticket) -> Place:
    place = await process.rooms.place(room, ticket.number) if room.opened else 0
    return Place(room, ticket, place, process.clock())


async def order(process: Process, admission: Admission, good: Good, payment_token: str, told: Told) -> str:
    """As ``POST /api/orders`` does it with an admission: the order, or nothing where there is nothing to order.
    Raises ProblemError for an admission that is used."""
    engine, now, account_id = process.engine, process.clock(), admission.account_id
    cart_id = cart_of(account_id)
    cart, drop = await engine.state(cart_id), drop_of(await engine.state(offer_of(good.stock_id)))
    if not isinstance(cart, OpenCart) or not cart.lines or now >= admission.until:
        return ""
    if drop is None or drop.drop_id != admission.drop_id or not drop.is_on(now):
        return ""
    command = PlaceOrder(
        order_id_of(cart_id, cart),
        account_id,
        cart_id,
        cart.generation,
        quote_of(cart, now),
        b"sealed",
        "US",
        "CA",
        payment_token,
        now,
        now + HOLD_MS,
        {good.stock_id: good.limit or 1},
    )
    services: Any = SimpleNamespace(engine=engine, drops=process.rooms)
    context = _context(process, account_id, command.order_id)
    await use(services, [admission], command.order_id, context)
    told(command.order_id, sum(line.quantity for line in cart.lines))
    try:
        await engine.submit(command, context)
    finally:
        await note(services, [admission], command.order_id)
    return command.order_id


def _context(process: Process, actor: str, correlation: str = "") -> Context:
    return Context(actor, new_command_id(), process.clock(), correlation)
