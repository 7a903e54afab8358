"""Connectors as people manage them."""

import time
from typing import Any

import pytest

from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import COMMAND_LINE
from trunkline.model.profile import Profile
from trunkline.model.status import ConnectorStatus
from trunkline.services.accounts import InvalidInput
from trunkline.services.connector_rules import check
from trunkline.services.connectors import DEFAULTS, STATUS_MAX_AGE_MS, Connectors
from trunkline.simulator.certificates import Authority

from .conftest import MemoryAdministration

AUTHORITY = Authority()
PAIR = AUTHORITY.issue("us")
FIELDS: dict[str, Any] = {"connector_id": "upstream", "host": "smsc.example", "system_id": "us"}


@pytest.fixture
def connectors(administration: MemoryAdministration) -> Connectors:
    return Connectors(administration)


async def test_what_is_not_given_has_its_default(
    connectors: Connectors, administration: MemoryAdministration
) -> None:
    config = await connectors.create(COMMAND_LINE, **FIELDS)
    assert administration.connectors == {"upstream": config}
    assert (config.host, config.port, config.trx_binds, config.window) == ("smsc.example", 2775, 1, 10)
    with pytest.raises(AlreadyExists):
        await connectors.create(COMMAND_LINE, **FIELDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("connector_id", ""),
        ("connector_id", "a b"),
        ("provider", "x" * 256),
        ("provider", "a\nb"),
        ("host", ""),
        ("host", "x" * 254),
        ("host", "a b"),
        ("host", "a\0b"),
        ("system_id", "a\0b"),
        ("password", "a\tb"),
        ("port", 0),
        ("port", 65536),
        ("system_id", "x" * 17),
        ("system_id", "ü"),
        ("password", "1234567890"),
        ("password", "ü"),
        ("system_type", "x" * 14),
        ("tx_binds", -1),
        ("rx_binds", 11),
        ("trx_binds", 0),
        ("window", 0),
        ("window", 1001),
        ("throughput", -1),
        ("enquire_link_s", 0.5),
        ("enquire_link_s", 3601),
        ("response_timeout_s", 0),
        ("reconnect_min_s", 0),
        ("reconnect_max_s", 0.5),
        ("reconnect_max_s", 3601),
        ("source_ton", 7),
        ("dest_ton", -1),
        ("source_npi", 19),
        ("dest_npi", -1),
        ("default_alphabet", "ebcdic"),
        ("long_message", "none"),
        ("message_id_format", "octal"),
        ("max_attempts", 0),
        ("max_attempts", 101),
        ("enquire_link_s", -1),
        ("smpp_version", "3.5"),
        ("tls_server_name", "a b"),
        ("tls_server_name", "x" * 254),
        ("tls_ca", "no PEM"),
        ("tls_ca", PAIR.key),
        ("tls_certificate", "no PEM"),
        ("tls_certificate", ""),
        ("tls_key", "no PEM"),
        ("tls_key", ""),
        ("tls_key", AUTHORITY.issue("us").key),
    ],
)
async def test_fields_that_break_a_rule(
    connectors: Connectors, administration: MemoryAdministration, field: str, value: Any
) -> None:
    pair = {"tls_certificate": PAIR.certificate, "tls_key": PAIR.key}
    with pytest.raises(InvalidInput) as caught:
        await connectors.create(COMMAND_LINE, **(FIELDS | pair | {field: value}))
    assert caught.value.field == field
    assert administration.connectors == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"port": 1, "window": 1, "max_attempts": 1, "response_timeout_s": 1.0},
        {"trx_binds": 0, "tx_binds": 10, "rx_binds": 1},
        {"default_alphabet": "gsm7-packed", "long_message": "payload", "message_id_format": "hex"},
        {"source_ton": 0, "source_npi": 18, "dest_ton": 6, "dest_npi": 0},
        {"enquire_link_s": 0},
        {"password": "12345678", "system_id": "x" * 15, "system_type": "x" * 12},
    ],
)
async def test_fields_at_their_edges(connectors: Connectors, fields: dict[str, Any]) -> None:
    check(await connectors.create(COMMAND_LINE, **(FIELDS | fields)))


