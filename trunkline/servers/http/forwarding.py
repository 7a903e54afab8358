"""Requests that came through a proxy: whose they are, and whether they were encrypted up to there.

X-Forwarded-For and X-Forwarded-Proto are a client's to write as well as a proxy's. They count only where the
other end of the connection is a proxy that the settings name, and of a list of addresses only what trusted
proxies have added.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from trunkline.servers.http.exchange import Application, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SCHEMES = {"http": {"http": "http", "websocket": "ws"}, "https": {"http": "https", "websocket": "wss"}}


def read_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas. Raises `ValueError` where one is neither."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class ForwardedRequests:
    """Puts the client's address and scheme in the place of a trusted proxy's, before the application."""

    def __init__(self, application: Application, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or websocket."""
        client = scope.get("client")
        peer = _address(client[0]) if client else None
        if peer is not None and self._trusts(peer):
            self._believe(scope, peer)
        await self._application(scope, receive, send)

    def _believe(self, scope: Scope, peer: Address) -> None:
        path: list[str] = []  # the client first, the proxy before us last
        scheme = ""
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                path += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto":
                scheme = value.decode("latin-1").split(",")[-1].strip().lower()
        if scheme in _SCHEMES:
            scope["scheme"] = _SCHEMES[scheme][scope["type"]]
        client = peer
        for each in reversed(path):
            said = _address(each.strip())
            if said is None:
                break  # no address: what stands before it was not written by a proxy of ours
            client = said
            if not self._trusts(said):
                break
        scope["client"] = (str(client), 0 if client is not peer else scope["client"][1])

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    """An address as proxies write it, perhaps with a port; None for what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
