"""The ``kontor`` command. Each subcommand imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from kontor.bench import ALIASES, BENCHES
from kontor.clibulk import backup, copy_log, copy_vault, import_
from kontor.clihelp import explain
from kontor.clioptions import Data, Json, Url
from kontor.clioptions import settings_of as _settings
from kontor.clipast import show, what_if
from kontor.cliusers import create_user, drop_second_factor, grant_scope, revoke_scope, set_password

app = typer.Typer(
    name="kontor",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
users = typer.Typer(help="Accounts, from the command line.", no_args_is_help=True)
app.add_typer(users, name="user")
quotes = typer.Typer(help="What was charged, and why.", no_args_is_help=True)
app.add_typer(quotes, name="quote")
letters = typer.Typer(help="What could not be done: events, deliveries. Keys come from `list`.", no_args_is_help=True)
app.add_typer(letters, name="parked")

feeds = typer.Typer(help="What merchants' systems have to say, by shop.", no_args_is_help=True)
app.add_typer(feeds, name="feeds")

Key = Annotated[str, typer.Argument(metavar="KEY", help="As `kontor parked list` tells it.")]
Shop = Annotated[str, typer.Argument(metavar="SHOP", help="shp_…")]
Logs = Annotated[
    int | None, typer.Option(help="Event logs of the data folder (docs/scale.md). [1, or what it has]", min=1, max=64)
]
Port = Annotated[
    int | None,
    typer.Option(
        help="Port to listen on; 0: any that is free. [8000; write 8001, read 8002, gateway 8003]", min=0, max=65535
    ),
]


def main() -> None:
    """Exit codes: 0 good, 1 failed, 2 wrong use, 130 interrupted."""
    from kontor.endings import ending_well

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "…" shows "?"
    ending_well(lambda: app(prog_name="kontor"))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"kontor {version('kontor-engine')}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def about(
    _: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """An event-sourced commerce engine: marketplace catalog, carts, stock, checkout, payments and orders."""


@app.command()
def demo(port: Port = None, data: Data = None, logs: Logs = None) -> None:
    """A marketplace with a real catalog, sample users and stock, on this machine. Ctrl-C ends it."""
    from kontor.serving.running import run_demo

    run_demo(_settings(data=data, port=port, logs=logs))


@app.command()
def serve(
    what: Annotated[str, typer.Argument(metavar="all|write|read", help="Which services.")],
    profile: Annotated[
        str | None, typer.Option(metavar="embedded|full", help="Which stores are used. [embedded]")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [127.0.0.1]")] = None,
    port: Port = None,
    workers: Annotated[int | None, typer.Option(help="Processes that share the port. [1]", min=1, max=64)] = None,
    data: Data = None,
    logs: Logs = None,
) -> None:
    """The services: `all` on one port (8000), or `write` (8001) and `read` (8002) alone."""
    from kontor import console
    from kontor.serving.running import run_services

    if what not in ("all", "write", "read"):
        console.fail(f"serve what? {what!r} is none of all, write, read", 2)
    run_services(what, _settings(profile=profile, host=host, port=port, workers=workers, data=data, logs=logs))


@app.command()
def relay() -> None:
    """Full profile: follows the log and puts it on Kafka. Two of them do no harm."""
    from kontor.serving.working import run_relay

    run_relay(_settings())


@app.command()
def work(
    projection: Annotated[
        list[str] | None, typer.Option(help="views, orders, search, processes; several times for several. [all]")
    ] = None,
    data: Data = None,
) -> None:
    """Full profile: fills the views from Kafka and the search index, sees checkouts, payments and erasures through."""
    from kontor.serving.working import run_work

    run_work(projection or (), _settings(data=data))


@app.command()
def gateway(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [127.0.0.1]")] = None,
    port: Port = None,
    data: Data = None,
) -> None:
    """Full profile: the simulated payment provider (8003), with records of its own in the data folder."""
    from kontor.serving.gateway import run_gateway

    run_gateway(_settings(host=host, port=port, data=data))


app.command(name="import")(import_)


@app.command()
def verify(
    data: Data = None,
    url: Url = None,
    json: Json = False,
    views: Annotated[bool, typer.Option("--views", help="Then compare every stored view with the log.")] = False,
) -> None:
    """Walk the log: no holes, contiguous versions, hash chains, every event folds, stock and money add up."""
    from kontor.proving.verifying import run_verify

    run_verify(_settings(data=data), as_json=json, url=url, views=views)


@app.command()
def reconcile(
    settlement: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", exists=True, dir_okay=False, help="The provider's report. [asks the provider]"
        ),
    ] = None,
    border: Annotated[
        int, typer.Option(help="Seconds by which the report's borders and ours may differ.", min=0)
    ] = 3600,
    grace: Annotated[int, typer.Option(help="Leave orders alone that moved in the last seconds.", min=0)] = 5,
    data: Data = None,
    json: Json = False,
) -> None:
    """Compare orders and payments with the provider's records; exit 1 while any difference is not settled.

    What the log only waits for is asked and recorded. Differences are kept: /api/admin/differences lists and settles.
    """
    from kontor.operating.reconciling import run_reconcile

    run_reconcile(settlement, _settings(data=data), as_json=json, border_s=border, grace_s=grace)


@app.command()
def replay(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|all|FILE.py",
            help="A projection, such as stock or search (docs/replay.md); or a file with one.",
        ),
    ],
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Begin anew, where one before was interrupted.")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Swap nothing that differs; exit 1 then.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Back to what the last swap replaced.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fold and compare, and swap nothing.")] = False,
    upto: Annotated[
        str | None,
        typer.Option(metavar="POSITION|INSTANT", help="Into a file of its own, as it was after that event or then."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes that fold into Redis.", min=1, max=64)] = 1,
    data: Data = None,
    json: Json = False,
) -> None:
    """Fold a projection anew from the log, beside the live one; compare, swap, keep the old one. Services may go on.

    Killed, it goes on where it was. A projection in a file of your own is folded into a file beside the data.
    """
    from kontor.replay.command import Wishes, run_replay

    run_replay(name, Wishes(from_scratch, verify, rollback, upto, dry_run, jobs), _settings(data=data), as_json=json)


app.command()(show)
app.command(name="what-if")(what_if)


@app.command()
def simulate(
    seed: Annotated[int | None, typer.Option(help="One seed. [1]", min=0)] = None,
    seeds: Annotated[str | None, typer.Option(metavar="N..M", help="Several, both ends included.")] = None,
    steps: Annotated[
        int | None, typer.Option(help="After so many callbacks nothing goes wrong any more. [each seed draws]", min=1)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Seeds at one time, a process for each.", min=1)] = 1,
    minutes: Annotated[
        float | None, typer.Option(help="From --seed on, until so many are over.", min=0, show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Trade under every fault that one seed decides, in one process and without a clock; exit 1 if a promise breaks.

    The real engine, saga, payments and views; simulated log, provider, people and time. Prints the seed that fails.
    """
    from kontor.simulation.command import run_simulate

    run_simulate(seed, seeds, steps, as_json=json, jobs=jobs, minutes=minutes)


