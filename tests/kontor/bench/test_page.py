"""The page, its pictures and the file of runs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from kontor.bench.book.chart import Bar, bars
from kontor.bench.book.command import write
from kontor.bench.book.page import LIMITS, TARGETS, amount, page, pictures
from kontor.bench.book.runs import KEPT, Book, Unreadable, load, save
from tests.kontor.bench.runs import CASES, line, run


def test_the_first_run_has_nothing_beside_it() -> None:
    text = page(CASES, Book((run(line()),)))
    assert "No run was accepted before it" in text
    assert "- benchmarks measured: 1 of 3" in text
    assert "- **failed**: `others`, ended with 1" in text
    assert "- left out, KONTOR_FAR not set: `far`\n" in text
    assert "- targets reached: 2 of 2; missed: none" in text
    assert "| ≥ 0.6 of the limit: reached | 1,000 /s | 0.70 | – | new |" in text
    assert "beyond noise" not in text


def test_what_is_missed_and_what_is_worse_is_named() -> None:
    text = page(CASES, Book((run(line(), accepted=True), run(line(per_s=500, p99_ms=30), at="2026-02-03"))))
    assert "held against the accepted run of 2026-01-02" in text
    assert "2; missed: 1\n    - `things`: things done, beside the bare ones: 0.83 of it\n" in text
    worse = "    - `things`: things done, beside the bare ones: **ratio 29% worse**, noise 10%\n"
    assert f"- **worse beyond noise**: 1\n{worse}" in text
    assert "- better beyond noise: 1\n    - `things`: an answer, p99: value 62% better\n" in text
    assert "| **500 /s** | ≥ 0.6 of the limit: **missed** | 1,000 /s | 0.50 | 700 /s (0.70) |" in text
    assert "**ratio 29% worse**, noise 10%" in text
    assert "## Accepted runs" not in text


def test_a_run_in_small_says_so_and_is_held_against_nothing() -> None:
    text = page(CASES, Book((run(line(), accepted=True), run(line(per_s=1), small=True))))
    assert "**its figures say little.**" in text
    assert "beyond noise" not in text


def test_accepted_runs_stand_beside_each_other() -> None:
    text = page(CASES, Book((run(line(), accepted=True), run(line(per_s=720), at="2026-02-03", accepted=True))))
    assert "It is accepted" in text
    assert "| `things`: memory | 100 MB | 100 MB |" in text


def test_pictures_tell_in_words_what_they_show() -> None:
    found = pictures(CASES, Book((run(line()),)))
    assert set(found) == {TARGETS, LIMITS}
    drawn = ElementTree.fromstring(found[TARGETS])
    said = " ".join(drawn.itertext())
    assert "things: an answer, p99: 1.25" in said
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}rect"))) == 3, "the ground and two bars"


def test_a_bar_that_is_too_long_ends_and_says_so() -> None:
    drawn = bars("a", "b < c", [Bar("long & wide", 40.0), Bar("none", float("inf")), Bar("less", -1.0)], judged=True)
    ElementTree.fromstring(drawn)
    assert "40.00 →" in drawn


@pytest.mark.parametrize(
    ("value", "said"), [(85_700, "85,700 /s"), (99.94, "99.9 /s"), (0.0123, "0.0123 /s"), (0, "0 /s"), (100, "100 /s")]
)
def test_amounts_are_short(value: float, said: str) -> None:
    assert amount(value, "/s") == said


def test_runs_are_kept_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    book = Book((run(line(spread={"share": 0.1}), accepted=True),))
    write(tmp_path, book, CASES)
    assert load(tmp_path / "benchmarks.json") == book
    assert (tmp_path / "benchmarks.md").read_text() == page(CASES, book)
    assert (tmp_path / "pictures" / TARGETS).exists()
    assert load(tmp_path / "other.json") == Book()


def test_of_runs_that_nobody_accepted_only_the_last_is_kept() -> None:
    book = Book()
    for number in range(KEPT + 3):
        book = book.add(run(line(), at=f"{number}", accepted=True)).add(run(line(), at="tried"))
    assert [one.at for one in book.runs] == [*(f"{number}" for number in range(4, KEPT + 3)), "tried"]


def test_what_is_no_file_of_runs_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.json").write_text('{"runs": 3}')
    with pytest.raises(Unreadable, match=r"benchmarks\.json is not a file of runs"):
        load(tmp_path / "benchmarks.json")


def test_a_saved_file_ends_with_a_line(tmp_path: Path) -> None:
    save(tmp_path / "runs.json", Book())
    assert (tmp_path / "runs.json").read_text().endswith("}\n")
