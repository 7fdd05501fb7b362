"""``docs/benchmarks.md``: a run as a page of tables, beside the accepted run before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from kontor.bench.book.case import Case
from kontor.bench.book.chart import Bar, bars
from kontor.bench.book.comparing import Change, changes
from kontor.bench.book.figures import Figure, Reading, by_ratio, share_of_target
from kontor.bench.book.machine import Pace
from kontor.bench.book.runs import FAILED, LEFT_OUT, MEASURED, Book, Run

TARGETS, LIMITS = "benchmarks-targets.svg", "benchmarks-limits.svg"
LABEL_MAX = 88
"""Letters of what stands beside a bar."""
QUIET = 0.5
"""Load, of the number of processors."""
COLUMNS = ("", "reached", "target", "limit", "of the limit", "accepted run", "change")
HEAD = """# Benchmarks

Written by `kontor bench all --write`, and by nobody's hand. [How to read it](howto/benchmarks.md).
"""


def page(cases: Sequence[Case], book: Book) -> str:
    """Of the last run in the book."""
    run = book.runs[-1]
    before = () if run.small else tuple(one for one in book.runs[:-1] if one.accepted)
    found = list(changes(cases, run, before))
    parts = [
        HEAD,
        _run(run, before),
        _summary(run, found),
        _charts(found),
        _machine(run, before),
        *_sections(cases, run, found),
        _history(cases, book),
    ]
    return "\n".join(part for part in parts if part)


def pictures(cases: Sequence[Case], book: Book) -> dict[str, str]:
    """By name, what the page shows."""
    found = list(changes(cases, book.runs[-1], ()))
    targets = [(one, share) for one in found if (share := share_of_target(one.figure, one.now)) is not None]
    limits = [(one, one.now.ratio) for one in found if one.now.ratio is not None]
    return {
        TARGETS: bars("Figures beside their targets", "the target, and more is better", _bars(targets), judged=True),
        LIMITS: bars("Figures beside their limits", "the limit", _bars(limits), judged=False),
    }


def worse(found: Sequence[Change]) -> list[str]:
    return [_sentence(one) for one in found if one.worse]


def amount(value: float, unit: str = "") -> str:
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".strip()


# parts


def _run(run: Run, before: Sequence[Run]) -> str:
    of_code = f", of the code at `{run.code}`" if run.code else ""
    lines = [f"**The run of {run.at}**{of_code}, took {_long(run.seconds)}."]
    if run.small:
        lines.append("It was made with small sizes, to try the whole: **its figures say little.**")
    paces = _paces(run)
    if paces and paces[0].load > run.machine.cpus * QUIET:
        lines.append(f"**Other things were at work when it began** (load {paces[0].load:g}).")
    if run.small:
        lines.append("It is held against nothing.")
    elif before:
        lines.append(f"It is held against the accepted run of {before[-1].at}.")
    else:
        lines.append("No run was accepted before it that it could be held against.")
    if run.accepted:
        lines.append("It is accepted: the next is held against it.")
    return "\n".join(lines) + "\n"


def _summary(run: Run, found: Sequence[Change]) -> str:
    shares = [(one, share) for one in found if (share := share_of_target(one.figure, one.now)) is not None]
    missed = [f"{_named(one)}: {share:.2f} of it" for one, share in shares if share < 1]
    lines = [
        f"- benchmarks measured: {_count(run, MEASURED)}",
        *(f"- **failed**: `{one.case}`, {one.why}" for one in run.measured if one.outcome == FAILED),
        *(f"- left out, {why}: {'; '.join(f'`{case}`' for case in cases)}" for why, cases in _left_out(run).items()),
        *_listed(f"targets reached: {len(shares) - len(missed)} of {len(shares)}; missed", missed),
    ]
    if any(one.before for one in found):
        lines += _listed("**worse beyond noise**", worse(found))
        lines += _listed("better beyond noise", [_sentence(one) for one in found if one.better])
    return "\n".join(lines) + "\n"


def _charts(found: Sequence[Change]) -> str:
    if not found:
        return ""
    return f"""## At a glance

![Bars: each figure as a share of its target; the numbers are in the tables below](pictures/{TARGETS})