@app.command(name="replay-orders")
def replay_orders(
    what: Annotated[str, typer.Argument(metavar="olist|online_retail", help="What the file is made of.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE.ndjson", exists=True, dir_okay=False, help="Real orders; .gz is read too.")
    ],
    first: Annotated[int | None, typer.Option(metavar="N", help="Only its first lines. [all]", min=1)] = None,
    refused: Annotated[
        Path | None, typer.Option(metavar="FILE.ndjson", help="Rows refused, with reasons. [WHAT.refused.ndjson]")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A folder to be made and kept. [a temporary one]")] = None,
    json: Json = False,
) -> None:
    """Buy, cancel, deliver and return what real shops once did, over the API and at their own times; exit 1 unless
    money, stock and ledger agree with the data to the cent."""
    from kontor import console
    from kontor.pastorders.command import run_replay_orders

    console.configure_logs("warning")
    run_replay_orders(what, file, data, refused, first, as_json=json)


app.command()(backup)
app.command(name="copy-log")(copy_log)
app.command(name="copy-vault")(copy_vault)


@app.command()
def status(data: Data = None, json: Json = False) -> None:
    """Log head, position and lag of each consumer, parked events, open checkouts."""
    from kontor.operating.status import run_status

    run_status(_settings(data=data), as_json=json)


@app.command(name="clear-views")
def clear_views(agreed: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False, data: Data = None) -> None:
    """After a restore: delete everything derived from the log, which services then fold anew. Stop them first.

    Log, vault and the provider's records stay. Full profile: topic, Redis keys, keyspace and indices of its namespace.
    """
    from kontor.operating.clearing import run_clear

    run_clear(_settings(data=data), agreed)


@app.command()
def config(data: Data = None, json: Json = False) -> None:
    """The settings in force, secrets masked."""
    from kontor.operating.status import print_config

    print_config(_settings(data=data), as_json=json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join((*BENCHES, *ALIASES))}; or all, which takes --write and more (docs/howto/benchmarks.md)"
        ),
    ],
) -> None:
    """Measure, each figure beside its limit from the same run; one JSON object a line."""
    from kontor.bench import run_bench

    run_bench(name, context.args)


