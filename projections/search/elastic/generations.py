"""The indices behind one alias: each rebuild makes a new one, and the alias moves when it is whole.

A rebuild by the writer itself deletes what it replaces. One that somebody makes beside him keeps it, under an alias
that says so, and lets him find out.

The alias carries the version of the mapping, so processes of two versions each have an index while one replaces the
other. Writes go through an alias of each generation's own, and only if that alias is there: a server that is asked to
write into an index that is gone would otherwise make one up.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from projections.search.elastic import mapping
from projections.search.elastic.server import Refused, Server
from projections.search.port import Walk


class Current(NamedTuple):
    """The index that searches see, and the position it has reached."""

    name: str
    position: int
    commit: int
    """Of each commit another number, also of several that reach the same position."""
    walk: Walk | None = None
    """How far it was filled, while it is."""


class Generations:
    def __init__(self, server: Server, name: str) -> None:
        self.alias = f"{name}-v{mapping.VERSION}"
        self._kept = f"{self.alias}-kept"
        self._server = server
        self._numbered = re.compile(re.escape(self.alias) + r"-(\d{6,})")

    def current(self) -> Current | None:
        """None if there is no index, or one that is not ours."""
        found = self._server.get(f"/{self.alias}/_doc/{mapping.STATE_ID}")
        return self._ours(found)

    def of(self, index: str) -> Current | None:
        """The same of one generation."""
        return self._ours(self._server.get(f"/{index}/_doc/{mapping.STATE_ID}"))

    def kept(self) -> Current | None:
        """What was shown before the one that is shown."""
        return self._ours(self._server.get(f"/{self._kept}/_doc/{mapping.STATE_ID}"))

    def unfinished(self, code: str) -> Current | None:
        """The newest one that nobody sees yet and that this code (``Walk``) had begun to fill."""
        for index in sorted(filter(self._numbered.fullmatch, self._existing()), reverse=True):
            found = self.of(index)
            if found is not None and found.position == 0 and found.walk is not None and found.walk.code == code:
                return found
        return None

    def _ours(self, found: Any) -> Current | None:
        if (
            not found
            or found["_source"].get("version") != mapping.VERSION
            or not self._numbered.fullmatch(found["_index"])
        ):
            return None
        state = found["_source"]
        walk = Walk(*state["walk"]["at"]) if "walk" in state else None
        return Current(found["_index"], state["position"], found["_seq_no"], walk)

    def create(self) -> Current:
        """An empty index that nobody sees yet."""
        numbers = [int(match[1]) for match in map(self._numbered.fullmatch, self._existing()) if match]
        index = f"{self.alias}-{max(numbers, default=0) + 1:06}"
        self._server.once(
            "PUT",
            f"/{index}",
            {
                "settings": mapping.index_settings(),
                "mappings": mapping.mappings(),
                "aliases": {write_alias(index): {"is_hidden": True}},
            },
        )
        return self.reach(index, 0)

    def reach(self, index: str, position: int, walk: Walk | None = None) -> Current:
        """Stores the position. Raises Refused if it is behind the one that is there."""
        state: dict[str, Any] = {"kind": mapping.STATE, "version": mapping.VERSION, "position": position}
        if walk is not None:
            state["walk"] = {"at": walk}
        params = {"version": position, "version_type": "external_gte", "require_alias": "true"}
        told = self._server.write("PUT", f"/{write_alias(index)}/_doc/{mapping.STATE_ID}", state, **params)
        return Current(index, position, told["_seq_no"], walk)

    def show(self, index: str) -> None:
        """Lets the alias point at this index alone, in one step, and deletes the generations before it."""
        others = [other for other in self._existing() if other != index]
        actions: list[dict[str, Any]] = [{"remove_index": {"index": other}} for other in others]
        actions.append({"add": {"index": index, "alias": self.alias}})
        self._server.write("POST", "/_aliases", {"actions": actions})

    def exchange(self, index: str) -> None:
        """The same, and what was shown is kept. In one step as well."""
        shown = self.current()
        others = [other for other in self._existing() if other != index and (shown is None or other != shown.name)]
        actions: list[dict[str, Any]] = [{"remove_index": {"index": other}} for other in others]
        if shown is not None and shown.name != index:
            actions.append({"remove": {"index": shown.name, "alias": self.alias}})
            actions.append({"add": {"index": shown.name, "alias": self._kept, "is_hidden": True}})
        actions.append({"remove": {"index": index, "alias": self._kept, "must_exist": False}})
        actions.append({"add": {"index": index, "alias": self.alias}})
        self._server.write("POST", "/_aliases", {"actions": actions})

    def delete(self, index: str) -> None:
        self._server.once("DELETE", f"/{index}", None)

    def drop(self) -> int:
        """Deletes every generation of this version, however far it is, the kept one too; how many there were."""
        existing = self._existing()
        for index in existing:
            self._server.write("DELETE", f"/{index}", ignore_unavailable="true")
        return len(existing)

    def _existing(self) -> list[str]:
        """Every generation, and an index that somebody made under the alias's own name."""
        found = self._server.get(
            f"/{self.alias},{self.alias}-*/_alias", ignore_unavailable="true", expand_wildcards="all"
        )
        return [name for name in found or () if name == self.alias or self._numbered.fullmatch(name)]


def write_alias(index: str) -> str:
    return f"{index}-write"


def is_missing(refused: Refused) -> bool:
    """Whether it was refused because the index is not there."""
    return refused.status == 404 and refused.kind in ("index_not_found_exception", "alias_not_found_exception")
