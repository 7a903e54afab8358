import socket

import pytest

from trunkline.connectors.address_guard import AddressGuard, AddressRefused, is_public, system_resolver


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2002:0101:0101::1", "64:ff9b::101:101"],
)
def test_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",  # a cloud's metadata
        "100.64.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "2002:7f00:0001::1",  # 6to4 around 127.0.0.1
        "2002:0a00:0001::1",  # 6to4 around 10.0.0.1
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b:1::a00:1",
        "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo of a client at 127.0.0.1
    ],
)
def test_not_public(address):
    assert not is_public(address)


def test_no_address_at_all():
    with pytest.raises(ValueError, match="example"):
        is_public("example.com")


def resolver(*addresses):
    async def resolve(host, port):
        return list(addresses)

    return resolve


async def test_public_ones_of_a_mixed_name_are_kept_in_order():
    guard = AddressGuard(resolver=resolver("1.1.1.1", "10.0.0.1", "::1", "2606:4700:4700::1111"))
    assert await guard.addresses("mixed.example", 80) == ["1.1.1.1", "2606:4700:4700::1111"]


async def test_a_name_for_a_private_address_is_refused():
    guard = AddressGuard(resolver=resolver("10.0.0.1"))
    with pytest.raises(AddressRefused, match=r"inner\.example resolves to 10\.0\.0\.1") as refused:
        await guard.addresses("inner.example", 80)
    assert not refused.value.literal


async def test_a_private_address_in_the_url_is_refused_for_good():
    guard = AddressGuard(resolver=system_resolver)
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 is not a public address") as refused:
        await guard.addresses("127.0.0.1", 80)
    assert refused.value.literal


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
async def test_other_spellings_of_loopback_are_refused(host):
    with pytest.raises(AddressRefused):
        await AddressGuard().addresses(host, 80)


async def test_private_addresses_may_be_allowed():
    guard = AddressGuard(allow_private=True, resolver=resolver("10.0.0.1"))
    assert await guard.addresses("inner.example", 80) == ["10.0.0.1"]


async def test_a_name_without_an_address():
    with pytest.raises(OSError, match="no address"):
        await AddressGuard(resolver=resolver()).addresses("nothing.example", 80)


async def test_the_system_resolver_raises_what_the_system_says():
    with pytest.raises(socket.gaierror):
        await system_resolver("name.invalid", 80)
