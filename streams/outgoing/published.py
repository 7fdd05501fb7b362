"""Events as others get to see them: in the pull feed, and in webhooks.

Nothing sealed leaves the house, nor a payment provider's token; what is personal is sealed in the log already, so it is
left out by being bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import msgspec

from commands.mapper import recorded_or_unreadable
from commands.store.port import EventLog
from domain.errors import Invalid
from domain.instants import instant
from domain.outgoing.subscription import Subscription, SubscriptionCreated
from domain.recorded import Recorded, Unreadable
from domain.sellers.feedterms import FeedTerms
from domain.stored.codec import EVENTS, stored_name

_INSTANTS = frozenset(("at", "until", "hold_until", "since", "as_of", "evidence_by"))
_OF_A_DAY = frozenset(("daily_at",))
HIDDEN = frozenset(("address", "payment_token", "token", "derivation", "methods", "note"))
"""Personal data, provider's tokens, and what would only be noise."""
ADDRESSES: dict[type, str] = {FeedTerms: "source", SubscriptionCreated: "url", Subscription: "url"}
"""Fields with an address of somebody else's. What follows its host often is a key, in the query of a feed or the path
of a webhook, so others are told of the host alone."""
EVERYTHING = "*"
PATTERNS_MAX = 100
TELLABLE = frozenset(name for name in EVENTS if not name.startswith("delivery."))
"""What webhooks may carry: to tell of every delivery by a delivery would never end."""
READ_PAGE = 500
SCANNED_MAX = 10_000
"""Events looked at for one page, however few of them are wanted."""
BYTES_MAX = 1 << 20
"""Of the events of one page as they are stored; it ends with the one that goes beyond."""

Wanted = Callable[[str], bool]
"""Whether events with this stored topic (``order.paid@1``) are."""


def types_of(
    patterns: Iterable[str], pointer: str | None = None, known: Collection[str] = frozenset(EVENTS)
) -> frozenset[str]:
    """The event types that patterns name: ``order.paid`` one, ``order.*`` all of an aggregate, ``*`` all ``known``.

    Raises Invalid for a pattern that names none.
    """
    found: set[str] = set()
    for number, pattern in enumerate(patterns):
        where = None if pointer is None else f"{pointer}/{number}"
        family = pattern[:-1] if pattern.endswith(".*") else None
        named = {name for name in known if pattern in (EVERYTHING, name) or (family and name.startswith(family))}
        if not named:
            raise Invalid("no event is of this type; name one such as order.paid, or all of a kind as order.*", where)
        found |= named
    return frozenset(found)


def of_types(types: frozenset[str]) -> Wanted:
    return lambda topic: type_of(topic) in types


def type_of(topic: str) -> str:
    """``order.paid`` of ``order.paid@1``."""
    return topic.partition("@")[0]


class Found(NamedTuple):
    events: list[Recorded]
    upto: int
    """Nothing else that was wanted lies at or before this position."""


async def wanted_after(log: EventLog, after: int, wanted: Wanted, limit: int, scanned_max: int = SCANNED_MAX) -> Found:
    """The next events in the log's order, at most ``limit`` and not many more bytes than ``BYTES_MAX``.

    Raises StorageUnavailable.
    """
    events: list[Recorded] = []
    upto, size = after, 0
    while upto - after < scanned_max:
        rows = await log.read(upto, READ_PAGE)
        for row in rows:
            if wanted(row.topic):
                events.append(recorded_or_unreadable(row))
                size += len(row.data)
                if len(events) == limit or size > BYTES_MAX:
                    return Found(events, row.position)
        upto = rows[-1].position if rows else upto
        if len(rows) < READ_PAGE:
            break
        await asyncio.sleep(0)
    return Found(events, upto)


def published(recorded: Recorded) -> dict[str, Any]:
    """As JSON. The data of an event that this version cannot read is null."""
    meta, event = recorded.meta, recorded.event
    unreadable = isinstance(event, Unreadable)
    return {
        "position": str(recorded.position),
        "id": recorded.event_id,
        "type": type_of(event.topic) if unreadable else stored_name(event),
        "stream": recorded.stream,
        "version": recorded.version,
        "at": instant(meta.occurred_at),
        "correlation": meta.correlation or None,
        "causation": meta.causation or None,
        "actor": meta.actor or None,
        "data": None if unreadable else plain(event),
    }


def plain(value: Any) -> Any:
    """Of an event or a state, what others may see. Field names in camel case, instants as text; names that are data
    (SKUs, line ids) as they are."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        shown: dict[str, Any] = {} if config.tag is None else {str(config.tag_field): config.tag}
        address = ADDRESSES.get(type(value))
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name == address:
                shown[_camel(name)] = _place_of(inner)
            elif name not in HIDDEN and not isinstance(inner, bytes):
                shown[_camel(name)] = (
                    _instant_or_none(inner) if is_instant(name) and type(inner) is int else plain(inner)
                )
        return shown
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if not isinstance(inner, bytes)}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value if not isinstance(inner, bytes)]
    return value


def _place_of(url: str) -> str:
    """Scheme and host; the name of a file, which ``file:`` begins, as it is."""
    scheme, slashes, rest = url.partition("://")
    host, more, _ = rest.partition("/")
    return f"{scheme}://{host.partition('?')[0]}/{'…' if more else ''}" if slashes else url


def is_instant(name: str) -> bool:
    """Whether a whole number of this name is an instant (ms), as the domain calls them."""
    return name in _INSTANTS or (name.endswith("_at") and name not in _OF_A_DAY)


def _instant_or_none(at: int) -> str | None:
    """None for what has not happened, or has no end."""
    return instant(at) if at else None


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
