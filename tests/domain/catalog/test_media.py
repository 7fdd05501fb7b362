"""Pictures of a product: in an order, bounded, and of kinds that hold no script."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.catalog.media import (
    ALT_MAX,
    GALLERY,
    LAST,
    PICTURES_MAX,
    AddPicture,
    DescribePicture,
    PictureAdded,
    PictureDescribed,
    PictureRemoved,
    PictureRendered,
    RemovePicture,
    Rendered,
    RenderPicture,
    Rendition,
    gallery_id,
    media_type_of,
    product_of,
    renditions_of,
)
from domain.errors import Invalid, LimitExceeded, NotFound
from tests.spec import Given, given

ID, AT = "med_01K", 1_763_000_000_000


def added(name: str, position: int = LAST, alt: str = "") -> PictureAdded:
    return PictureAdded(name, f"media/prd_01K/{name}.jpg", "image/jpeg", 10, AT, alt, position)


def add(name: str, position: int = LAST, alt: str = "") -> AddPicture:
    return AddPicture(ID, name, f"media/prd_01K/{name}.jpg", "image/jpeg", 10, AT, alt, position)


def order(known: Given) -> list[str]:
    return [picture.media_id for picture in known.state.pictures]


def test_a_product_and_its_pictures_have_the_same_number():
    assert (gallery_id("prd_01K"), product_of("med_01K")) == ("med_01K", "prd_01K")


def test_pictures_stand_where_they_are_put():
    known = given(GALLERY).when(add("a")).then(added("a")).when(add("b")).then(added("b"))
    known = known.when(add("c", 0)).then(added("c", 0)).when(add("d", 1)).then(added("d", 1))
    assert order(known) == ["c", "d", "a", "b"]
    known.when(add("a", 0)).then_nothing()


def test_a_picture_is_described_and_moved():
    known = given(GALLERY, added("a"), added("b"), added("c"))
    moved = known.when(DescribePicture(ID, "c", AT, "Front", 0)).then(PictureDescribed("c", "Front", 0, AT))
    assert order(moved) == ["c", "a", "b"]
    assert moved.state.pictures[0].alt == "Front"
    moved.when(DescribePicture(ID, "c", AT, "Front", 0)).then_nothing()
    moved.when(DescribePicture(ID, "b", AT, None, LAST)).then_nothing()
    moved.when(DescribePicture(ID, "c", AT)).then_nothing()
    said = moved.when(DescribePicture(ID, "a", AT, "Back")).then(PictureDescribed("a", "Back", 1, AT))
    assert order(said) == ["c", "a", "b"]
    known.when(DescribePicture(ID, "x", AT, "Front")).then_refused(NotFound)


def test_a_picture_is_removed():
    gone = given(GALLERY, added("a"), added("b")).when(RemovePicture(ID, "a", AT)).then(PictureRemoved("a", AT))
    assert order(gone) == ["b"]
    gone.when(RemovePicture(ID, "a", AT)).then_refused(NotFound)


def test_pictures_are_so_many_at_most():
    many = [added(str(number)) for number in range(PICTURES_MAX)]
    given(GALLERY, *many[1:]).when(add("x")).then(added("x"))
    given(GALLERY, *many).when(add("x")).then_refused(LimitExceeded)
    given(GALLERY, *many).when(add("3")).then_nothing()


def test_what_is_said_of_a_picture_has_its_limits():
    given(GALLERY).when(add("a", 0, "x" * ALT_MAX)).then(added("a", 0, "x" * ALT_MAX))
    assert given(GALLERY).when(add("a", 0, "x" * (ALT_MAX + 1))).then_refused(Invalid).pointer == "/alt"
    for position in (-1, LAST + 1):
        assert given(GALLERY).when(add("a", position)).then_refused(Invalid).pointer == "/position"
    wrong = replace(add("a"), media_type="image/svg+xml")
    assert given(GALLERY).when(wrong).then_refused(Invalid).pointer == "/type"


def test_a_description_of_a_picture_that_is_gone_changes_nothing():
    assert order(given(GALLERY, added("a"), PictureDescribed("b", "x", 0, AT), PictureRemoved("c", AT))) == ["a"]


SIZES = ((160, 107), (213, 320))
RENDERED = Rendered(1200, 800, "0f3a", SIZES)
TOLD = PictureRendered("a", 1200, 800, "0f3a", SIZES, AT)


def test_a_picture_that_was_decoded_has_renditions_named_after_what_was_in_it():
    known = given(GALLERY, added("b")).when(replace(add("a"), rendered=RENDERED)).then(added("a"), TOLD)
    b, a = known.state.pictures
    assert (a.rendered, b.rendered) == (RENDERED, None)
    assert renditions_of(a) == [
        Rendition("media/prd_01K/a.0f3a.160.webp", 160, 107),
        Rendition("media/prd_01K/a.0f3a.320.webp", 213, 320),
    ]
    assert renditions_of(b) == []


def test_what_could_not_be_decoded_may_be_later_but_once():
    given(GALLERY).when(add("a")).then(added("a"))
    known = given(GALLERY, added("a"), added("b")).when(RenderPicture(ID, "a", AT, RENDERED)).then(TOLD)
    assert [one.rendered for one in known.state.pictures] == [RENDERED, None]
    known.when(RenderPicture(ID, "a", AT, replace(RENDERED, digest="beef"))).then_nothing()
    known.when(RenderPicture(ID, "x", AT, RENDERED)).then_refused(NotFound)


def test_what_was_decoded_stays_with_the_picture():
    known = given(GALLERY, added("b"), added("a"), TOLD, PictureDescribed("a", "Front", 0, AT))
    assert [(one.media_id, one.alt, one.rendered) for one in known.state.pictures] == [
        ("a", "Front", RENDERED),
        ("b", "", None),
    ]
    assert order(given(GALLERY, added("b"), TOLD)) == ["b"], "of one that is gone"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"),
        (b"\x00\x00\x00\x1cftypavis", "image/avif"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"\x00\x00\x00\x1cftypmp42", None),
        (b"<svg xmlns=", None),
        (b"<!doctype html>", None),
        (b" GIF89a", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_what_a_file_is_is_told_by_its_first_bytes(head: bytes, media_type: str | None):
    assert media_type_of(head) == media_type
