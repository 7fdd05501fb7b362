"""``kontor replay-orders``: drive a data set through the API, write down what was refused, say whether all agrees."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from domain.money import Money
from kontor import console
from kontor.acting.caller import Unexpected
from kontor.folder import DataFolder
from kontor.loop import run
from kontor.pastorders.running import READERS, Done, Show, read_story, replay
from kontor.pastorders.story import NotThisData, Story

TOLD_MAX = 20
"""Failures and disagreements that are told one by one."""


def run_replay_orders(
    what: str, file: Path, data: Path | None, refused: Path | None, first: int | None, as_json: bool
) -> None:
    """Exit 1 when anything disagrees or was not done, 2 for what is no data set or no new folder."""
    if what not in READERS:
        console.fail(f"replay what? {what!r} is none of {', '.join(READERS)}", 2)
    if data is not None and DataFolder(data).log.exists():
        console.fail(f"there is a log in {data} already: name a folder that is to be made", 2)
    try:
        story = read_story(what, file, first)
    except (NotThisData, OSError) as error:
        console.fail(f"{file} is not {what}: {error}", 2)
    _write_down(story, refused or Path(f"{what}.refused.ndjson"))
    with tempfile.TemporaryDirectory(prefix="kontor-orders-") as temporary:
        run(_run(story, data or Path(temporary), as_json))


async def _run(story: Story, data: Path, as_json: bool) -> None:
    try:
        if as_json:
            done = await replay(story, data)
        else:
            with console.progress("driving", len(story.deeds), "deeds") as bar:
                show: Show = lambda count: bar(count)  # noqa: E731  # a bar takes more than a count
                done = await replay(story, data, show)
    except (Unexpected, TimeoutError) as error:
        console.fail(f"it does not go on: {error or 'what was begun has not come to rest in time'}")
    if as_json:
        console.out.print(msgspec.json.encode(summary(done)).decode(), markup=False)
    else:
        console.out.print(*_lines(done), sep="\n", markup=False)
    if not done.ok:
        raise SystemExit(1)


def _write_down(story: Story, file: Path) -> None:
    """A line for each row that was refused, and for each that was taken for something it does not quite say."""
    with file.open("wb") as out:
        for one in story.refusals:
            shown = {**one._asdict(), "amount": f"{one.amount:f}"}
            out.write(msgspec.json.encode(shown) + b"\n")
        for note in story.notes:
            out.write(msgspec.json.encode(note._asdict()) + b"\n")


def summary(done: Done) -> dict[str, Any]:
    story, expected = done.story, done.expected
    return {
        "story": story.name,
        "rows": story.rows,
        "refused": story.refused_by_reason(),
        "noted": story.noted(),
        "deeds": story.counted(),
        "orders": dict(sorted(done.statuses.items())),
        "paid": Money(expected.paid, story.currency),
        "back": Money(expected.back, story.currency),
        "onHand": sum(shelf.on_hand for shelf in expected.shelves().values()),
        "requests": done.requests,
        "events": done.events,
        "seconds": round(done.seconds, 1),
        "failed": [f"{type(one.deed).__name__} {one.deed}: {one.why}" for one in done.failed[:TOLD_MAX]],
        "disagreements": [one._asdict() for one in done.disagreements[:TOLD_MAX]],
        "ok": done.ok,
    }


def _lines(done: Done) -> list[str]:
    story, said = done.story, summary(done)
    lines = [
        f"{story.name}: {story.rows:,} rows",
        f"refused, whole or in part: {len(story.refusals):,}{_counts(said['refused'])}",
        f"taken for something they do not quite say: {len(story.notes):,}{_counts(said['noted'])}",
        f"{len(story.deeds):,} deeds{_counts(said['deeds'])}",
        f"orders{_counts(said['orders'])}",
        f"paid {said['paid']}, paid back {said['back']}, {said['onHand']:,} units left on hand",
        f"{done.requests:,} requests and {done.events:,} events in {done.seconds:.1f} s "
        f"({done.requests / max(done.seconds, 1e-9):,.0f} requests/s)",
    ]
    lines += [f"not done: {one}" for one in said["failed"]]
    lines += [
        f"disagrees: {one.what} {one.key}: {one.expected}, and not {one.found}" for one in done.disagreements[:TOLD_MAX]
    ]
    if done.ok:
        return [*lines, "money, stock and ledger agree with the data"]
    return [*lines, f"{len(done.failed):,} deeds were not done, {len(done.disagreements):,} figures disagree"]


def _counts(counted: Mapping[str, int]) -> str:
    told = ", ".join(f"{name} {count:,}" for name, count in counted.items())
    return f" ({told})" if told else ""
