"""Bars as a picture that needs nothing else: drawn for light and for dark, with every number in words as well."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

LABEL, BARS, NUMBERS, ROW, TOP = 540, 320, 70, 22, 34
SHOWN_MAX = 3.0
"""Of the line at 1; a longer bar ends there and says its number."""
STYLE = """
  text { font: 12px sans-serif; fill: #1c2b2a }
  .ground { fill: #ffffff } .one { stroke: #1c2b2a; stroke-width: 2 }
  .good { fill: #00796b } .short { fill: #c05a00 } .plain { fill: #546e7a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6eeed }
    .ground { fill: #1e2129 } .one { stroke: #e6eeed }
    .good { fill: #4db6ac } .short { fill: #ffb066 } .plain { fill: #90a4ae }
  }
"""


class Bar(NamedTuple):
    label: str
    share: float
    """Of the line at 1."""


def bars(title: str, one: str, rows: Sequence[Bar], *, judged: bool) -> str:
    """An SVG. ``one`` says what the line at 1 is; ``judged``, whether a bar that falls short of it is a miss."""
    longest = max([1.25, *(min(row.share, SHOWN_MAX) for row in rows)])
    width, height = LABEL + BARS + NUMBERS, TOP + ROW * len(rows) + 8
    at_one = LABEL + BARS / longest
    drawn = "\n".join(_row(row, number, BARS / longest, judged=judged) for number, row in enumerate(rows))
    told = "; ".join(f"{row.label}: {row.share:.2f}" for row in rows)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
<title id="t">{escape(title)}</title>
<desc id="d">{escape(f"1 is {one}. {told}.")}</desc>
<style>{STYLE}</style>
<rect class="ground" width="{width}" height="{height}"/>
<text x="{at_one:.1f}" y="20" text-anchor="middle">1 = {escape(one)}</text>
{drawn}
<line class="one" x1="{at_one:.1f}" x2="{at_one:.1f}" y1="{TOP - 6}" y2="{height - 4}"/>
</svg>
"""


def _row(row: Bar, number: int, unit: float, *, judged: bool) -> str:
    y, length = TOP + ROW * number, max(1.0, min(row.share, SHOWN_MAX) * unit)
    kind = "plain" if not judged else "good" if row.share >= 1 else "short"
    beyond = " →" if row.share > SHOWN_MAX else ""
    return (
        f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect class="{kind}" x="{LABEL}" y="{y + 4}" width="{length:.1f}" height="{ROW - 8}"/>'
        f'<text x="{LABEL + BARS + 8}" y="{y + 15}">{row.share:.2f}{beyond}</text>'
    )
