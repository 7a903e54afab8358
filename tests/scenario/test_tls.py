"""TLS on both sides of a running gateway: ESMEs on the TLS port, an SMSC behind TLS."""

import asyncio
import random
import ssl
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.certificates import Authority, Pair
from trunkline.smpp.asyncio.contexts import client_context, server_context
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import BindTransceiver

from .clients import Esme
from .conftest import MakeGateway
from .harness import ACCOUNT, CONNECTOR, PASSWORD, Gateway, attach, eventually, free_port, simulator

AUTHORITY = Authority("ours")
OPERATOR = Authority("the operator's")
TRUSTING = client_context(ca=AUTHORITY.certificate)
SMSC = OPERATOR.issue("smsc.example")
TO_SMSC = {"tls": True, "tls_ca": OPERATOR.certificate, "tls_server_name": "smsc.example"}


class Place:
    """A gateway with a TLS port, and the files that it reads."""

    def __init__(self, make_gateway: MakeGateway, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.certificate, self.key = AUTHORITY.issue("localhost").write(folder)
        self.port = free_port()
        self.gateway: Gateway = make_gateway(
            smpp_tls_port=self.port, smpp_tls_cert=self.certificate, smpp_tls_key=self.key, **settings
        )

    async def start(self, smsc_port: int, **connector: Any) -> None:
        """Makes a customer and a connector, and starts."""
        await self.gateway.prepare()
        await attach(self.gateway, smsc_port, **connector)
        async with self.gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "good", password=PASSWORD)
        await self.gateway.start()

    async def bound(self, context: ssl.SSLContext = TRUSTING) -> Esme:
        return await Esme().bind(self.port, "good", context=context)

    async def presented(self) -> bytes:
        """The certificate that new connections get."""
        _, writer = await asyncio.open_connection("localhost", self.port, ssl=TRUSTING)
        found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found

    async def trouble(self) -> str:
        """What the connector says is wrong, as people get to see it."""
        async with self.gateway.administration() as admin:
            [row] = await admin.connectors.list(COMMAND_LINE)
        details = [bind.detail for bind in row.status.binds] if row.status else []
        return next((detail for detail in details if "next attempt" in detail), "")


def der(pair_file: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair_file.read_text())


async def test_a_message_and_its_receipt(make_gateway: MakeGateway, tmp_path: Path) -> None:
    place = Place(make_gateway, tmp_path)
    async with simulator(context=server_context(SMSC.certificate, SMSC.key)) as smsc:
        await place.start(smsc.port, **TO_SMSC)
        esme = await place.bound()
        ids = [await esme.accepted(f"49170000000{number}") for number in range(5)]
        receipts = await esme.receipted(*ids)
        assert {receipt.stat for receipt in receipts} == {"DELIVRD"}
        assert smsc.counters.taken == 5
        await esme.leave()
        assert await place.gateway.stop() == 0