@pytest.mark.parametrize("long_message", ["sar", "payload"])
async def test_smpp_3_3_has_no_tlvs(connectors: Connectors, long_message: str) -> None:
    with pytest.raises(InvalidInput, match=r"SMPP 3\.3 has no TLVs") as caught:
        await connectors.create(COMMAND_LINE, **FIELDS, smpp_version="3.3", long_message=long_message)
    assert caught.value.field == "long_message"


async def test_outbind_is_bind_enough(connectors: Connectors) -> None:
    words = ["outbind_port=2776", "outbind_system_id=smsc", "outbind_password=knock"]
    await connectors.create(COMMAND_LINE, **FIELDS, trx_binds=0, profile_words=words)
    with pytest.raises(InvalidInput, match="at least one bind"):
        await connectors.change(COMMAND_LINE, "upstream", profile_words=["outbind_port="])


async def test_outbind_over_tls_needs_a_certificate(connectors: Connectors) -> None:
    profile = Profile(outbind_port=2776, outbind_system_id="smsc", outbind_password="knock")
    pair = {"tls_certificate": PAIR.certificate, "tls_key": PAIR.key}
    with pytest.raises(InvalidInput, match="tls_certificate: is missing: with tls, outbind is listened for"):
        await connectors.create(COMMAND_LINE, **FIELDS, tls=True, profile=profile)
    await connectors.create(COMMAND_LINE, **FIELDS, tls=True, profile=profile, **pair)


def test_the_defaults_alone_are_no_connector() -> None:
    with pytest.raises(InvalidInput):
        check(DEFAULTS)


async def test_a_change_keeps_the_rest(connectors: Connectors, administration: MemoryAdministration) -> None:
    await connectors.create(COMMAND_LINE, **FIELDS, window=50)
    changed = await connectors.change(COMMAND_LINE, "upstream", host="other.example")
    assert administration.connectors["upstream"] == changed
    assert (changed.host, changed.window) == ("other.example", 50)


async def test_a_change_is_checked(connectors: Connectors, administration: MemoryAdministration) -> None:
    config = await connectors.create(COMMAND_LINE, **FIELDS)
    with pytest.raises(InvalidInput):
        await connectors.change(COMMAND_LINE, "upstream", window=0)
    with pytest.raises(NotFound):
        await connectors.change(COMMAND_LINE, "nowhere", window=5)
    assert administration.connectors == {"upstream": config}


async def test_starting_and_stopping(connectors: Connectors, administration: MemoryAdministration) -> None:
    await connectors.create(COMMAND_LINE, **FIELDS)
    await connectors.set_enabled(COMMAND_LINE, "upstream", False)
    assert not administration.connectors["upstream"].enabled
    await connectors.set_enabled(COMMAND_LINE, "upstream", True)
    assert administration.connectors["upstream"].enabled
    with pytest.raises(NotFound):
        await connectors.set_enabled(COMMAND_LINE, "nowhere", True)


async def test_the_list_shows_status_and_queue(
    connectors: Connectors, administration: MemoryAdministration
) -> None:
    one = await connectors.create(COMMAND_LINE, **FIELDS)
    two = await connectors.create(COMMAND_LINE, **(FIELDS | {"connector_id": "two"}))
    status = ConnectorStatus("upstream", True, (), 0, as_of=time.time_ns() // 1_000_000)
    old = ConnectorStatus("two", True, (), 0, as_of=status.as_of - STATUS_MAX_AGE_MS - 1)
    administration.statuses = {"upstream": status, "two": old}
    administration.depths = {"two": 7}
    first, second = await connectors.list(COMMAND_LINE)
    assert (first.config, first.status, first.queued) == (one, status, 0)
    assert (second.config, second.status, second.queued) == (two, None, 7), "its gateway is gone"
