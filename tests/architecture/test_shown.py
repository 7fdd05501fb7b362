"""What papers show and nobody types (tests/architecture/test_docs.py types the rest).

Commands are ones that the program takes, requests ones that the API takes, programs and data well-formed.
"""

from __future__ import annotations

import csv
import json
import re
import time
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_command

from domain.sellers.feedterms import FeedTerms
from kontor.cli import app
from kontor.settings import Settings
from streams.gateways.signatures import Signer
from streams.merchantfeeds.columns import Columns
from tests.architecture.commandlines import check_bench, check_kontor
from tests.architecture.papers import PAPERS, Block, all_blocks, text_of
from tests.architecture.shell import commands, typed
from tests.architecture.sources import ROOT
from tests.e2e.house import in_process

RUN = {"sh run", "python run"}
OF_OTHERS = {"cd", "tar", "openssl", "sqlite3", "py-spy", "id"}
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SERVICES = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
VALUED = {"--volume", "--user", "--entrypoint"}
"""Options of ``docker compose run`` whose value is the next word."""
REQUEST = re.compile(r"(GET|PUT|POST|PATCH|DELETE) (/\S*)")
FILE = re.compile(r"^[\w/.-]+\.(gz|ndjson|json|py)$")
INLINE = re.compile(r"`(kontor [^`]+)`")


# commands


def check_make(words: list[str]) -> None:
    assert {word for word in words if "=" not in word} <= TARGETS


def check_compose(words: list[str]) -> None:
    assert words.pop(0) == "compose"
    verb = words.pop(0)
    options: dict[str, str] = {}
    while words and words[0].startswith("-"):
        option = words.pop(0)
        options[option] = words.pop(0) if option in VALUED else ""
    if verb != "run":
        assert verb in ("up", "build")
        assert set(words) <= SERVICES
        return
    assert words.pop(0) in SERVICES
    if "--entrypoint" not in options:
        check_kontor(words)


def check_curl(words: list[str]) -> None:
    """Its address is held to the API below."""
    assert any(word.startswith("http://") for word in words)


def check_python(words: list[str]) -> None:
    assert (ROOT / words[0]).is_file()


def check_stack(words: list[str]) -> None:
    assert not words


def check_export(words: list[str]) -> None:
    named = {word.partition("=")[0] for word in words}
    assert named <= {f"KONTOR_{name.upper()}" for name in Settings.model_fields}


def check_eval(words: list[str]) -> None:
    [path] = words
    assert (ROOT / path.removeprefix("$(").removesuffix(")")).is_file()


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "kontor": check_kontor,
    "make": check_make,
    "docker": check_compose,
    "curl": check_curl,
    "python": check_python,
    "stack/up": check_stack,
    "export": check_export,
    "eval": check_eval,
}


def check_commands(text: str) -> None:
    """In a folder that has the files which are named."""
    found = list(commands(text))
    assert found
    for name, *words in found:
        if name not in OF_OTHERS:
            for file in filter(FILE.search, words):
                if not file.startswith("/"):
                    Path(file).parent.mkdir(parents=True, exist_ok=True)
                    Path(file).touch()
            assert name in CHECKS, f"nobody knows {name!r}"
            CHECKS[name](words)


# everything else


def check_json(text: str) -> None:
    assert json.loads(text)


def check_yaml(text: str) -> None:
    assert yaml.safe_load(text)


def check_copy(text: str) -> None:
    """Of a program that has a test of its own."""
    examples = [file.read_text(encoding="utf-8").strip() for file in (ROOT / "docs/examples").glob("*.py")]
    assert text.strip() in examples


def check_css(text: str) -> None:
    named = set(re.findall(r"--[\w-]+", text))
    styles = "".join(file.read_text() for file in (ROOT / "readapi/storefront/static").glob("*.css"))
    assert named
    assert named <= set(re.findall(r"(--[\w-]+):", styles))


def check_table(text: str) -> None:
    """A file of products as feeds read it."""
    head, *rows = csv.reader(text.splitlines())
    columns = Columns(FeedTerms("products", "file:shown", "csv"), head, "USD")
    assert rows
    assert all(len(row) == len(head) and columns.row(row)["title"] for row in rows)


def check_request(text: str) -> None:
    """What it asks for is held to the API below."""
    assert REQUEST.match(text)


KINDS: dict[str, Callable[[str], None]] = {
    "sh": check_commands,
    "console": lambda text: check_commands(typed(text)),
    "json": check_json,
    "yaml": check_yaml,
    "python": check_copy,
    "css": check_css,
    "csv": check_table,
    "": check_request,
}
SHOWN = [block for block in all_blocks() if block.kind not in RUN]


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_what_a_paper_shows_is_so(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert block.kind in KINDS, f"nobody checks blocks of the kind {block.kind!r}"
    KINDS[block.kind](block.text)


@pytest.mark.parametrize("paper", PAPERS)
def test_commands_within_sentences_are_so(paper: str) -> None:
    for line in INLINE.findall(text_of(paper)):
        for command in commands(line):
            check_known(command[1:])


def check_known(words: list[str]) -> None:
    """Names and options; arguments may be left out, or be several at once as in ``write|read``."""
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    if command.name == "bench" and words:
        check_bench(words)
        return
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}, f"{command.name} has no {used - known}"
    if hasattr(command, "commands"):
        assert all(name in command.commands for word in words[:1] for name in word.split("|")), words


# requests


@cache
def pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile(
        "".join({"{path}": ".+"}.get(part, "[^/]+") if "{" in part else re.escape(part) for part in parts) + "$"
    )


class Api:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """Raises AssertionError. A literal path wins over one with parameters."""
        fitting = [template for template in self._document["paths"] if pattern(template).match(path)]
        assert fitting, f"there is no {path}"
        found: dict[str, Any] = self._document["paths"][min(fitting, key=lambda template: template.count("{"))]
        assert method.lower() in found, f"{path} takes no {method}"
        operation: dict[str, Any] = found[method.lower()]
        return operation

    def check(self, method: str, address: str, body: str = "") -> None:
        parts = urlsplit(address)
        operation = self.operation(method, parts.path)
        known = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
        assert set(parse_qs(parts.query, keep_blank_values=True)) <= known
        if body:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            Draft202012Validator({**schema, "components": self._document["components"]}).validate(json.loads(body))


async def test_requests_are_such_as_the_api_takes(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        api = Api(house.app.openapi())
    for block in SHOWN:
        if block.kind == "":
            asked = block.text.split("\n\n")[0]  # what comes behind is an answer
            requests = list(REQUEST.finditer(asked))
            for request in requests:
                last = request is requests[-1]
                api.check(request[1], request[2], asked[request.end() :].strip() if last else "")
        if block.kind == "sh":
            for words in commands(block.text):
                for word in words:
                    if words[0] == "curl" and word.startswith("http://"):
                        api.check("GET", word)


def test_the_program_that_the_webhooks_page_shows_knows_what_kontor_sends() -> None:
    shown: dict[str, Any] = {}
    for block in all_blocks():
        if block.paper == "docs/webhooks.md" and block.kind == "python run":
            exec(block.text, shown)
    known, now, secret = shown["is_from_kontor"], int(time.time()), "whsec_" + b64encode(b"k" * 24).decode()
    headers = Signer(secret).headers("ord_1/3", now, b"{}")
    assert known(secret, headers, b"{}")
    assert known(secret, headers | {"webhook-signature": f"v1,x {headers['webhook-signature']}"}, b"{}")
    assert not known(secret, headers, b"{ }")
    assert not known(secret, Signer(secret).headers("ord_1/3", now - 400, b"{}"), b"{}")
