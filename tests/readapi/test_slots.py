"""What browsers may choose from where a picture fills a frame."""

from __future__ import annotations

from readapi.storefront.answers import Picture, Rendition
from readapi.storefront.slots import Choice, choice


def rendition(width: int, height: int) -> Rendition:
    return Rendition(f"/{width}.webp", width, height)


def test_a_picture_without_renditions_keeps_its_place() -> None:
    assert choice(Picture("/a.jpg"), "card") == Choice(500, 400)
    assert choice(Picture("/a.jpg", width=80, height=60), "stage") == Choice(80, 60)


def test_a_wide_one_fills_its_frame_and_a_tall_one_a_part_of_it() -> None:
    wide = choice(
        Picture("/a.jpg", width=3000, height=1500, renditions=[rendition(160, 80), rendition(1280, 640)]), "small"
    )
    assert wide == Choice(3000, 1500, "calc(1.000 * (5rem))", "/160.webp 160w, /1280.webp 1280w")
    tall = choice(Picture("/a.jpg", renditions=[rendition(100, 160)]), "card")
    assert (tall.width, tall.height) == (100, 160)
    assert tall.sizes == "(max-width: 44rem) calc(0.500 * (50vw - 2.5rem)), calc(0.500 * (15rem))"


def test_one_that_is_little_larger_than_its_renditions_is_offered_itself() -> None:
    made = [rendition(320, 240), rendition(640, 480)]
    assert choice(Picture("/a.jpg", width=800, height=600, renditions=made), "card").srcset.endswith("/a.jpg 800w")
    assert "/a.jpg" not in choice(Picture("/a.jpg", width=4000, height=3000, renditions=made), "card").srcset