users.command("create")(create_user)
users.command("password")(set_password)
users.command("grant")(grant_scope)
users.command("revoke")(revoke_scope)
users.command("drop-second-factor")(drop_second_factor)


@quotes.command("explain")
def explain_quote(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="ord_…")],
    data: Data = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Print how each amount of an order came about; exit 1 if one is not what its derivation gives."""
    from kontor.operating.explaining import run_explain

    run_explain(order_id, _settings(data=data), as_json=json, url=url)


@letters.command("list")
def list_parked(data: Data = None, json: Json = False) -> None:
    """Events that views could not take in, and deliveries that were given up; with --json one object a line."""
    from kontor.operating.parked import run_list

    run_list(_settings(data=data), as_json=json)


@letters.command("show")
def show_parked(key: Key, data: Data = None, json: Json = False) -> None:
    """What is parked under a key, with the event and without personal data."""
    from kontor.operating.parked import run_show

    run_show(_settings(data=data), key, as_json=json)


@letters.command("retry")
def retry_parked(key: Key, data: Data = None, json: Json = False) -> None:
    """Deliver it once more, for another three days; or fold its whole projection again, beside a service or not."""
    from kontor.operating.parked import run_retry

    run_retry(_settings(data=data), key, as_json=json)


@letters.command("drop")
def drop_parked(key: Key, data: Data = None, json: Json = False) -> None:
    """Give a delivery up for good."""
    from kontor.operating.parked import run_drop

    run_drop(_settings(data=data), key, as_json=json)


@feeds.command("list")
def list_feeds(shop: Shop, data: Data = None, json: Json = False) -> None:
    """A shop's feeds, and how their last runs ended; with --json one object a line."""
    from kontor.operating.feedcommands import run_list

    run_list(_settings(data=data), shop, as_json=json)


@feeds.command("run")
def run_feed(
    shop: Shop,
    name: Annotated[str, typer.Argument(metavar="FEED", help="Its name, as `kontor feeds list` tells it.")],
    anew: Annotated[bool, typer.Option("--anew", help="Compare every row with what is stored.")] = False,
    data: Data = None,
) -> None:
    """Ask for a run now, which the service or `kontor work` begins."""
    from kontor.operating.feedcommands import run_now

    run_now(_settings(data=data), shop, name, anew=anew)


explain(app)
