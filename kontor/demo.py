"""``kontor demo``: a marketplace to try things on. Loading it twice, or after an interruption, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from commands.context import Context, new_command_id, system_context
from commands.vault import Vault
from domain.account import AddAddress, AddPaymentMethod, Address, PaymentMethod
from domain.claim import TakeClaim
from domain.errors import DomainError
from domain.ids import claim_id, derived_id
from domain.shop import OpenShop
from kontor import console
from kontor.catalog import sample
from kontor.importing import Line, Rejection, load_lines
from writeapi.registration import register
from writeapi.services import WriteServices

PASSWORD = "kontor-demo"
USERS = (
    ("admin@kontor.example", "Ada Admin", ("customer", "admin")),
    ("merchant@kontor.example", "Mo Merchant", ("customer", "merchant")),
    ("shopper@kontor.example", "Sam Shopper", ("customer",)),
)
ADDRESS = {
    "name": "Sam Shopper",
    "line1": "12 Market Street",
    "city": "Springfield",
    "region": "IL",
    "postalCode": "62701",
    "country": "US",
}
LOADED = claim_id("demo", "sample")
BATCH = 500


async def load(services: WriteServices) -> None:
    """The sample users, shops, products, offers and stock; at once when they are there already."""
    if (await services.engine.state(LOADED)).owner:
        return
    accounts = {email: await _account(services, email, name, scopes) for email, name, scopes in USERS}
    await _equip(services, accounts["shopper@kontor.example"])
    merchant = accounts["merchant@kontor.example"]
    shops = await _open_shops(services, merchant)
    total = sum(sample.count(name) for name in sample.NAMES)
    done = 0
    with console.progress("Loading the sample catalog", total, "lines") as show:
        for name, lines in (("products", sample.products()), ("offers", sample.offers()), ("stock", sample.stock())):
            for batch in _batches(_addressed(lines, shops), BATCH):
                _require_taken(await load_lines(services, name, batch, merchant, admin=True))
                done += len(batch)
                show(done)
    await services.engine.submit(TakeClaim(LOADED, merchant), system_context("demo", services.clock()))
    await services.follower.wait_for(services.engine.position, 60)
    await services.indexer.wait_for(services.engine.position, 60)


async def _account(services: WriteServices, email: str, name: str, scopes: tuple[str, ...]) -> str:
    """The account of a sample user, made now or by an earlier start that was interrupted."""
    claim = await services.engine.state(claim_id("email", services.vault.email_lookup(email)))
    if claim.owner and (await services.engine.load(claim.owner)).version:
        return str(claim.owner)
    return await register(
        services.engine,
        services.vault,
        email,
        PASSWORD,
        name,
        context=system_context("demo", services.clock()),
        scopes=scopes,
    )


async def _equip(services: WriteServices, shopper: str) -> None:
    """An address and a card, so that the first purchase is a short one."""
    now = services.clock()
    context = Context(shopper, new_command_id(), now)
    address_id, method_id = derived_id("address", 0, shopper), derived_id("payment_method", 0, shopper)
    vault: Vault = services.vault
    address = Address(address_id, vault.seal(shopper, ADDRESS), ADDRESS["country"], ADDRESS["region"])
    await services.engine.submit(AddAddress(shopper, address), context)
    await services.engine.submit(AddPaymentMethod(shopper, PaymentMethod(method_id, "pm_card_visa")), context)


async def _open_shops(services: WriteServices, owner: str) -> dict[str, str]:
    """Shop ids by the sample's keys; derived from them, so that every start means the same shops."""
    ids = {}
    for shop in sample.shops():
        ids[shop["shopKey"]] = shop_id = derived_id("shop", 0, owner, shop["shopKey"])
        command = OpenShop(shop_id, owner, shop["name"], shop["country"], shop["currency"])
        await services.engine.submit(command, system_context("demo", services.clock()))
    return ids


def _addressed(lines: Iterable[dict[str, Any]], shops: dict[str, str]) -> Iterator[Line]:
    """The sample names shops by key, an import line by id."""
    for number, line in enumerate(lines, 1):
        if "shopKey" in line:
            line["shopId"] = shops[line.pop("shopKey")]
        yield Line(number, line)


def _batches(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    take: Callable[[], list[Line]] = lambda: list(islice(lines, size))  # noqa: E731  # iter() wants a callable
    return iter(take, [])


def _require_taken(rejections: list[Rejection]) -> None:
    if rejections:
        raise DomainError(f"the sample catalog does not load: line {rejections[0].number}: {rejections[0].reason}")


def welcome(url: str) -> None:
    lines = [
        "",
        f"  Kontor is ready:  {url}",
        f"  API document:     {url}/openapi.json",
        "",
        f"  Sample logins (password {PASSWORD}):",
        *(f"    {email:<26} {' '.join(scopes)}" for email, _, scopes in USERS),
        "",
        f"  Try:  curl '{url}/api/products?q=laptop&inStock=true&limit=3'",
        "  Ctrl-C ends it.",
        "",
    ]
    console.out.print("\n".join(lines), markup=False)
