"""What shoppers see of stock, as it was last looked at: most sales change nothing of it, and no search document."""

from __future__ import annotations

from collections import OrderedDict

from streams.indexing.assembly import LOW_STOCK

FLAGS_MAX = 200_000
Flags = tuple[bool, bool]
"""Whether there is any, and whether it is nearly gone."""


class ShownStock:
    def __init__(self) -> None:
        self._flags: OrderedDict[str, Flags] = OrderedDict()

    def remember(self, key: str, available: int) -> bool:
        """Notes what shoppers see of this stock; whether that is news."""
        flags = (available > 0, 0 < available <= LOW_STOCK)
        news = self._flags.get(key) != flags
        self._flags[key] = flags
        self._flags.move_to_end(key)
        if len(self._flags) > FLAGS_MAX:
            self._flags.popitem(last=False)
        return news
