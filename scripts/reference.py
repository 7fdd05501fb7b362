"""The reference pages of the documentation site, made from the code while the site is built (a hook of mkdocs.yml).

Nothing of it is kept in the repository, so it cannot be out of date. The papers that lie beside the sources
(ARCHITECTURE.md, DECISIONS.md, CHANGELOG.md) become pages as well.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from commands.routes import DECIDERS
from domain.decider import Command
from domain.stored.codec import EVENTS
from kontor.cli import app
from kontor.settings import Settings
from readapi.edge.problems import PROBLEMS, TYPE_BASE

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("commands", "kontor", "readapi", "streams", "writeapi")
PAPERS = ("ARCHITECTURE.md", "DECISIONS.md", "CHANGELOG.md")
LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    for paper in PAPERS:
        files.append(File.generated(config, paper.lower(), content=(ROOT / paper).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Links to what is no page, such as a test or a server's README, lose their target and keep their words."""

    def kept(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        path, hash_, anchor = target.partition("#")
        inside = path.removeprefix("../").removeprefix("docs/")
        inside = inside.lower() if inside in PAPERS else inside
        where = files.get_file_from_path(str(Path(page.file.src_uri).parent / path)) and path
        if not where and files.get_file_from_path(inside):
            where = "../" * page.file.src_uri.count("/") + inside
        return f"[{words}]({where}{hash_}{anchor})" if where else words

    return LINK.sub(kept, markdown)


# pages


def events() -> str:
    """By aggregate, as they are stored."""
    lines = [
        "# Events",
        "",
        "What the log holds. The number after `@` is the version of the shape that is written today; older ones are",
        "lifted when they are read ([how](../howto/event-shapes.md)). Times are milliseconds since 1970, amounts minor",
        "units.",
    ]
    for aggregate, names in groupby(sorted(EVENTS), key=lambda name: name.partition(".")[0]):
        lines += ["", f"## {aggregate}"]
        for name in names:
            version, kind = EVENTS[name]
            lines += ["", f"### `{name}@{version}`", "", *_told(kind), *_fields(kind)]
    return _page(lines)


def commands() -> str:
    """By aggregate: what it can be asked to do."""
    lines = [
        "# Commands",
        "",
        "What aggregates decide about. The first field is the id of the aggregate that is addressed.",
        "",
        "| aggregate | ids begin with |",
        "|---|---|",
        *(
            f"| {decider.name} | `{prefix}_` |"
            for prefix, decider in sorted(DECIDERS.items(), key=lambda at: at[1].name)
        ),
    ]
    kinds = sorted(_below(Command), key=lambda kind: (kind.__module__, kind.__name__))
    for module, members in groupby(kinds, key=lambda kind: kind.__module__):
        lines += ["", f"## {module.rpartition('.')[2]}"]
        for kind in members:
            lines += ["", f"### `{kind.__name__}`", "", *_told(kind), *_fields(kind)]
    return _page(lines)


def settings() -> str:
    lines = [
        "# Settings",
        "",
        "Each is a variable of the environment, or a line of `kontor.toml` in lower case and without `KONTOR_`.",
        "`kontor config` prints what is in force and where it comes from.",
        "",
        "| variable | what it is | default |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{_cell(str(field.default))}`"
        lines.append(f"| `KONTOR_{name.upper()}` | {_cell(field.description or '')} | {default} |")
    return _page(lines)


def problems() -> str:
    lines = [
        "# Problem codes",
        "",
        "Errors are `application/problem+json` (RFC 9457): `code` is one of these, and",
        f"`type` is `{TYPE_BASE}` and the code. Where a pause is named, trying again after so many",
        "seconds may help; elsewhere it does not.",
        "",
        "| code | status | what it says | try again after |",
        "|---|---|---|---|",
    ]
    for code, (status, title, retry_after) in sorted(PROBLEMS.items(), key=lambda at: (at[1].status, at[0])):
        lines.append(f"| `{code}` | {status} | {title} | {'' if retry_after is None else f'{retry_after} s'} |")
    return _page(lines)


def metrics() -> str:
    lines = [
        "# Metrics",
        "",
        "At `/metrics` of the services and of the gateway, and on `KONTOR_METRICS_PORT` of relay and workers. Counters",
        "end in `_total` there.",
        "",
        "| name | what it tells |",
        "|---|---|",
        *(f"| `{name}` | {_cell(about)} |" for name, about in sorted(dict(_measured()).items())),
    ]
    return _page(lines)


def command_line() -> str:
    lines = ["# Command line", ""]
    lines += _usage(typer.main.get_command(app), "kontor", level=2)
    return _page(lines)


PAGES: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "commands": commands,
    "events": events,
    "metrics": metrics,
    "problems": problems,
    "settings": settings,
}


def _page(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _told(kind: type) -> list[str]:
    """What its own docstring says."""
    own = kind.__dict__.get("__doc__")
    return [inspect.cleandoc(own), ""] if own else []


def _fields(kind: type) -> list[str]:
    """Inherited ones first."""
    known: dict[str, Any] = {}
    for ancestor in reversed(kind.__mro__):
        known |= inspect.get_annotations(ancestor)
    names: Sequence[str] = getattr(kind, "__struct_fields__", ())
    return [", ".join(f"`{name}`: {_cell(str(known.get(name, '')))}" for name in names)] if names else []


def _below(kind: type) -> Iterator[type]:
    below: list[type] = kind.__subclasses__()
    for one in below:
        if one.__module__.startswith("domain."):
            yield one
        yield from _below(one)


def _measured() -> Iterator[tuple[str, str]]:
    """Every call that is given the name of a metric, and then what it is about."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                said = [getattr(arg, "value", None) for arg in node.args] if isinstance(node, ast.Call) else []
                for name, about in pairwise(said):  # where a registry comes first, too
                    if isinstance(name, str) and name.startswith("kontor_") and isinstance(about, str):
                        yield name, about


def _usage(command: Any, name: str, level: int) -> Iterable[str]:
    """Groups are told by their members."""
    context = typer.Context(command, info_name=name)
    if not hasattr(command, "list_commands"):
        yield from (f"{'#' * level} {name}", "", "```text", command.get_help(context), "```", "")
        return
    for child in command.list_commands(context):
        yield from _usage(command.get_command(context, child), f"{name} {child}", level)
