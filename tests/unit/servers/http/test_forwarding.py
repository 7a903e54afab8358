"""Who came through a proxy, and how: headers that count, and those that anybody may have written."""

from typing import Any

import pytest

from trunkline.servers.http.forwarding import ForwardedRequests, read_networks

TRUSTED = read_networks("127.0.0.1, 10.0.0.0/8,::1")


async def seen(peer: str | None, *headers: tuple[str, str], kind: str = "http") -> tuple[str | None, str]:
    """Address and scheme as the application sees them."""
    found: list[Any] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        found.append((scope["client"] and scope["client"][0], scope["scheme"]))

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    scope = {
        "type": kind,
        "scheme": "http" if kind == "http" else "ws",
        "client": None if peer is None else (peer, 4000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    await ForwardedRequests(application, TRUSTED)(scope, nothing, nothing)
    [only] = found
    return only  # type: ignore[no-any-return]


FOR = "x-forwarded-for"
PROTO = "x-forwarded-proto"


@pytest.mark.parametrize("peer", ["192.0.2.9", "11.0.0.1", "testclient", None])
async def test_strangers_are_not_believed(peer: str | None) -> None:
    assert await seen(peer, (FOR, "198.51.100.7"), (PROTO, "https")) == (peer, "http")


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.200.3.4", "::1", "::ffff:10.0.0.1"])
async def test_proxies_that_are_named_are(peer: str) -> None:
    assert await seen(peer, (FOR, "198.51.100.7"), (PROTO, "https")) == ("198.51.100.7", "https")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (("203.0.113.66, 198.51.100.7",), "198.51.100.7"),  # the client wrote the first itself
        (("203.0.113.66", "198.51.100.7, 10.1.1.1"), "198.51.100.7"),  # through two proxies, on two lines
        (("127.0.0.1, 198.51.100.7",), "198.51.100.7"),
        (("10.1.1.1, 10.2.2.2",), "10.1.1.1"),  # a proxy itself asks
        (("198.51.100.7:51234",), "198.51.100.7"),
        (("[2001:db8::7]:51234",), "2001:db8::7"),
        (("2001:db8::7",), "2001:db8::7"),
        (("::ffff:198.51.100.7",), "198.51.100.7"),
        (("unknown",), "127.0.0.1"),
        (("198.51.100.7, <script>",), "127.0.0.1"),
        (("",), "127.0.0.1"),
        ((), "127.0.0.1"),
    ],
)
async def test_of_several_addresses_the_last_that_is_no_proxy_counts(
    chain: tuple[str, ...], client: str
) -> None:
    assert (await seen("127.0.0.1", *((FOR, each) for each in chain)))[0] == client


@pytest.mark.parametrize(
    ("said", "kind", "scheme"),
    [
        ("https", "http", "https"),
        ("HTTPS", "http", "https"),
        ("http, https", "http", "https"),
        ("http", "http", "http"),
        ("https", "websocket", "wss"),
        ("http", "websocket", "ws"),
        ("gopher", "http", "http"),
        ("", "http", "http"),
    ],
)
async def test_the_scheme(said: str, kind: str, scheme: str) -> None:
    assert (await seen("127.0.0.1", (PROTO, said), kind=kind))[1] == scheme


async def test_the_port_stays_with_its_address() -> None:
    assert await seen("127.0.0.1", (PROTO, "https")) == ("127.0.0.1", "https")
