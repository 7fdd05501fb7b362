"""The commands that move much at once: lines into a shop, a log or a vault elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kontor.clioptions import Data, Json, settings_of


def import_(
    what: Annotated[str, typer.Argument(metavar="products|offers|stock|categories|sample", help="What the lines are.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.ndjson", help="One JSON object a line; .gz is read too.")
    ] = None,
    shop: Annotated[
        str | None, typer.Option(metavar="shp_…", help="Shop of offers and stock whose line names none.")
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE.ndjson", help="Bad lines go there. [FILE.rejected.ndjson beside FILE]")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Bulk load through the write path. Bad lines go to a file with reasons; running it again is safe.

    A line is the body that the API takes (docs/feeds.md). Exit 1 when no line was taken, 0 when only some were not.
    `sample` needs no file: it is the demo's catalog with its shops, stock and users, whose passwords everybody knows.
    """
    from kontor import console
    from kontor.operating.importing import Wishes, run_import
    from kontor.serving.demo import run_load

    if what not in ("products", "offers", "stock", "categories", "sample"):
        console.fail(f"import what? {what!r} is none of products, offers, stock, categories, sample", 2)
    if what == "sample":
        if file is not None:
            console.fail("the sample comes with Kontor; name no file", 2)
        run_load(settings_of(data=data))
        return
    if file is None:
        console.fail(f"name the file with the {what}, one JSON object a line", 2)
    run_import(Wishes(what, file, shop, rejected), settings_of(data=data), as_json=json)


def copy_log(
    source: Annotated[str, typer.Option("--from", metavar="DIR|URL", help="Data folder, or postgresql://…")],
    target: Annotated[str, typer.Option("--to", metavar="DIR|URL", help="Data folder, or postgresql://…")],
) -> None:
    """Copy the event log into another store and prove it: every row equal, every chain whole. Goes on where it stopped.

    Stop whoever writes into the log first. What the vault holds is not in the log: `copy-vault` takes it along. Where
    there are several logs on servers, the URL of the first means all that the settings name.
    """
    from kontor.operating.copying import run_copy

    run_copy(source, target, settings_of())


def copy_vault(
    source: Annotated[str, typer.Option("--from", metavar="DIR|URL", help="Data folder, or postgresql://…")],
    target: Annotated[str, typer.Option("--to", metavar="DIR|URL", help="Data folder, or postgresql://…; empty")],
) -> None:
    """Copy personal data's keys, passwords, sessions and the service's secrets into an empty vault, all or nothing.

    Stop the services first. The copy is compared row by row, and what the log of the folder holds is opened with it.
    """
    from kontor.operating.copying_vault import run_copy_vault

    settings_of()
    run_copy_vault(source, target)


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A folder to be made, better on another disk.")],
    data: Data = None,
) -> None:
    """Copy log, vault, the simulated provider's records and pictures into a folder. Services may go on meanwhile.

    What is folded from the log is left out. To restore it, name the folder, or a copy of it, with --data.
    """
    from kontor.operating.backup import run_backup

    run_backup(settings_of(data=data), target)
