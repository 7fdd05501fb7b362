"""deploy/nginx.conf, held to the routes of both services: each request goes where it is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kontor.serving.running import PORTS, build_app
from kontor.settings import Settings
from readapi.edge.positions import WAIT_MAX
from tests.deploy.composed import ROOT, SERVICES
from tests.e2e.house import in_process

CONF = (ROOT / "deploy" / "nginx.conf").read_text()
HIDDEN = {"/livez", "/readyz", "/metrics"}


def mapped(variable: str) -> dict[str, str]:
    """The cases of ``map … $variable``."""
    found = re.search(rf"map \$\w+ \${variable} {{(.*?)}}", CONF, re.DOTALL)
    assert found is not None
    return dict(line.rstrip(";").split() for line in map(str.strip, found[1].splitlines()) if line)


def service(method: str, path: str) -> str:
    asked, by_path = mapped("asked"), mapped("service")
    chosen = by_path.get(path, by_path["default"])
    return (asked.get(method, asked["default"]) if chosen == "$asked" else chosen).partition(":")[0]


async def test_every_route_is_asked_of_a_service_that_has_it(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        apps = {name: build_app(name, house.services, Settings(data=tmp_path / "data")) for name in ("write", "read")}
        routes = {
            name: {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
            for name, app in apps.items()
        }
    write, read = routes["write"], routes["read"]
    assert {("GET", "/api/products/{product_id}"), ("GET", "/api/cart")} <= read
    assert ("POST", "/api/orders") in write
    astray = [(method, path) for method, path in write | read if (method, path) not in routes[service(method, path)]]
    assert astray == []


def test_both_services_are_where_it_looks_for_them() -> None:
    found = {one for case in ("asked", "service") for one in mapped(case).values() if ":" in one}
    assert found == {f"{name}:{PORTS[name]}" for name in ("write", "read")}
    assert SERVICES.keys() >= {"write", "read"}


@pytest.mark.parametrize("path", sorted(HIDDEN))
def test_what_is_for_the_operator_is_passed_to_nobody(path: str) -> None:
    assert re.search(rf"location = {path} +{{ return 404; }}", CONF)


def test_nobody_says_of_themselves_where_they_come_from() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in CONF
    assert "proxy_add_x_forwarded_for" not in CONF


def test_whoever_may_wait_is_waited_for() -> None:
    waits = re.search(r"proxy_read_timeout (\d+)s", CONF)
    assert waits is not None
    assert int(waits[1]) > 2 * WAIT_MAX + 30, "as long as the services take at most, and what was asked to wait for"
