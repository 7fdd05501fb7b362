"""``kontor bench all``: runs everything, and writes it down where that is asked for."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kontor import console
from kontor.bench.book.case import CATALOG, ORDERS, Case
from kontor.bench.book.cases import CASES
from kontor.bench.book.comparing import changes
from kontor.bench.book.machine import code, machine
from kontor.bench.book.measuring import Manner, measure
from kontor.bench.book.page import page, pictures, worse
from kontor.bench.book.runs import FAILED, LEFT_OUT, Book, Measured, Run, Unreadable, load, save
from kontor.bench.book.servers import servers

RUNS, PAGE, PICTURES = "benchmarks.json", "benchmarks.md", "pictures"


def run_all(options: Sequence[str]) -> None:
    """Exit 1 if a benchmark failed or a figure is worse beyond noise than in the last accepted run, 2 for wrong use."""
    chosen = _chosen(options)
    cases = [case for case in CASES if not chosen.only or case.bench in chosen.only]
    path = chosen.docs / RUNS
    try:
        before = load(path)
        run = _measured(cases, chosen)
    except Unreadable as error:
        console.fail(str(error), 2)
    except KeyboardInterrupt:
        console.fail("interrupted", 130)
    book = before.add(run)
    if chosen.write:
        write(chosen.docs, book, cases)
    if not _print_verdict(cases, run, before):
        raise SystemExit(1)


def write(docs: Path, book: Book, cases: Sequence[Case] = CASES) -> None:
    """Page, pictures and the runs themselves."""
    (docs / PICTURES).mkdir(exist_ok=True)
    for name, picture in pictures(cases, book).items():
        (docs / PICTURES / name).write_text(picture, encoding="utf-8")
    (docs / PAGE).write_text(page(cases, book), encoding="utf-8")
    save(docs / RUNS, book)


def _chosen(options: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="kontor bench all", description="Every benchmark, held against the last accepted run.")
    parser.add_argument("--write", action="store_true", help=f"{PAGE}, {RUNS} and pictures in --docs")
    parser.add_argument("--accept", action="store_true", help="write, and later runs are held against this one")
    parser.add_argument("--docs", type=Path, default=Path("docs"), metavar="DIR")
    parser.add_argument("--only", type=_names, metavar="NAME,NAME", help="to try it; cannot be accepted")
    parser.add_argument("--small", action="store_true", help="small sizes, to try it; cannot be accepted")
    parser.add_argument("--repeat", type=int, choices=range(1, 21), default=1, metavar="1..20")
    parser.add_argument(f"--{CATALOG}", type=Path, metavar="FILE", help="for search")
    parser.add_argument(f"--{ORDERS}", type=Path, metavar="FILE", help="for discovery")
    chosen = parser.parse_args(options)
    chosen.write |= chosen.accept
    if chosen.accept and (chosen.only or chosen.small):
        parser.error("only a whole run can be accepted: without --only and --small")
    if chosen.write and not chosen.docs.is_dir():
        parser.error(f"there is no folder {chosen.docs}: run it in a checkout, or name the folder with --docs")
    for file in (chosen.catalog, chosen.orders):
        if file and not file.is_file():
            parser.error(f"there is no file {file}")
    return chosen


def _names(text: str) -> set[str]:
    names, known = set(text.split(",")), {case.bench for case in CASES}
    if unknown := names - known:
        raise ArgumentTypeError(f"no such benchmark: {', '.join(sorted(unknown))}")
    return names


def _measured(cases: Sequence[Case], chosen: Namespace) -> Run:
    manner = Manner({CATALOG: chosen.catalog, ORDERS: chosen.orders}, os.environ, chosen.small, chosen.repeat)
    at, began, measured = datetime.now(UTC), time.perf_counter(), list[Measured]()
    of_machine, of_code = machine(servers()), code()
    for number, case in enumerate(cases, 1):
        console.err.print(f"{number} of {len(cases)}: {case.name}", markup=False)
        measured.append(measure(case, manner))
        _say(measured[-1])
    others = [Measured(case.name, LEFT_OUT, "not asked for") for case in CASES if case not in cases]
    return Run(
        at=at.strftime("%Y-%m-%d %H:%M UTC"),
        code=of_code,
        machine=of_machine,
        measured=(*measured, *others),
        seconds=round(time.perf_counter() - began, 1),
        small=chosen.small,
        accepted=chosen.accept,
    )


def _say(measured: Measured) -> None:
    if measured.why:
        console.err.print(f"{measured.case}: {measured.outcome}, {measured.why}", markup=False)


def _print_verdict(cases: Sequence[Case], run: Run, before: Book) -> bool:
    """Whether all is well."""
    failed = [one for one in run.measured if one.outcome == FAILED]
    found = [] if run.small else worse(list(changes(cases, run, before.accepted)))
    for name in found:
        console.err.print(f"worse beyond noise: {name}", markup=False)
    for one in failed:
        _say(one)
    return not found and not failed
