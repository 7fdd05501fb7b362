"""As many catalog records as one likes, grown from real ones: the real ones first, then others like them.

Each of the others has a title with a word of another product in the place of one of its own, a model number of its own,
and a price up to a third lower or higher. So words keep about the frequencies that they have in the real titles, which
is what a search index lives by; only model numbers become more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import count as counting
from itertools import islice
from typing import Any

SEED = 1
_WORD = re.compile(r"[A-Za-z]{3,}")


def grown(records: Sequence[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """The same for the same records and count."""
    chosen = random.Random(SEED)
    others = (_like(records[number % len(records)], records, number, chosen) for number in counting())
    yield from islice(records, count)
    yield from islice(others, max(0, count - len(records)))


def _like(
    record: dict[str, Any], records: Sequence[dict[str, Any]], number: int, chosen: random.Random
) -> dict[str, Any]:
    model, title = str(record.get("model") or ""), str(record["title"])
    own = f"{model}-{number}" if model else f"K{number}"
    title = title.replace(model, own) if model and model in title else f"{title} {own}"
    words = [*_WORD.finditer(title)]
    strange = _WORD.findall(str(chosen.choice(records)["title"]))
    if words and strange:
        where = chosen.choice(words)
        title = title[: where.start()] + chosen.choice(strange) + title[where.end() :]
    price = record["price_minor"]
    changed = {"price_minor": max(1, int(price * chosen.uniform(0.67, 1.33)))} if isinstance(price, int) else {}
    return {**record, "id": f"{record['id']}-{number}", "title": title, "model": own, "gtins": [], **changed}
