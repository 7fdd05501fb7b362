"""Where webhooks may go: never into the network that this process stands in, unless that is allowed.

A name is looked up for each connection, and what is judged is the address that is then connected to, at the socket: a
name that changes its mind between look-up and connection gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from domain.errors import Invalid

NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(OSError):
    """The connection would lead into a private network."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet at large. False for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:  # of which Python says that it is global; virtual machines reach their host by one
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def public_socket(address: tuple[Any, ...]) -> socket.socket:
    """For a connector's ``socket_factory``: a socket for an address that was looked up. Raises PrivateAddress."""
    family, kind, protocol, _, place = address
    if not is_public(str(place[0])):
        raise PrivateAddress("leads to a private address")
    return socket.socket(family, kind, protocol)


def sockets(private: bool) -> Callable[[tuple[Any, ...]], socket.socket] | None:
    """What makes the sockets of a connector; None for the connector's own."""
    return None if private else public_socket


def require_receiver(url: str, private: bool, pointer: str = "/url", purpose: str = "webhooks are sent to") -> None:
    """What can be said of a URL without looking anything up. Raises Invalid, in a sentence that begins with
    ``purpose``."""
    try:
        parsed = urlsplit(url)
        host, port = parsed.hostname, parsed.port
    except ValueError:
        raise Invalid("not a URL", pointer) from None
    if parsed.scheme not in ("https", "http") or (parsed.scheme == "http" and not private):
        raise Invalid(f"{purpose} https:// only", pointer)
    if not host or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("not a URL that names a host, in ASCII", pointer)
    if parsed.username is not None or parsed.password is not None:
        raise Invalid("a URL with a password in it is not kept", pointer)
    local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if not private and (local or (_is_address(host) and not is_public(host))):
        raise Invalid(f"the address is private; {purpose} public ones only", pointer)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
