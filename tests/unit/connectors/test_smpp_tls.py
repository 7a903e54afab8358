"""Connectors over TLS: what they trust, what they present, and what they say when it fails."""

import asyncio
import ssl
from datetime import timedelta

import pytest

from trunkline.connectors.smpp_tls import context_of, describe_tls_failure
from trunkline.simulator.certificates import Authority
from trunkline.smpp.asyncio.contexts import server_context

AUTHORITY = Authority()
OURS = AUTHORITY.issue("trunkline")
BY_ADDRESS = AUTHORITY.issue("127.0.0.1")
BY_NAME = AUTHORITY.issue("smsc.example")
EXPIRED = AUTHORITY.issue("127.0.0.1", valid=timedelta(minutes=-1))

TLS = {"tls": True, "tls_ca": AUTHORITY.certificate}
CLIENT = {"tls_certificate": OURS.certificate, "tls_key": OURS.key}


@pytest.fixture
async def serve(smsc):
    """Has the SMSC speak TLS with a certificate."""

    async def begin(pair, client_ca=""):
        await smsc.close()
        smsc.ssl = server_context(pair.certificate, pair.key, client_ca)
        await smsc.start()

    return begin


async def complaint(submitter):
    """What the bind says once it is down."""
    async with asyncio.timeout(60):
        while True:
            [bind] = submitter.status().binds
            why, separator, _ = bind.detail.partition("; next attempt in ")
            if separator:
                return why
            await asyncio.sleep(0)


class TestUp:
    @pytest.mark.parametrize(
        ("pair", "fields"),
        [
            (BY_ADDRESS, {}),
            (BY_NAME, {"tls_server_name": "smsc.example"}),
            (BY_NAME, {"tls_verify": False, "tls_ca": ""}),
            (EXPIRED, {"tls_verify": False}),
        ],
        ids=["address", "name", "not checked", "expired, not checked"],
    )
    async def test_a_bind_carries_messages(self, smsc, serve, start, listener, make_segment, pair, fields):
        await serve(pair)
        submitter = await start(**(TLS | fields))
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        assert listener.accepted[0][1] == "id-1"

    async def test_a_certificate_of_ours(self, smsc, serve, start):
        await serve(BY_ADDRESS, AUTHORITY.certificate)
        await start(**TLS, **CLIENT)

    async def test_cut_and_bound_again(self, smsc, serve, start, listener):
        await serve(BY_ADDRESS)
        submitter = await start(**TLS)
        smsc.links[0].abort("cut")
        await listener.until(lambda: submitter.counters.reconnects == 1 and submitter.capacity)


class TestDown:
    @pytest.mark.parametrize(
        ("pair", "fields", "why"),
        [
            (
                BY_ADDRESS,
                {"tls_ca": ""},
                "is not trusted (unable to get local issuer certificate): give its authority in tls_ca,",
            ),
            (
                EXPIRED,
                {},
                "has expired: the SMSC must renew it,",
            ),
            (
                BY_NAME,
                {},
                "is not for 127.0.0.1: set tls_server_name to a name it has,",
            ),
            (
                BY_NAME,
                {"tls_server_name": "other.example"},
                "is not for other.example: set tls_server_name to a name it has,",
            ),
        ],
        ids=["not trusted", "expired", "another name", "a name we gave"],
    )
    async def test_their_certificate(self, smsc, serve, start, pair, fields, why):
        await serve(pair)
        submitter = await start(bound=False, reconnect_min_s=0.001, reconnect_max_s=600, **(TLS | fields))
        said = f"the certificate of 127.0.0.1 {why} or switch tls_verify off"
        assert await complaint(submitter) == said
        [bind] = submitter.status().binds
        assert bind.detail.endswith("next attempt in 600.0 s")  # a person has to mend it

    @pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_they_want_a_certificate_of_ours(self, smsc, serve, start, newest):
        await serve(BY_ADDRESS, AUTHORITY.certificate)
        smsc.ssl.maximum_version = newest
        submitter = await start(bound=False, reconnect_max_s=600, **TLS)
        why = await complaint(submitter)
        if newest is ssl.TLSVersion.TLSv1_3:
            assert why == "the SMSC wants a certificate of ours: give tls_certificate and tls_key"
        else:
            assert why == (
                "the SMSC refuses the handshake: no cipher in common, or it wants a tls_certificate"
            )

    async def test_they_do_not_accept_ours(self, smsc, serve, start):
        await serve(BY_ADDRESS, Authority("theirs").certificate)
        submitter = await start(bound=False, reconnect_max_s=600, **TLS, **CLIENT)
        assert await complaint(submitter) == (
            "the SMSC does not accept the certificate in tls_certificate (TLSV1_ALERT_UNKNOWN_CA)"
        )

    async def test_they_speak_no_tls(self, smsc, start):
        submitter = await start(bound=False, reconnect_max_s=600, **TLS)
        assert await complaint(submitter) == (
            f"port {smsc.port} of the SMSC does not speak TLS: give the port that does, or switch tls off"
        )

    async def test_they_hang_up(self, start):
        async def hang_up(reader, writer):
            await reader.read(1)
            writer.close()

        listening = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        submitter = await start(bound=False, port=port, **TLS)
        assert await complaint(submitter) == (
            f"the connection was closed during the TLS handshake; perhaps port {port} is not for TLS"
        )
        listening.close()

    async def test_a_key_that_is_none(self, smsc, start):
        """Such a connector cannot be made; a bind that meets one says so and goes on."""
        submitter = await start(bound=False, **TLS, tls_certificate=OURS.certificate, tls_key="none")
        assert (await complaint(submitter)).startswith("TLS failed: ")

    async def test_they_want_tls_and_we_do_not(self, smsc, serve, start):
        await serve(BY_ADDRESS)
        submitter = await start(bound=False)
        assert await complaint(submitter) == "the bind failed: the connection was lost"


def test_no_context_without_tls(make_config):
    assert context_of(make_config()) is None
    assert context_of(make_config(tls=True)).check_hostname
    assert not context_of(make_config(tls=True, tls_verify=False)).check_hostname


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), ""),
        (ConnectionResetError(104, "Connection reset by peer"), ""),
        (None, ""),
        (ValueError("x"), ""),
    ],
)
def test_what_has_nothing_to_do_with_tls(make_config, error, words):
    assert describe_tls_failure(error, make_config(tls=True)) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("TLSV1_ALERT_PROTOCOL_VERSION", "the SMSC speaks no TLS of version 1.2 or later"),
        (
            "TLSV1_UNRECOGNIZED_NAME",
            "the SMSC does not know the name 127.0.0.1: set tls_server_name",
        ),
        ("BAD_SIGNATURE", "TLS failed: BAD_SIGNATURE"),
    ],
)
def test_other_failures_in_words(make_config, reason, words):
    error = ssl.SSLError(1, "whatever")
    error.reason = reason
    assert describe_tls_failure(error, make_config(tls=True)) == words


def test_secrets_are_not_shown(make_config):
    assert OURS.key not in repr(make_config(**CLIENT))
    assert "PRIVATE" not in repr(make_config(**CLIENT))
    assert "secret" not in repr(make_config())