![Bars: each figure as a share of its limit; the numbers are in the tables below](pictures/{LIMITS})
"""


def _machine(run: Run, before: Sequence[Run]) -> str:
    runs = (run, before[-1]) if before else (run,)
    rows = [
        ("processor", [one.machine.processor for one in runs]),
        ("CPUs, memory", [f"{one.machine.cpus}, {one.machine.memory_gb:g} GB" for one in runs]),
        ("system", [one.machine.system for one in runs]),
        ("Python, SQLite", [f"{one.machine.python}, {one.machine.sqlite}" for one in runs]),
        *((name, [one.machine.servers.get(name, "–") for one in runs]) for name in sorted(run.machine.servers)),
        ("a loop of plain Python", [_range([pace.loop_ms for pace in _paces(one)], "ms") for one in runs]),
        ("4 KB on the disk", [_range([pace.sync_ms for pace in _paces(one)], "ms") for one in runs]),
        ("load when it began", [_range([pace.load for pace in _paces(one)[:1]]) for one in runs]),
    ]
    head = ("", "this run", "accepted run")[: len(runs) + 1]
    return "## The machine\n\n" + _table(head, [(name, *cells) for name, cells in rows])


def _sections(cases: Sequence[Case], run: Run, found: Sequence[Change]) -> Iterator[str]:
    durability = {case.name: case.durability for case in cases}
    for case, group in groupby(found, lambda one: one.case):
        measured = run.of(case)
        seconds = _long(measured.seconds) if measured else ""
        table = _table(COLUMNS, [_cells(one) for one in group])
        yield f"## `{case}`\n\nDurability: {durability[case]}. Took {seconds}.\n\n{table}"


def _cells(one: Change) -> tuple[str, ...]:
    figure, now = one.figure, one.now
    return (
        figure.says,
        f"**{amount(now.value, figure.unit)}**",
        _target(figure, now),
        "–" if now.limit is None else amount(now.limit, figure.unit),
        "–" if now.ratio is None else f"{now.ratio:.2f}",
        _before(one),
        _change(one),
    )


def _target(figure: Figure, now: Reading) -> str:
    share = share_of_target(figure, now)
    if share is None or now.target is None:
        return "–"
    if figure.of_ratio:
        wanted = f"≥ {now.target:g} of the limit"
    else:
        wanted = f"{'≤' if figure.less else '≥'} {amount(now.target, figure.unit)}"
    return f"{wanted}: {'reached' if share >= 1 else '**missed**'}"


def _before(one: Change) -> str:
    if one.before is None:
        return "–"
    ratio = f" ({one.before.ratio:.2f})" if one.before.ratio is not None else ""
    return amount(one.before.value, one.figure.unit) + ratio


def _change(one: Change) -> str:
    if one.before is None:
        return "new"
    nearest = min(one.gain, one.gain_at_pace, key=abs)
    what = "ratio" if by_ratio(one.figure, one.now, one.before) else "value"
    said = f"{what} {abs(nearest):.0%} {'better' if nearest > 0 else 'worse'}" if round(nearest, 2) else "none"
    if one.worse:
        return f"**{said}**, noise {one.noise:.0%}"
    return said if one.better else f"{said} (within noise)"


def _history(cases: Sequence[Case], book: Book) -> str:
    runs = book.accepted[-6:]
    if len(runs) < 2:
        return ""
    columns = [{(one.case, one.figure): one for one in changes(cases, run, ())} for run in runs]
    keys = dict.fromkeys(key for column in columns for key in column)
    rows = [
        (f"`{case}`: {figure.says}", *(_cell(column.get((case, figure))) for column in columns))
        for case, figure in keys
    ]
    heads = ("", *(f"{run.at[:10]} `{run.code or '?'}`" for run in runs))
    return "## Accepted runs\n\n" + _table(heads, rows)


def _cell(one: Change | None) -> str:
    if one is None:
        return "–"
    ratio = f" ({one.now.ratio:.2f})" if one.now.ratio is not None else ""
    return amount(one.now.value, one.figure.unit) + ratio


# words


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _bars(rows: Sequence[tuple[Change, float]]) -> list[Bar]:
    return [Bar(_short(f"{one.case}: {one.figure.says}"), share) for one, share in rows]


def _short(words: str) -> str:
    return words if len(words) <= LABEL_MAX else words[: LABEL_MAX - 1].rstrip() + "…"


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _named(one: Change) -> str:
    return f"`{one.case}`: {one.figure.says}"


def _sentence(one: Change) -> str:
    return f"{_named(one)}: {_change(one)}"


def _listed(what: str, names: Sequence[str]) -> list[str]:
    return [f"- {what}: {len(names) or 'none'}", *(f"    - {name}" for name in names)]


def _count(run: Run, outcome: str) -> str:
    return f"{sum(one.outcome == outcome for one in run.measured)} of {len(run.measured)}"


def _left_out(run: Run) -> dict[str, list[str]]:
    """Cases by why."""
    found: dict[str, list[str]] = {}
    for one in run.measured:
        if one.outcome == LEFT_OUT:
            found.setdefault(one.why, []).append(one.case)
    return found


def _paces(run: Run) -> list[Pace]:
    return [one.pace for one in run.measured if one.pace]


def _range(values: Sequence[float], unit: str = "") -> str:
    if not values:
        return "–"
    low, high = min(values), max(values)
    return amount(low, unit) if low == high else f"{amount(low)} to {amount(high, unit)}"
