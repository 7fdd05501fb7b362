"""The commands beside this folder: ``stack/up``, ``stack/down``, ``stack/status``, ``stack/env``, ``stack/kill``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from . import packages, process, settings
from .cassandra import Cassandra
from .elasticsearch import Elasticsearch
from .kafka import Kafka
from .postgres import Postgres
from .redis import Redis
from .server import Server
from .settings import Failure

SERVERS: dict[str, Server] = {
    server.name: server for server in (Postgres(), Kafka(), Redis(), Elasticsearch(), Cassandra())
}

MIB = 1 << 20


def up() -> None:
    """Starts the servers and waits until each answers."""
    servers = _servers(_parser("up", up))

    def work() -> bool:
        settings.compiler()  # a wrong one is told before anything is fetched
        packages.ensure([server for server in servers if not server.running()])
        return _all(servers, lambda server: f"{server.up()}, {server.export()[1]}")

    _finish(work)


def down() -> None:
    """Stops the servers; their data stays."""
    servers = _servers(_parser("down", down))
    _finish(lambda: _all(servers, lambda server: server.down()))


def kill() -> None:
    """Ends servers as a crash would, with SIGKILL; stack/up starts them again."""
    servers = _servers(_parser("kill", kill), at_least="+")
    _finish(lambda: _all(servers, lambda server: server.kill()))


def status() -> None:
    """Shows which servers are up; exits with 1 unless all of them are."""
    parser = _parser("status", status)
    parser.add_argument("--json", action="store_true", help="for programs")
    arguments = _arguments(parser)
    servers = [SERVERS[name] for name in arguments.servers or SERVERS]

    def work() -> bool:
        with ThreadPoolExecutor(len(servers)) as pool:
            states = dict(zip((server.name for server in servers), pool.map(_state, servers), strict=True))
        if arguments.json:
            print(json.dumps(states, indent=2))
        else:
            for name, state in states.items():
                print(_line(name, state))
        return all(state["state"] == "up" for state in states.values())

    _finish(work)


def env() -> None:
    """Prints the variables that point Kontor at the servers that run: eval "$(stack/env)"."""
    servers = _servers(_parser("env", env))

    def work() -> bool:
        for server in servers:
            if not server.running():
                print(f"# {server.name} is down")
                continue
            for variable, value in server.exports():
                print(f"export {variable}={shlex.quote(value)}")
        return True

    _finish(work)


def _state(server: Server) -> dict[str, str | int]:
    running = server.running()
    if not running:
        return {"state": "down", "log": str(server.log)}
    return {
        "state": "up" if server.answers() else "silent",
        "pid": running.pid,
        "port": running.ports[server.name],
        "address": server.export()[1],
        "rss_mib": process.resident(running.pid) // MIB,
        "log": str(server.log),
    }


def _line(name: str, state: dict[str, str | int]) -> str:
    if state["state"] == "down":
        return f"{name:14} down"
    word = "up" if state["state"] == "up" else "running but not answering"
    return f"{name:14} {word}, {state['address']}, pid {state['pid']}, {state['rss_mib']} MiB, log {state['log']}"


def _all(servers: Sequence[Server], action: Callable[[Server], str]) -> bool:
    """Does it for all servers at once and tells of each as soon as it is done; whether all went well."""

    def one(server: Server) -> bool:
        try:
            print(f"{server.name:14} {action(server)}", flush=True)
        except Failure as failure:
            _tell(f"{server.name:14} failed: ", failure)
            return False
        return True

    pool = ThreadPoolExecutor(len(servers))  # without ``with``, which would make Ctrl-C wait for all of them
    return all(list(pool.map(one, servers)))


def _tell(head: str, failure: Failure) -> None:
    said = "".join(f"\n    | {line}" for line in failure.said.splitlines())
    advice = f"\n    to do: {failure.advice}" if failure.advice else ""
    print(f"{head}{failure.problem}{said}{advice}", file=sys.stderr, flush=True)


def _parser(name: str, command: Callable[[], None]) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"stack/{name}", description=command.__doc__)


def _arguments(parser: argparse.ArgumentParser, at_least: str = "*") -> argparse.Namespace:
    known = ", ".join(SERVERS)
    parser.add_argument("servers", nargs=at_least, metavar="SERVER", help=f"{known}; all of them when none is named")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.servers if name not in SERVERS]:
        parser.error(f"there is no server {', '.join(unknown)}, only {known}")
    return arguments


def _servers(parser: argparse.ArgumentParser, at_least: str = "*") -> list[Server]:
    names = dict.fromkeys(_arguments(parser, at_least).servers or SERVERS)
    return [SERVERS[name] for name in names]


def _finish(work: Callable[[], bool]) -> None:
    try:
        code = 0 if work() else 1
    except Failure as failure:
        _tell("failed: ", failure)
        code = 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; stack/status shows what runs\n")
        sys.stderr.flush()
        os._exit(130)  # without waiting for the threads
    sys.exit(code)
