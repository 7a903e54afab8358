"""Which addresses a customer's URL may lead to.

Customers choose the URLs that the gateway calls. Without this guard such a URL could reach whatever the
gateway's host can reach: its own services, the operator's network, a cloud's metadata address (server-side
request forgery). The check is made on the addresses a name resolved to, and exactly those are connected to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Resolver = Callable[[str, int], Awaitable[list[str]]]

# Where a NAT64 gateway translates: the last 32 bits are an IPv4 destination (RFC 6052 section 2.1).
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """The URL leads to an address that is not on the public Internet.

    `literal` is true when the address stands in the URL itself, so that no change in the DNS can help.
    """

    def __init__(self, host: str, address: str) -> None:
        self.literal = host == address
        text = f"{address} is not a public address"
        super().__init__(text if self.literal else f"{host} resolves to {address}: {text}")


def is_public(address: str) -> bool:
    """Whether an IP address in text form belongs to the public Internet.

    False for private, loopback, link-local, shared, multicast, unspecified and reserved addresses, for
    IPv4-mapped ones, and for tunnel addresses (6to4, Teredo, NAT64) that carry such an IPv4 address.
    Raises ValueError when it is no address.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None or ip.is_site_local:
            return False
        if ip in _NAT64:
            return _is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
        inner = ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None and not _is_public(inner):
            return False
    return _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses the system knows for a name, in the order to try them. Raises `socket.gaierror`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressGuard:
    """Resolves names to the addresses that may be connected to."""

    def __init__(self, *, allow_private: bool = False, resolver: Resolver = system_resolver) -> None:
        self._allow_private = allow_private
        self._resolver = resolver

    async def addresses(self, host: str, port: int) -> list[str]:
        """At least one address, as text. Raises `AddressRefused`, or OSError when there is none."""
        found = await self._resolver(host, port)
        if not found:
            raise OSError(f"the name {host} has no address")
        if self._allow_private:
            return found
        public = [address for address in found if is_public(address)]
        if not public:
            raise AddressRefused(host, found[0])
        return public
