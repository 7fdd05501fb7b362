"""How the pages are served: which addresses, with which headers, and whose files. What they do, a browser tries."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from commands.errors import UnusableLog
from kontor.serving.running import build_app
from kontor.settings import BadSettings, Settings, load
from readapi.storefront import assets
from tests.e2e.house import House, client_of, in_process

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LINES_MAX = 400


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", storefront=True) as house:
        yield house


async def page(http: httpx.AsyncClient, path: str) -> httpx.Response:
    found = await http.get(path, headers=PAGE)
    assert found.status_code == 200, path
    assert found.headers["content-type"].startswith("text/html"), path
    return found


def addresses(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/assets/[^"]+)"', html)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search",
        "/cart",
        "/checkout",
        "/orders",
        "/orders/ord_1",
        "/wishlist",
        "/forgotten-password",
        "/new-password",
        "/new-email",
        "/confirm-email",
    ],
)
async def test_the_shop_is_at_its_addresses(web: House, path: str) -> None:
    assert "shop/main.js" in (await page(web.http, path)).text


@pytest.mark.parametrize("path", ["/console", "/console/money", "/console/orders/ord_1"])
async def test_the_console_is_at_its_addresses(web: House, path: str) -> None:
    assert "console/main.js" in (await page(web.http, path)).text


async def test_programs_find_at_the_root_what_they_found_before(web: House) -> None:
    for accept in ("*/*", "application/json"):
        found = await web.http.get("/", headers={"Accept": accept})
        assert found.json()["links"]["openapi"] == "/openapi.json"
        assert found.headers["vary"] == "Accept"
    assert "Accept" in (await page(web.http, "/")).headers["vary"].split(", ")


async def test_nothing_runs_on_a_page_but_files_of_the_shop(web: House) -> None:
    found = await page(web.http, "/")
    policy = dict(part.split(" ", 1) for part in found.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["connect-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'self'", "'none'", "'none'")
    assert policy["require-trusted-types-for"] == "'script'"
    assert (found.headers["x-content-type-options"], found.headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert not re.search(r"<style|style=|<script(?! type=\"module\" src=)|\son\w+=", found.text)


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_every_file_of_a_page_is_there_and_kept_for_ever(web: House, path: str) -> None:
    named = addresses((await page(web.http, path)).text)
    assert len(named) > 20
    for address in named:
        found = await web.http.get(address)
        assert found.status_code == 200, address
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_modules_import_nothing_that_is_not_served(web: House) -> None:
    files = assets.load().files
    for name, asset in files.items():
        for wanted in re.findall(r'from "([^"]+)"', asset.body.decode()) if name.endswith(".js") else ():
            assert wanted.startswith("."), f"{name} imports {wanted}"
            parts = [*name.split("/")[:-1], *wanted.split("/")]
            path: list[str] = []
            for part in parts:
                path = path[:-1] if part == ".." else path if part == "." else [*path, part]
            assert "/".join(path) in files, f"{name} imports {wanted}"


async def test_a_page_is_asked_for_again_and_not_sent_again(web: House) -> None:
    found = await page(web.http, "/cart")
    again = await web.http.get("/cart", headers={**PAGE, "If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_files_are_sent_packed_to_those_who_can_unpack_them(web: House) -> None:
    [address] = [one for one in addresses((await page(web.http, "/")).text) if one.endswith("shop.css")]
    plain = await web.http.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = await web.http.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 9, mtime=0))


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "shop/none.js", ""])
async def test_nothing_else_is_served(web: House, name: str) -> None:
    version = assets.load().version
    assert (await web.http.get(f"/assets/{version}/{name}")).status_code == 404
    assert (await web.http.get("/assets/000000000000/base.css")).status_code == 404


async def test_without_the_setting_there_are_no_pages(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        assert (await house.http.get("/", headers=PAGE)).headers["content-type"] == "application/json"
        for path in ("/console", "/search", "/assets/1/base.css"):
            assert (await house.http.get(path, headers=PAGE)).status_code == 404


async def test_the_query_service_serves_pages_that_know_where_commands_go(web: House) -> None:
    settings = Settings(data=web.folder, storefront=True, storefront_write_url="https://write.shop.example")
    async with client_of(build_app("read", web.services, settings)) as http:
        found = await page(http, "/")
    assert '<meta name="kontor-write" content="https://write.shop.example">' in found.text
    assert "connect-src 'self' https://write.shop.example;" in found.headers["content-security-policy"]
    async with client_of(build_app("write", web.services, settings)) as http:
        assert (await http.get("/", headers=PAGE)).headers["content-type"] == "application/json"


async def test_a_shop_has_its_own_name_and_files(web: House, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "brand.css").write_text(":root { --accent: #7a1f3d; }")
    settings = Settings(data=web.folder, storefront=True, storefront_name='Nord & "Wald"', storefront_files=own)
    async with client_of(build_app("all", web.services, settings)) as http:
        found = await page(http, "/")
        assert "<title>Nord &amp; &#34;Wald&#34;</title>" in found.text
        [brand] = [address for address in addresses(found.text) if address.endswith("brand.css")]
        assert "#7a1f3d" in (await http.get(brand)).text
        assert assets.load().version not in brand


@pytest.mark.parametrize("name", ["notes.txt", "page.html"])
def test_other_files_are_refused_at_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(assets.UnusableFiles, match=name):
        assets.load(tmp_path)


async def test_a_folder_that_is_none_ends_the_start(web: House, tmp_path: Path) -> None:
    settings = Settings(data=web.folder, storefront=True, storefront_files=tmp_path / "none")
    with pytest.raises(UnusableLog, match="KONTOR_STOREFRONT_FILES"):
        build_app("all", web.services, settings)


@pytest.mark.parametrize(
    "url", ["write.example", "https://a.example/api", "https://a.example; script-src *", "ftp://a"]
)
def test_only_an_origin_can_be_where_commands_go(url: str) -> None:
    with pytest.raises(BadSettings, match="storefront_write_url"):
        load(storefront_write_url=url)


def test_scripts_and_styles_stay_short() -> None:
    names = {name: asset.body.decode().count("\n") for name, asset in assets.load().files.items()}
    assert {name: lines for name, lines in names.items() if lines > LINES_MAX} == {}


def test_no_script_makes_markup_of_text() -> None:
    """The policy forbids it in the browsers that know Trusted Types; here it is forbidden for all."""
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b")
    files = assets.load().files.items()
    assert [name for name, asset in files if name.endswith(".js") and forbidden.search(asset.body.decode())] == []
