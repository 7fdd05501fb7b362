"""Where another service is, as pages name it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NETLOC = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def origin_of(url: str) -> str:
    """Raises ValueError for anything but an origin: it goes into a policy, where more would mean something else."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    known = parts.scheme in ("http", "https") and parts.hostname and url.rstrip("/") == origin
    if not known or not _NETLOC.fullmatch(parts.netloc):
        raise ValueError("an origin such as https://write.shop.example")
    return origin
