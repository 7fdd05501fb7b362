"""What pydantic found wrong, for a problem's ``errors``: where, as a JSON pointer, and why, never the value itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

ENTRIES_MAX = 50
_NOT_VALID = "is not valid"
_LEAVES_MAX = 500
_words: dict[str, str] = {}
_NEVER_QUOTING = {
    "missing",
    "minor_units",
    "instant",
    "extra_forbidden",
    "too_long",
    "too_short",
    "dict_type",
    "list_type",
    "model_attributes_type",
}


def told(pattern: str, words: str) -> str:
    """The pattern, for a field; whoever sends something else hears ``words`` instead of a regular expression."""
    _words[pattern] = words
    return pattern


def entries(errors: Iterable[Any], body: Any = None) -> list[dict[str, Any]]:
    """At most ``ENTRIES_MAX`` entries ``{pointer, detail}`` for the body, ``{in, parameter, detail}`` for the rest.

    Pointers are URI fragments (``#/lines/0/quantity``) as in RFC 9457's own example.
    """
    return [_entry(error, body) for error, _ in zip(errors, range(ENTRIES_MAX), strict=False)]


def summary(found: Sequence[dict[str, Any]]) -> str:
    """One sentence for a person; the first entry stands for the rest."""
    if not found:
        return "the request is not valid"
    first = found[0]
    where = first.get("parameter") or first["pointer"].removeprefix("#").lstrip("/") or "the body"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{where}: {first['detail']}{more}"


def _entry(error: dict[str, Any], body: Any) -> dict[str, Any]:
    location = tuple(error.get("loc", ())) or ("body",)
    detail = _detail(error)
    if location[0] == "body":
        return {"pointer": _pointer(location[1:], error, body), "detail": detail}
    name = ".".join(str(part) for part in location[1:])
    return {"in": str(location[0]), "parameter": name, "detail": detail}


def _detail(error: dict[str, Any]) -> str:
    kind, message = error.get("type", ""), str(error.get("msg", _NOT_VALID))
    if kind == "json_invalid":
        return f"not JSON: {error.get('ctx', {}).get('error', 'syntax error')} at character {error['loc'][-1]}"
    if kind == "string_pattern_mismatch" and (words := _words.get(error["ctx"]["pattern"])):
        return words
    if kind == "union_tag_invalid":
        return f"one of {error['ctx']['expected_tags']}"
    if kind == "union_tag_not_found":
        return "Field required"
    if kind in {"value_error", "assertion_error"}:
        message = message.partition(", ")[2] or _NOT_VALID
    # Messages of validators and of tagged unions may quote the input.
    return _NOT_VALID if kind not in _NEVER_QUOTING and _quotes(message, error.get("input")) else message


def _quotes(message: str, value: Any) -> bool:
    """Whether a text or number of the input, three characters or longer, occurs in the message."""
    waiting, seen = [value], 0
    while waiting and seen < _LEAVES_MAX:
        item = waiting.pop()
        seen += 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, str | int | float) and not isinstance(item, bool):
            text = str(item)
            within = repr(item)[1:-1] if isinstance(item, str) else text
            if len(text) >= 3 and (text in message or within in message):
                return True
    return bool(waiting)


def _pointer(parts: Sequence[Any], error: dict[str, Any], body: Any) -> str:
    """Names what the client sent: labels of union members, which pydantic puts into locations, are left out."""
    if error.get("type") == "json_invalid":
        return "#"
    kept: list[str] = []
    here = body
    for part in parts:
        below, present = _step(here, part)
        absent_leaf = part is parts[-1] and error.get("type") == "missing"
        if not present and body is not None and not absent_leaf:
            continue
        here = below
        kept.append(str(part).replace("~", "~0").replace("/", "~1"))
    if error.get("type") in {"union_tag_invalid", "union_tag_not_found"}:
        kept.append(error["ctx"]["discriminator"].strip("'"))
    return "#" + "".join("/" + part for part in kept)


def _step(value: Any, part: Any) -> tuple[Any, bool]:
    if isinstance(value, dict) and part in value:
        return value[part], True
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part], True
    return None, False
