"""Renditions: what is made of a picture, what is kept of it, and what is not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from streams.renditions.rendering import SIDES, Made, render
from tests.streams.renditions.samples import BLUE, RED, corners, packed, photo, quartered

KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "AVIF": "image/avif"}
UPRIGHT = ["red", "green", "blue", "white"]


def images(made: Made) -> list[Image.Image]:
    found = [Image.open(BytesIO(body)) for body in made.bodies]
    assert [one.size for one in found] == list(made.rendered.renditions)
    assert {one.format for one in found} == {"WEBP"}
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_that_is_taken_gets_some(kind: str):
    body = photo(640, 480, kind)
    made = await render(body, KINDS[kind])
    assert (made.rendered.width, made.rendered.height) == (640, 480)
    assert made.rendered.renditions[:2] == ((160, 120), (320, 240))
    assert [corners(one) for one in images(made)] == [UPRIGHT] * len(made.bodies)


async def test_the_longer_side_counts():
    made = await render(photo(700, 1400, "PNG"), "image/png")
    assert made.rendered.renditions == ((80, 160), (160, 320), (320, 640), (640, 1280))
    assert max(SIDES) == 1280


async def test_none_is_larger_than_the_picture():
    made = await render(photo(500, 250, "PNG"), "image/png")
    assert made.rendered.renditions == ((160, 80), (320, 160), (500, 250)), "the last one saves bytes, not pixels"


async def test_none_takes_more_bytes_than_the_picture():
    body = photo(500, 400, "WEBP", quality=1)
    made = await render(body, "image/webp")
    assert made.rendered.renditions[0] == (160, 128)
    assert (500, 400) not in made.rendered.renditions, "packed better, it would take more"
    assert all(len(one) < len(body) for one in made.bodies)


@pytest.mark.parametrize("size", [(1, 1), (3, 4000), (4000, 1)])
async def test_the_thinnest_has_a_pixel_left(size: tuple[int, int]):
    made = await render(packed(Image.effect_noise(size, 90), "PNG"), "image/png")
    assert (made.rendered.width, made.rendered.height) == size
    assert all(min(one) >= 1 and max(one) <= max(size) for one in made.rendered.renditions)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_it_is_turned_as_it_says(kind: str, orientation: int):
    """Made here from what it should look like: by whatever undoes the turn that the picture asks for."""
    undone = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    wanted = quartered(640, 480)
    stored = wanted if undone is None else wanted.transpose(undone)
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = await render(packed(stored, kind, exif=exif), KINDS[kind])
    assert (made.rendered.width, made.rendered.height) == (640, 480)
    assert made.rendered.renditions[0] == (160, 120)
    assert corners(images(made)[0]) == UPRIGHT


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"x"]
)
async def test_an_orientation_that_makes_no_sense_is_none(exif: bytes):
    made = await render(packed(quartered(640, 480), "PNG", exif=exif), "image/png")
    assert made.rendered.renditions[0] == (160, 120)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_nothing_is_kept_of_what_was_written_beside_it(kind: str):
    exif = Image.Exif()
    exif[0x010F] = "the camera"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 12.0)  # where it was taken
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>the place</x:xmpmeta>"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    how: dict[str, Any] = {"exif": exif, "icc_profile": profile}
    if kind != "PNG":
        how["xmp"] = xmp
    body = packed(quartered(640, 480), kind, **how)
    assert b"the camera" in body
    made = await render(body, KINDS[kind])
    for one, data in zip(images(made), made.bodies, strict=True):
        assert not {"exif", "xmp", "icc_profile"} & set(one.info)
        assert b"the camera" not in data
        assert data[12:16] == b"VP8 ", "no extended head, in which there would be room for more"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF"])
async def test_what_can_be_seen_through_stays_so(kind: str):
    image = quartered(640, 480).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 320, 240))
    made = await render(packed(image, kind), KINDS[kind])
    for one in images(made):
        assert one.mode == "RGBA"
        assert one.getpixel((one.width // 4, one.height // 4))[3] == 0
        assert one.getpixel((one.width * 3 // 4, one.height // 4))[3] == 255


async def test_an_alpha_that_hides_nothing_is_dropped():
    made = await render(packed(quartered(640, 480).convert("RGBA"), "PNG"), "image/png")
    assert {one.mode for one in images(made)} == {"RGB"}


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
async def test_of_what_moves_the_first_frame_is_shown(kind: str):
    frames = [quartered(640, 480), Image.new("RGB", (640, 480), BLUE)]
    body = packed(frames[0], kind, save_all=True, append_images=frames[1:])
    made = await render(body, KINDS[kind])
    assert [corners(one) for one in images(made)] == [UPRIGHT] * len(made.bodies)
    assert not any(getattr(one, "is_animated", False) for one in images(made))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
async def test_all_ways_to_write_a_pixel_are_read(mode: str):
    grey = quartered(640, 480).convert("L")
    image = grey.convert("I;16").point(lambda value: value * 257) if mode == "I;16" else grey.convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    made = await render(packed(image, kind), KINDS[kind])
    seen = images(made)[0].convert("L").resize((4, 4), Image.Resampling.BOX)
    wanted = grey.resize((4, 4), Image.Resampling.BOX)
    assert max(abs(a - b) for a, b in zip(seen.tobytes(), wanted.tobytes(), strict=True)) < 16


def swapped() -> bytes:
    """A profile by which red is green: what heeds it shows another colour."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
async def test_colours_are_those_of_its_profile(mode: str):
    image = Image.effect_noise((640, 480), 5).convert("RGB")
    image = Image.blend(image, Image.new("RGB", image.size, RED), 0.9).convert(mode)
    if mode == "RGBA":
        image.putalpha(128)
    made = await render(packed(image, "PNG", icc_profile=swapped()), "image/png")
    for one in images(made):
        red, green, _, *alpha = one.getpixel((one.width // 2, one.height // 2))
        assert green > red + 100
        assert alpha == ([128] if mode == "RGBA" else [])


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200, swapped()[:300]])
async def test_a_profile_that_makes_no_sense_is_as_if_there_were_none(profile: bytes):
    made = await render(packed(quartered(640, 480), "PNG", icc_profile=profile), "image/png")
    assert [corners(one) for one in images(made)] == [UPRIGHT] * len(made.bodies)


async def test_the_same_bytes_make_the_same_and_others_have_another_name():
    body = photo()
    first, second, other = [await render(one, "image/jpeg") for one in (body, body, body + b"\0")]
    assert first == second
    assert (other.rendered.digest != first.rendered.digest, other.bodies) == (True, first.bodies)
