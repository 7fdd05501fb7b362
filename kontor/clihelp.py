"""What ``--help`` adds to each command: one line in the list of all, and examples to copy."""

from __future__ import annotations

from typing import NamedTuple

import typer


class Shown(NamedTuple):
    short: str
    """Where all commands are listed; 60 characters, so that a terminal of 80 shows them whole."""
    examples: tuple[str, ...]


SHOWN = {
    "demo": Shown("The sample marketplace, on this machine", ("kontor demo --port 8080 --data ./try",)),
    "serve": Shown(
        "The services: all on one port, or write and read alone",
        ("kontor serve all", "kontor serve all --workers 4 --data /srv/shop", "kontor serve read --profile full"),
    ),
    "relay": Shown("Full profile: puts the log on Kafka", ("kontor relay",)),
    "work": Shown(
        "Full profile: fills views and search, sees orders through",
        ("kontor work", "kontor work --projection search --projection processes"),
    ),
    "gateway": Shown("Full profile: the simulated payment provider", ("kontor gateway --port 8003",)),
    "import": Shown(
        "Bulk load of products, offers, stock or categories",
        (
            "kontor import products beds.ndjson",
            "kontor import offers prices.ndjson.gz --shop shp_01KARQ0000ABCDEFGHJKMNPQRS --rejected /tmp/bad.ndjson",
            "kontor import sample",
        ),
    ),
    "verify": Shown("Walk the log: nothing missing, all adds up", ("kontor verify", "kontor verify --views --json")),
    "reconcile": Shown(
        "Compare orders and payments with the provider's records",
        ("kontor reconcile", "kontor reconcile --settlement november.csv --json"),
    ),
    "replay": Shown(
        "Fold a view anew beside the live one, and swap",
        ("kontor replay stock --verify", "kontor replay all --dry-run", "kontor replay orders --upto 120000"),
    ),
    "show": Shown(
        "Anything as it is, or as it was at a moment",
        (
            "kontor show ord_01KARQ0000ABCDEFGHJKMNPQRS",
            "kontor show stk_shp_01KARQ0000ABCDEFGHJKMNPQRS.BED-160 --at 2026-03-31T18:00:00+02:00",
        ),
    ),
    "what-if": Shown(
        "A past period's purchases under other terms",
        ("kontor what-if --from 2026-11-27T00:00:00Z --to 2026-11-28T00:00:00Z --stock-factor 0.5",),
    ),
    "simulate": Shown("Trade under every fault that a seed decides", ("kontor simulate --seeds 1..100 --jobs 2",)),
    "replay-orders": Shown(
        "Buy over the API what real shops once sold",
        ("kontor replay-orders olist orders.ndjson.gz --first 200",),
    ),
    "backup": Shown(
        "Copy what cannot be folded again, beside running services",
        ("kontor backup /mnt/backups/2026-11-27", "kontor verify --data /mnt/backups/2026-11-27"),
    ),
    "copy-log": Shown(
        "Copy the event log into another store and prove it",
        ("kontor copy-log --from ./kontor-data --to postgresql://kontor@db/log",),
    ),
    "copy-vault": Shown(
        "Copy keys of people, passwords and sessions into another",
        ("kontor copy-vault --from ./kontor-data --to postgresql://kontor@vault/vault",),
    ),
    "status": Shown("How far the log and its readers are", ("kontor status", "kontor status --json")),
    "clear-views": Shown("After a restore: delete what is derived from the log", ("kontor clear-views --yes",)),
    "config": Shown("The settings in force, secrets masked", ("kontor config --json",)),
    "bench": Shown("Measure, each figure beside its limit", ("kontor bench append", "kontor bench all --write")),
    "user create": Shown(
        "Create an account",
        ("kontor user create --email you@shop.example --scope admin",),
    ),
    "user password": Shown(
        "Set a new password for an account",
        ("kontor user password --email you@shop.example",),
    ),
    "user grant": Shown(
        "Let an account do more",
        ("kontor user grant --email you@shop.example --scope merchant",),
    ),
    "user revoke": Shown(
        "Take a scope away, at once",
        ("kontor user revoke --email you@shop.example --scope admin",),
    ),
    "user drop-second-factor": Shown(
        "For somebody who has lost it",
        ("kontor user drop-second-factor --email you@shop.example",),
    ),
    "quote explain": Shown(
        "How each amount of an order came about",
        ("kontor quote explain ord_01KARQ0000ABCDEFGHJKMNPQRS",),
    ),
    "parked list": Shown("What views and receivers could not take", ("kontor parked list --json",)),
    "parked show": Shown("One of them, with its event", ("kontor parked show stock/4711",)),
    "parked retry": Shown("Deliver it once more, or fold its view again", ("kontor parked retry stock/4711",)),
    "parked drop": Shown(
        "Give a delivery up for good",
        ("kontor parked drop dlv_01KARQ0000ABCDEFGHJKMNPQRS/ord_01KARQ0000ABCDEFGHJKMNPQRS/3",),
    ),
    "feeds list": Shown(
        "A shop's feeds, and how their last runs ended", ("kontor feeds list shp_01KARQ0000ABCDEFGHJKMNPQRS --json",)
    ),
    "feeds run": Shown("Ask for a run now", ("kontor feeds run shp_01KARQ0000ABCDEFGHJKMNPQRS prices --anew",)),
}
"""By what is typed after ``kontor``."""


def explain(app: typer.Typer, before: str = "") -> None:
    """Each of its commands, and of its groups, tells what stands here. Raises KeyError for one that is not there."""
    for command in app.registered_commands:
        assert command.callback is not None
        shown = SHOWN[before + (command.name or command.callback.__name__)]
        command.short_help = shown.short
        command.epilog = "\n".join(("\b", "Examples:", *(f"  {example}" for example in shown.examples)))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        explain(group.typer_instance, f"{before}{group.name} ")
