"""Pictures of a product that lie in our own store. Stream ``med_<the product's number>``.

They are apart from the product's description: whoever describes it anew, a feed every hour, takes no picture away.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, LimitExceeded, NotFound

PICTURES_MAX = 20
ALT_MAX = 500
SIZE_MAX = 10 << 20
TYPES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
}
"""What is taken, and how its files end. Nothing that can hold a script: no SVG, no HTML."""
LAST = 1_000
"""Position of a picture that comes after all others."""


class PictureAdded(Event, frozen=True):
    media_id: str
    key: str
    """Where it lies in the store."""
    media_type: str
    size: int
    at: int
    alt: str = ""
    position: int = LAST


class PictureDescribed(Event, frozen=True):
    media_id: str
    alt: str
    position: int
    at: int


class PictureRemoved(Event, frozen=True):
    media_id: str
    at: int


class PictureRendered(Event, frozen=True):
    """It was decoded, and smaller ones were made of it."""

    media_id: str
    width: int
    """Pixels, as it is shown: after its orientation."""
    height: int
    digest: str
    """Of the bytes that were decoded; part of the renditions' names, so that one never stands for other bytes."""
    renditions: tuple[tuple[int, int], ...]
    """Width and height of each, the smallest first."""
    at: int


class Rendered(State, frozen=True):
    """What came of decoding a picture."""

    width: int
    height: int
    digest: str
    renditions: tuple[tuple[int, int], ...] = ()


class AddPicture(Command, frozen=True):
    gallery_id: str
    media_id: str
    key: str
    media_type: str
    size: int
    at: int
    alt: str = ""
    position: int = LAST
    rendered: Rendered | None = None
    """None if it could not be decoded: it is then shown as it is."""


class RenderPicture(Command, frozen=True):
    """Of one that was added without, or by an older version."""

    gallery_id: str
    media_id: str
    at: int
    rendered: Rendered


class DescribePicture(Command, frozen=True):
    """None leaves it as it is."""

    gallery_id: str
    media_id: str
    at: int
    alt: str | None = None
    position: int | None = None


class RemovePicture(Command, frozen=True):
    gallery_id: str
    media_id: str
    at: int


class Picture(State, frozen=True):
    media_id: str
    key: str
    media_type: str
    alt: str = ""
    rendered: Rendered | None = None
    """None while nobody has decoded it."""


class Rendition(NamedTuple):
    key: str
    width: int
    height: int


class Gallery(State, frozen=True):
    """In the order in which they are shown."""

    pictures: tuple[Picture, ...] = ()


def gallery_id(product_id: str) -> str:
    return "med_" + product_id.removeprefix("prd_")


def product_of(gallery: str) -> str:
    return "prd_" + gallery.removeprefix("med_")


def media_type_of(head: bytes) -> str | None:
    """What the first bytes of a file say that it is; None for what is not taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/avif" if head[4:12] in (b"ftypavif", b"ftypavis") else None


def renditions_of(picture: Picture) -> list[Rendition]:
    """The smallest first. Named by the longer side, after the picture and what was in it."""
    if picture.rendered is None:
        return []
    stem = stem_of(picture.key, picture.rendered)
    return [
        Rendition(f"{stem}{max(width, height)}.webp", width, height) for width, height in picture.rendered.renditions
    ]


def stem_of(key: str, rendered: Rendered) -> str:
    """What the keys of all renditions of a picture begin with, and no others."""
    return f"{key.rpartition('.')[0]}.{rendered.digest}."


def picture_of(gallery: Gallery, media_id: str) -> Picture:
    """Raises NotFound."""
    for picture in gallery.pictures:
        if picture.media_id == media_id:
            return picture
    raise NotFound("the product has no such picture")


def require_room(gallery: Gallery) -> None:
    """Raises LimitExceeded."""
    if len(gallery.pictures) >= PICTURES_MAX:
        raise LimitExceeded(f"a product has at most {PICTURES_MAX} pictures; remove one first", limit=PICTURES_MAX)


def add(command: AddPicture, state: Gallery) -> list[Event]:
    if any(picture.media_id == command.media_id for picture in state.pictures):
        return []
    require_room(state)
    _check(command.alt, command.position)
    if command.media_type not in TYPES:
        raise Invalid(f"one of {', '.join(TYPES)}", "/type")
    told = (command.media_type, command.size, command.at, command.alt, command.position)
    added = PictureAdded(command.media_id, command.key, *told)
    return [added] if command.rendered is None else [added, _rendered(command.media_id, command.rendered, command.at)]


def render(command: RenderPicture, state: Gallery) -> list[Event]:
    """Once: a picture's bytes never change. Raises NotFound."""
    known = picture_of(state, command.media_id).rendered is not None
    return [] if known else [_rendered(command.media_id, command.rendered, command.at)]


def _rendered(media_id: str, found: Rendered, at: int) -> PictureRendered:
    return PictureRendered(media_id, found.width, found.height, found.digest, found.renditions, at)


def describe(command: DescribePicture, state: Gallery) -> list[Event]:
    picture = picture_of(state, command.media_id)
    before = state.pictures.index(picture)
    alt = picture.alt if command.alt is None else command.alt
    position = before if command.position is None else command.position
    _check(alt, position)
    if (alt, min(position, len(state.pictures) - 1)) == (picture.alt, before):
        return []
    return [PictureDescribed(command.media_id, alt, position, command.at)]


def _check(alt: str, position: int) -> None:
    if len(alt) > ALT_MAX:
        raise Invalid(f"at most {ALT_MAX} characters", "/alt")
    if not 0 <= position <= LAST:
        raise Invalid(f"0 to {LAST}", "/position")


def remove(command: RemovePicture, state: Gallery) -> list[Event]:
    picture_of(state, command.media_id)
    return [PictureRemoved(command.media_id, command.at)]


def _without(state: Gallery, media_id: str) -> tuple[Picture, ...]:
    return tuple(picture for picture in state.pictures if picture.media_id != media_id)


def _placed(others: tuple[Picture, ...], picture: Picture, position: int) -> Gallery:
    return Gallery((*others[:position], picture, *others[position:]))


def added(state: Gallery, event: PictureAdded) -> Gallery:
    picture = Picture(event.media_id, event.key, event.media_type, event.alt)
    return _placed(_without(state, event.media_id), picture, event.position)


def described(state: Gallery, event: PictureDescribed) -> Gallery:
    for picture in state.pictures:
        if picture.media_id == event.media_id:
            return _placed(_without(state, event.media_id), replace(picture, alt=event.alt), event.position)
    return state


def rendered(state: Gallery, event: PictureRendered) -> Gallery:
    found = Rendered(event.width, event.height, event.digest, event.renditions)
    return Gallery(
        tuple(replace(one, rendered=found) if one.media_id == event.media_id else one for one in state.pictures)
    )


GALLERY = Decider(
    name="media",
    initial=Gallery(),
    states=Gallery,
    decisions={AddPicture: add, DescribePicture: describe, RemovePicture: remove, RenderPicture: render},
    evolutions={
        PictureAdded: added,
        PictureDescribed: described,
        PictureRendered: rendered,
        PictureRemoved: lambda state, event: Gallery(_without(state, event.media_id)),
    },
)
