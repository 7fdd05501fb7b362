"""Webhooks never lead into the house: judged by URL, and by the address that is connected to."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from domain.errors import Invalid
from streams.outgoing.addresses import PrivateAddress, is_public, public_socket, require_receiver, sockets
from tests.receiver import receiving

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::2",
    "feff::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "nonsense",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_the_house(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/kontor",
        "ftp://hooks.example/kontor",
        "hooks.example/kontor",
        "https://",
        "https:///kontor",
        "https://ada:secret@hooks.example/",
        "https://localhost/",
        "https://kontor.internal/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fec0::2]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://hooks.example:99999/",
        "https://[hooks/",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_receiver(url, private=False)
    assert refused.value.pointer == "/url"


def test_urls_that_are_taken() -> None:
    require_receiver("https://hooks.example/kontor?tenant=7", private=False)
    require_receiver("https://1.1.1.1:8443/", private=False)
    require_receiver("http://127.0.0.1:8000/hook", private=True)
    with pytest.raises(Invalid):
        require_receiver("file:///etc/passwd", private=True)


def test_a_socket_is_made_for_public_addresses_only() -> None:
    made = public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443)))
    made.close()
    with pytest.raises(PrivateAddress):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))
    assert sockets(private=True) is None


class Lying(aiohttp.abc.AbstractResolver):
    """A name server whose public name leads into the house."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 6, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("host", ["hooks.example", "127.0.0.1"])
async def test_a_name_that_leads_into_the_house_is_not_connected_to(host: str) -> None:
    async with receiving() as receiver:
        connector = aiohttp.TCPConnector(resolver=Lying(), use_dns_cache=False, socket_factory=public_socket)
        async with aiohttp.ClientSession(connector=connector) as http:
            with pytest.raises(aiohttp.ClientConnectorError) as refused:
                await http.post(receiver.url.replace("127.0.0.1", host))
    assert isinstance(refused.value.os_error, PrivateAddress)
    assert receiver.calls == []
