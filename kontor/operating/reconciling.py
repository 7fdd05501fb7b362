"""``kontor reconcile``: the log's orders and payments against the provider's records, beside a service or without."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from domain.books.difference import KnownDifference, explanation
from domain.books.reconciliation import Movement
from domain.instants import instant
from domain.money import Money
from kontor import console
from kontor.folder import DataFolder
from kontor.loop import run
from kontor.settings import Settings
from kontor.wiring.desk import Desk, desk
from kontor.wiring.providers import outside
from projections.routed import RoutedViews
from streams.gateways.port import GatewayError, GatewayTimeout, PaymentGateway
from streams.gateways.settlement import read_csv
from streams.gateways.simulated import SimulatedGateway
from streams.money.payments import PaymentProcess
from streams.money.reconciling import Reconciled, Reconciler, TooManyDifferences

WRITES = (
    "{} cannot be written, and reconciling records what it finds in the log and keeps its books beside it; "
    "see to the owner and permissions, or copy the folder to where it can be written"
)


def run_reconcile(file: Path | None, settings: Settings, as_json: bool, border_s: int, grace_s: int) -> None:
    """Exit 1 when a difference is open, when the provider does not answer, and for a file that is no report."""
    run(_reconcile(file, settings, as_json, border_s, grace_s))


async def _reconcile(file: Path | None, settings: Settings, as_json: bool, border_s: int, grace_s: int) -> None:
    folder = DataFolder(settings.data)
    if settings.profile == "embedded":
        folder.require_log()
        if not os.access(folder.path, os.W_OK | os.X_OK):
            console.fail(WRITES.format(folder.path))
    else:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with desk(settings) as at, provider(settings, at) as gateway:
        nothing_to_sweep = RoutedViews({})
        payments = PaymentProcess(at.engine, nothing_to_sweep, gateway)
        reconciler = Reconciler(at.log, at.engine, payments, folder.books)
        try:
            if file is None:
                done = await reconciler.with_provider(grace=grace_s * 1000)
            else:
                done = await reconciler.with_statement(movements_in(file), border_s * 1000, grace_s * 1000)
        except (GatewayError, GatewayTimeout) as error:
            console.fail(f"the payment provider does not give its records: {error}")
        except (TooManyDifferences, ValueError) as error:
            console.fail(f"{file or 'the provider'}: {error}")
    (_print_json if as_json else _print)(done)
    if done.open:
        raise SystemExit(1)


async def movements_in(file: Path) -> AsyncIterator[Movement]:
    """Raises ValueError, naming the line, for a file that is no settlement report."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            for movement in read_csv(text):
                yield movement
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 ({error.reason}); write it in UTF-8") from error


@asynccontextmanager
async def provider(settings: Settings, at: Desk) -> AsyncIterator[PaymentGateway]:
    """The one that is paid through. Raises UnusableLog."""
    gateway = outside(settings) or SimulatedGateway(DataFolder(settings.data).provider, at.vault.secrets.webhook_secret)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.close()


def _print_json(done: Reconciled) -> None:
    content = {
        "until": instant(done.until),
        "orders": done.orders,
        "movements": done.movements,
        "fees": [Money(amount, currency) for currency, amount in sorted(done.fees.items())],
        "completed": done.completed,
        "unanswered": done.unanswered,
        "found": done.found,
        "gone": done.gone,
        "open": [_plain(key, known) for key, known in done.open],
    }
    console.out.print(msgspec.json.encode(content).decode(), markup=False)


def _plain(key: str, known: KnownDifference) -> dict[str, Any]:
    return {
        "differenceId": key,
        "kind": known.what.kind,
        "orderId": known.what.order_id,
        "reference": known.what.reference,
        "ours": known.what.ours,
        "theirs": known.what.theirs,
        "foundAt": instant(known.found_at),
        "explanation": explanation(known.what),
        "note": known.note,
    }


def _print(done: Reconciled) -> None:
    fees = "".join(f", fees {Money(amount, currency)}" for currency, amount in sorted(done.fees.items()))
    said = [f"{done.orders} orders compared with {done.movements} movements of the provider{fees}"]
    if done.completed:
        said.append(f"{done.completed} outcomes that were still waited for are recorded now")
    if done.unanswered:
        said.append(f"{done.unanswered} outcomes could not be asked for; run it again when the provider answers")
    if done.gone:
        said.append(f"earlier differences that are gone: {done.gone}")
    for key, known in done.open:
        said += ["", f"{key}  {known.what.kind}, found {instant(known.found_at)}", f"  {explanation(known.what)}"]
        if known.note:
            said.append(f"  Note: {known.note}")
    waiting = "1 difference is open" if len(done.open) == 1 else f"{len(done.open)} differences are open"
    said += ["", f"{waiting}, {done.found} new"] if done.open else ["all agrees"]
    console.out.print(*said, sep="\n", markup=False)
