"""A program that decodes one picture and makes smaller ones of it. It ends with the picture.

A picture is whatever somebody made to break decoders written in C. So it meets them here, with no secrets around, with
bounds that the system keeps, and whatever becomes of this process, the next picture gets another.

``argv[1]`` is an ``Order`` in JSON, standard input the picture. On standard output: a line of JSON, either
``{"refused": reason}`` or ``{"width", "height", "made": [[width, height, bytes], …]}``, and then the bytes of each.
It imports nothing of ours, so that it can be run isolated (``python -I``) and begins within a tenth of a second.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import warnings
from io import BytesIO
from typing import Any, TypedDict

from PIL import AvifImagePlugin, Image, ImageCms

PLUGINS = {"image/jpeg": "Jpeg", "image/png": "Png", "image/webp": "WebP", "image/gif": "Gif", "image/avif": "Avif"}
"""By type, the one decoder that sees such a picture."""
ORIENTATION = 0x0112
"""https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf, 4.6.4 A"""
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = 5
"""From this orientation on, width and height change places."""


class Order(TypedDict):
    type: str
    sides: list[int]
    """The longer side of each that is wanted; those of more than the picture has are made as large as it."""
    quality: int
    pixels: int
    """At most."""
    memory: int
    """Bytes of address space, at most."""
    cpu: int
    """Seconds, at most."""
    answer: int
    """Bytes, at most."""


class Refused(Exception):
    """``pixels``, ``memory`` or ``damaged``."""


def bound(order: Order) -> None:
    """The system ends what exceeds it: too much time with SIGXCPU, too much memory by an allocation that fails. No file
    grows beyond the answer, and no further process or thread begins."""
    if sys.platform != "win32":
        import resource

        limits = {
            resource.RLIMIT_CPU: (order["cpu"], order["cpu"] + 1),  # at the first it is told why, at the second killed
            resource.RLIMIT_AS: (order["memory"], order["memory"]),
            resource.RLIMIT_FSIZE: (order["answer"], order["answer"]),
            resource.RLIMIT_NPROC: (0, 0),
            resource.RLIMIT_CORE: (0, 0),
        }
        for limit, most in limits.items():
            with contextlib.suppress(ValueError, OSError):  # not every system has each
                resource.setrlimit(limit, most)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = order["pixels"] // 2  # Pillow warns from here on, and refuses twice as many
    warnings.simplefilter("ignore")


def opened(body: bytes, order: Order) -> Image.Image:
    """What its head says, and nothing decoded. Raises Refused."""
    name = PLUGINS[order["type"]]
    importlib.import_module(f"PIL.{name}ImagePlugin")
    image = Image.open(BytesIO(body), formats=(name.upper(),))
    if image.width * image.height > order["pixels"]:
        raise Refused("pixels")
    return image


def orientation_of(image: Image.Image) -> int:
    """1 to 8; of what is written otherwise 1."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        found = exif.get(ORIENTATION, 1)
    except Exception:  # whatever a parser says of data that may be anything
        return 1
    return found if found in TURNED else 1


def plain(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled: L, RGB, RGBA or CMYK."""
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):  # sixteen bits
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The same shape with this longer side."""
    longer = max(size)
    return max(1, round(size[0] * side / longer)), max(1, round(size[1] * side / longer))


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """By its profile, which is dropped then; one that makes no sense is as if there were none."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            known = ImageCms.ImageCmsProfile(BytesIO(profile))
            found = ImageCms.profileToProfile(image, known, ImageCms.createProfile("sRGB"), outputMode=mode)
            if found is not None:
                return found
    return image.convert(mode)


def without_alpha(image: Image.Image) -> Image.Image:
    """If all of it is opaque."""
    return image.convert("RGB") if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255) else image


def packed(image: Image.Image, quality: int) -> bytes:
    """Of pixels alone: nothing of what was written beside them."""
    image.info = {}
    file = BytesIO()
    image.save(file, "WEBP", quality=quality)
    return file.getvalue()


def renditions(body: bytes, order: Order) -> tuple[tuple[int, int], list[tuple[tuple[int, int], bytes]]]:
    """The picture's size as it is shown, and what was made, the smallest first; none that takes more bytes than the
    picture itself. Of what moves, the first frame. Raises Refused, and whatever decoders raise."""
    image = opened(body, order)
    turn, profile, size = orientation_of(image), image.info.get("icc_profile"), image.size
    sides = sorted({min(side, max(size)) for side in order["sides"]})
    largest = scaled(size, sides[-1])
    image.draft(None, (2 * largest[0], 2 * largest[1]))  # JPEG is decoded at a half, a quarter or an eighth
    image = plain(image).resize(largest, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image = without_alpha(in_srgb(image, profile))
    made = []
    for side in reversed(sides):
        image = image.resize(scaled(size, side), Image.Resampling.LANCZOS)
        shown = image.transpose(TURNED[turn]) if turn in TURNED else image
        data = packed(shown, order["quality"])
        if len(data) < len(body):
            made.append((shown.size, data))
    return (size[::-1] if turn >= SIDEWAYS else size), made[::-1]


def answer(body: bytes, order: Order) -> tuple[dict[str, Any], list[bytes]]:
    try:
        (width, height), made = renditions(body, order)
    except Refused as error:
        return {"refused": str(error)}, []
    except Image.DecompressionBombError:
        return {"refused": "pixels"}, []
    except MemoryError:
        return {"refused": "memory"}, []
    except Exception:  # decoders raise whatever comes to them
        return {"refused": "damaged"}, []
    told = [[*size, len(data)] for size, data in made]
    return {"width": width, "height": height, "made": told}, [data for _, data in made]


def main() -> None:
    order: Order = json.loads(sys.argv[1])
    bound(order)
    head, bodies = answer(sys.stdin.buffer.read(), order)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(bodies))


if __name__ == "__main__":
    main()
