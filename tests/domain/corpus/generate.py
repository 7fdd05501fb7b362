"""Adds what the corpus lacks: ``python -m tests.domain.corpus.generate``. What is there is left alone.

Besides the full example, an event with optional fields gets a *bare* one, in which all of these are left out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from domain.decider import Event
from domain.stored.codec import TOPICS, encode
from tests.domain.corpus import DIGESTS, FOLDER, digests
from tests.domain.corpus.examples import PARTICULAR, TODAY
from tests.domain.corpus.old import OLD


def shapes() -> Iterator[tuple[str, str, bytes]]:
    """File name, topic and stored bytes."""
    for topic, plain in OLD.items():
        yield topic, topic, msgspec.msgpack.encode(plain)
    for name, event in PARTICULAR.items():
        yield name, TOPICS[type(event)], encode(event)
    for event in TODAY:
        topic = TOPICS[type(event)]
        yield topic, topic, encode(event)
        bare = without_options(event)
        if bare != event:
            yield f"{topic}.bare", topic, encode(bare)


def without_options(event: Event) -> Event:
    """The same with every optional field at its default, which is not stored."""
    fields = msgspec.structs.fields(event)
    return type(event)(**{field.name: getattr(event, field.name) for field in fields if field.required})


def document(topic: str, data: bytes) -> bytes:
    content: dict[str, Any] = {
        "topic": topic,
        "data": base64.b64encode(data).decode(),
        "plain": msgspec.msgpack.decode(data),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def main() -> None:
    known = digests()
    for name, topic, data in shapes():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            content = document(topic, data)
            path.write_bytes(content)
            known[path.name] = hashlib.sha256(content).hexdigest()
            print("added", path.name)
    DIGESTS.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(known.items())), encoding="utf-8")


if __name__ == "__main__":
    main()
