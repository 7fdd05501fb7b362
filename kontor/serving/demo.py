"""``kontor demo``: a marketplace to try things on. Loading it twice, or after an interruption, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from commands.context import Context, new_command_id, system_context
from commands.vault import Vault
from domain.buyers.account import AddAddress, AddPaymentMethod, Address, PaymentMethod
from domain.claim import TakeClaim
from domain.errors import DomainError
from domain.ids import claim_id, derived_id
from domain.sellers.shop import OpenShop
from kontor import console
from kontor.catalog import sample
from kontor.loop import run
from kontor.operating.importing import importer
from kontor.settings import Settings
from kontor.wiring.desk import Commanding
from streams.merchantfeeds.rows import Line, Rejection
from writeapi.accounts.registration import register
from writeapi.merchants.rows import load_lines

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
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EXPOSED = (
    "    Whoever reaches this port may sign in as an administrator with them; a shop of your own: kontor serve all"
)
LOADED = claim_id("demo", "sample")
BATCH = 500


def run_load(settings: Settings) -> None:
    """``kontor import sample``."""
    run(_load(settings))


async def _load(settings: Settings) -> None:
    async with importer(settings) as commanding:
        await load(commanding)
    console.out.print("\n".join(("The sample catalog is there.", *logins())), markup=False)


async def load(commanding: Commanding) -> None:
    """The sample users, shops, products, offers and stock; at once when they are there already."""
    if (await commanding.engine.state(LOADED)).owner:
        return
    accounts = {email: await _account(commanding, email, name, scopes) for email, name, scopes in USERS}
    await _equip(commanding, accounts["shopper@kontor.example"])
    merchant = accounts["merchant@kontor.example"]
    shops = await _open_shops(commanding, merchant)
    total = sum(sample.count(name) for name in sample.NAMES)
    done = 0
    with console.progress("Loading the sample catalog", total, "lines") as show:
        for name, lines in (("products", sample.products()), ("offers", sample.offers()), ("stock", sample.stock())):
            for batch in _batches(_addressed(lines, shops), BATCH):
                _require_taken((await load_lines(commanding, name, batch, merchant, admin=True)).rejections)
                done += len(batch)
                show(done)
    await commanding.engine.submit(TakeClaim(LOADED, merchant), system_context("demo", commanding.clock()))


async def _account(commanding: Commanding, email: str, name: str, scopes: tuple[str, ...]) -> str:
    """The account of a sample user, made now or by an earlier start that was interrupted."""
    claim = await commanding.engine.state(claim_id("email", commanding.vault.email_lookup(email)))
    if claim.owner and (await commanding.engine.load(claim.owner)).version:
        return str(claim.owner)
    return await register(
        commanding.engine,
        commanding.vault,
        email,
        PASSWORD,
        name,
        context=system_context("demo", commanding.clock()),
        scopes=scopes,
    )


async def _equip(commanding: Commanding, shopper: str) -> None:
    """An address and a card, so that the first purchase is a short one."""
    now = commanding.clock()
    context = Context(shopper, new_command_id(), now)
    address_id, method_id = derived_id("address", 0, shopper), derived_id("payment_method", 0, shopper)
    vault: Vault = commanding.vault
    address = Address(address_id, vault.seal(shopper, ADDRESS), ADDRESS["country"], ADDRESS["region"])
    await commanding.engine.submit(AddAddress(shopper, address), context)
    await commanding.engine.submit(AddPaymentMethod(shopper, PaymentMethod(method_id, "pm_card_visa")), context)


async def _open_shops(commanding: Commanding, owner: str) -> dict[str, str]:
    """Shop ids by the sample's keys; derived from them, so that every start means the same shops."""
    ids = {}
    for shop in sample.shops():
        ids[shop["shopKey"]] = shop_id = derived_id("shop", 0, owner, shop["shopKey"])
        command = OpenShop(shop_id, owner, shop["name"], shop["country"], shop["currency"])
        await commanding.engine.submit(command, system_context("demo", commanding.clock()))
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
        f"  Console:          {url}/console",
        f"  API document:     {url}/openapi.json",
        "",
        *logins(),
        *(() if urlsplit(url).hostname in LOOPBACK else (EXPOSED,)),
        "",
        f"  Try:  curl '{url}/api/products?q=laptop&inStock=true&limit=3'",
        "  Ctrl-C ends it.",
        "",
    ]
    console.out.print("\n".join(lines), markup=False)


def logins() -> list[str]:
    return [
        f"  Sample logins (password {PASSWORD}):",
        *(f"    {email:<26} {' '.join(scopes)}" for email, _, scopes in USERS),
    ]