async def test_who_fails_is_named_and_the_others_go_on(make_gateway: MakeGateway, tmp_path: Path) -> None:
    authorities = tmp_path / "clients.pem"
    authorities.write_text(AUTHORITY.certificate)
    place = Place(make_gateway, tmp_path, smpp_tls_client_ca=authorities)
    async with simulator() as smsc:
        await place.start(smsc.port)
        known = AUTHORITY.issue("esme")
        good = await place.bound(
            client_context(ca=AUTHORITY.certificate, certificate=known.certificate, key=known.key)
        )
        with pytest.raises(ConnectionError):
            await place.bound()
        stranger = OPERATOR.issue("esme")
        with pytest.raises(ConnectionError):
            await place.bound(
                client_context(ca=AUTHORITY.certificate, certificate=stranger.certificate, key=stranger.key)
            )
        with pytest.raises(ssl.SSLCertVerificationError):
            await place.bound(client_context(ca=OPERATOR.certificate))
        for port, octets in (
            (place.port, encode(BindTransceiver(system_id="good", password=PASSWORD, sequence_number=1))),
            (place.gateway.smpp_port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(octets)
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
        for reason in (
            "it presented no client certificate",
            "its certificate is not accepted: unable to get local issuer certificate",
            "it does not accept our certificate (TLSV1_ALERT_UNKNOWN_CA)",
            "it does not speak TLS",
            "this looks like a TLS client hello",
        ):
            await eventually(lambda reason=reason: reason in place.gateway.log(), reason)
        await good.receipted(await good.accepted("491700000001"))
        await good.leave()


async def test_garbage_on_the_tls_port_leaves_nothing_behind(
    make_gateway: MakeGateway, tmp_path: Path
) -> None:
    place = Place(make_gateway, tmp_path)
    rng = random.Random(7)
    async with simulator() as smsc:
        await place.start(smsc.port)
        good = await place.bound()
        files = place.gateway.open_files

        async def disturb(octets: bytes) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
            writer.write(octets)
            writer.write_eof()
            with suppress(ConnectionError):
                await reader.read()
            writer.close()

        for _ in range(5):
            garbage = [rng.randbytes(rng.randrange(0, 3000)) for _ in range(20)]
            hellos = [b"\x16\x03\x01" + each for each in garbage]
            await asyncio.gather(*(disturb(each) for each in garbage + hellos))
        await good.receipted(await good.accepted("491700000001"))
        await eventually(lambda: place.gateway.open_files <= files + 5, "all descriptors are given back")
        await good.leave()
    assert await place.gateway.stop() == 0


@pytest.mark.parametrize(
    ("pair", "fields", "why", "cure"),
    [
        (SMSC, {"tls_ca": ""}, "is not trusted", TO_SMSC),
        (
            SMSC,
            {"tls_server_name": ""},
            "is not for 127.0.0.1: set tls_server_name",
            TO_SMSC,
        ),
        (
            OPERATOR.issue("smsc.example", valid=timedelta(hours=-1)),
            {},
            "has expired",
            {"tls_verify": False},
        ),
    ],
    ids=["not trusted", "another name", "expired"],
)
async def test_an_smsc_s_certificate(
    make_gateway: MakeGateway,
    tmp_path: Path,
    pair: Pair,
    fields: dict[str, Any],
    why: str,
    cure: dict[str, Any],
) -> None:
    """What is wrong is said where people look, and mending it needs no restart; the message has waited."""
    place = Place(make_gateway, tmp_path)
    async with simulator(context=server_context(pair.certificate, pair.key)) as smsc:
        await place.start(smsc.port, **(TO_SMSC | fields))
        esme = await place.bound()
        message_id = await esme.accepted("491700000001")

        async def said() -> bool:
            return why in await place.trouble()

        await eventually(said, why)
        assert not smsc.counters.taken
        async with place.gateway.administration() as admin:
            await admin.connectors.change(COMMAND_LINE, CONNECTOR, **cure)
        await esme.receipted(message_id)
        await esme.leave()


async def test_new_files_while_sessions_are_bound(make_gateway: MakeGateway, tmp_path: Path) -> None:
    place = Place(make_gateway, tmp_path)
    async with simulator() as smsc:
        await place.start(smsc.port)
        old = await place.bound()
        first = der(place.certificate)
        assert await place.presented() == first
        place.key.write_text(AUTHORITY.issue("localhost").key)
        await eventually(lambda: "is not the key of the certificate" in place.gateway.log(), "it is said")
        assert await place.presented() == first
        AUTHORITY.issue("localhost").write(tmp_path)
        second = der(place.certificate)
        assert second != first

        async def changed() -> bool:
            return await place.presented() == second

        await eventually(changed, "new connections get the new certificate")
        new = await place.bound()
        for esme in (old, new):
            await esme.accepted("491700000001")
            await esme.leave()
    assert await place.gateway.stop() == 0


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda place: place.key.unlink(), "smpp_tls_key: {key} cannot be read: No such file or directory."),
        (
            lambda place: place.key.write_text(OPERATOR.issue("x").key),
            "smpp_tls_key: {key} is not the key of the certificate.",
        ),
        (
            lambda place: place.certificate.write_text("-----"),
            "smpp_tls_cert: {certificate} holds no certificates in PEM form.",
        ),
    ],
    ids=["no key", "another key", "no certificate"],
)
async def test_a_start_that_cannot_be(
    make_gateway: MakeGateway, tmp_path: Path, spoil: Any, complaint: str
) -> None:
    place = Place(make_gateway, tmp_path)
    await place.gateway.prepare()
    spoil(place)
    place.gateway.launch()
    assert await place.gateway.ended() == 1
    said = complaint.format(key=place.key, certificate=place.certificate)
    assert place.gateway.log().splitlines()[-1] == f"trunkline: {said}"
