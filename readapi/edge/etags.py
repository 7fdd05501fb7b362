"""Entity tags: a resource's is the version of its stream in quotes, ``"7"`` (RFC 9110 §8.8.3 and §13.1). Where what is
shown depends on more than the stream, it is ``"7-0123456789ab"``: version 7, and a digest of all that is shown."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request

from domain.errors import VersionMismatch
from readapi.edge.headers import header
from readapi.edge.problems import BadParameter, ProblemError

TAGS_CHARS_MAX = 2048

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")
_EACH = re.compile(_TAG)
_VERSION = re.compile(r'"([0-9]{1,18})(?:-[0-9a-f]{12})?"')


def etag(version: int) -> str:
    return f'"{version}"'


def etag_of(version: int, shown: bytes) -> str:
    """Of what may look otherwise at the same version; a command that insists on it insists on the version."""
    return f'"{version}-{hashlib.blake2b(shown, digest_size=6).hexdigest()}"'


def parse_tags(raw: str, name: str) -> list[str] | None:
    """The tags of ``If-Match`` or ``If-None-Match``, ``None`` for ``*``. Raises ``BadParameter`` for neither."""
    if raw.strip() == "*":
        return None
    if len(raw) > TAGS_CHARS_MAX or _TAGS.fullmatch(raw) is None:
        raise BadParameter("header", name, "a list of entity tags, or *")
    return _EACH.findall(raw)


def parse_if_match(raw: str | None) -> frozenset[int] | None:
    """The versions the client would accept; ``None`` when any will do (no header, or ``*``).

    Weak tags and tags that no version has match nothing, so the set may be empty.
    """
    tags = None if raw is None else parse_tags(raw, "If-Match")
    if tags is None:
        return None
    return frozenset(int(known[1]) for tag in tags if (known := _VERSION.fullmatch(tag)))


def expected_version(request: Request) -> int | None:
    """The one version that a command insists on, ``None`` for no condition.

    Raises ``version_mismatch`` when no version can match, and ``BadParameter`` for a choice of several, which the
    engine does not take.
    """
    raw = header(request, b"if-match")
    versions = None if raw is None else parse_if_match(raw)
    if versions is None:
        return None
    if not versions:
        raise ProblemError("version_mismatch", "no version of the resource has this entity tag")
    if len(versions) > 1:
        raise BadParameter("header", "If-Match", "one entity tag, please")
    return next(iter(versions))


def check_if_match(raw: str | None, version: int) -> None:
    """Raises ``VersionMismatch`` unless the resource's ``version`` is among those the client named."""
    versions = parse_if_match(raw)
    if versions is not None and version not in versions:
        raise VersionMismatch(max(versions, default=0), version)


def not_modified(raw: str | None, tag: str) -> bool:
    """Whether 304 is the answer to a GET with this ``If-None-Match``, by weak comparison.

    A header that makes no sense is no reason to refuse a read; it counts as no condition.
    """
    if raw is None:
        return False
    if raw == tag:
        return True
    try:
        tags = parse_tags(raw, "If-None-Match")
    except BadParameter:
        return False
    return tags is None or tag.removeprefix("W/") in [other.removeprefix("W/") for other in tags]
