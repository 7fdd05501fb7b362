"""Between events and stored rows; also the eventsourcing library's mapper, so that its tools read and write our log."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from eventsourcing.persistence import Mapper, StoredEvent

from commands.store.port import Row, new_row
from domain.decider import Event
from domain.recorded import Meta, Recorded, Unreadable, chain_hash
from domain.stored.codec import TOPICS, UnknownEvent, decode, decode_meta, encode

_encode_meta = msgspec.msgpack.Encoder().encode
NO_META = Meta(0, 0, "", "", "", "", "", b"")

log = structlog.get_logger("log")


def record(position: int, stream: str, version: int, event: Event, meta: Meta) -> tuple[Recorded, Row]:
    """Encodes and chains one new event."""
    topic = TOPICS[type(event)]
    meta_bytes = _encode_meta(meta)
    data = encode(event)
    digest = chain_hash(stream, version, topic, meta_bytes, data)
    row = new_row((position, stream, version, topic, meta_bytes, data, digest))
    return Recorded(position, stream, version, event, meta, digest), row


def recorded(row: Row | tuple[Any, ...]) -> Recorded:
    """Decodes one stored event; its row may be a plain tuple. Raises what ``domain.stored.codec.decode`` raises."""
    position, stream, version, topic, meta, data, digest = row
    return Recorded(position, stream, version, decode(topic, data), decode_meta(meta), digest)


def recorded_or_unreadable(row: Row | tuple[Any, ...]) -> Recorded:
    """For whoever goes on without what cannot be read: ``Unreadable`` takes its place, in an empty envelope."""
    try:
        return recorded(row)
    except Exception as error:  # whatever damaged bytes make of a decoder
        log.warning("unreadable_event", position=row[0], stream=row[1], topic=row[3], error=repr(error))
        unreadable = Unreadable(row[3], repr(error), isinstance(error, UnknownEvent))
        return Recorded(row[0], row[1], row[2], unreadable, NO_META, row[6])


class EnvelopeMapper(Mapper[str]):
    """The library's view of a row: its ``state`` is meta, data and hash as one MessagePack array.

    Set as MAPPER_TOPIC to open a Kontor log with the library's own application and repository.
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        event: Recorded = domain_event
        _, row = record(event.position, event.stream, event.version, event.event, event.meta)
        return StoredEvent(row.stream, row.version, row.topic, pack_state(row))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        meta, data, digest = unpack_state(stored_event.state)
        position = getattr(stored_event, "id", 0)
        stream, version = str(stored_event.originator_id), stored_event.originator_version
        return recorded(Row(position, stream, version, stored_event.topic, meta, data, digest))


def pack_state(row: Row) -> bytes:
    return msgspec.msgpack.encode((row.meta, row.data, row.hash))


def unpack_state(state: bytes) -> tuple[bytes, bytes, bytes]:
    return msgspec.msgpack.decode(state, type=tuple[bytes, bytes, bytes])
