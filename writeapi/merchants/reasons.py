"""Why a row is no product, offer or count: in words for whoever has to mend it, with what stands there."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

SHOWN_MAX = 40
"""Characters of a value that a reason repeats."""
_DOUBTFUL = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


def reason_of(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """Reason and JSON pointer of what is to be mended first, with how much else there is."""
    found: list[Any] = list(error.errors(include_url=False))
    # Without a currency that there is, nobody can tell what an amount comes to.
    first = next((one for one in found if one["loc"][-1:] == ("currency",)), found[0])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return _words(first, model) + more, "/" + "/".join(map(str, first["loc"]))


def _words(one: Any, model: type[BaseModel]) -> str:
    kind, message, value = one["type"], str(one["msg"]), one["input"]
    if kind == "missing":
        return "needed, and the row has none"
    if kind == "extra_forbidden" and len(one["loc"]) == 1:
        names = (field.alias or name for name, field in model.model_fields.items())
        return f"there is no such field; there are {', '.join(names)}"
    if isinstance(value, str) and one["loc"][-1:] == ("amount",):
        return _no_price(value)
    if kind == "value_error":
        message = message.removeprefix("Value error, ")
        return f"{_shown(value)}: {message}"
    if message.startswith("Input should be") and (shown := _shown(value)):
        return shown + message.removeprefix("Input")
    return message


def _no_price(text: str) -> str:
    if _DOUBTFUL.fullmatch(text):
        return f"{text!r} may be two prices: say with the feed's decimal what stands before the fraction"
    return f"{text[:SHOWN_MAX]!r} is no price such as 19.99 in its currency, and no number of minor units"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN_MAX else value[:SHOWN_MAX] + "…")
    return str(value) if isinstance(value, int | float) else ""
