"""The TLS port: its files, what is wrong with them, and what new ones change."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from trunkline.servers.listening import CannotListen
from trunkline.servers.smpp.tls import (
    TlsFiles,
    TlsPort,
    TlsUnusable,
    describe_failed_handshake,
    log_failed_handshake,
)
from trunkline.simulator.certificates import Authority, Pair
from trunkline.smpp.asyncio import connect
from trunkline.smpp.constants import BindType

from .conftest import Client, Front, MakeFront

AUTHORITY = Authority()
PATIENCE_S = 60.0


def write(folder: Path, pair: Pair) -> TlsFiles:
    certificate, key = pair.write(folder)
    return TlsFiles(certificate, key, None)


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    return write(tmp_path, AUTHORITY.issue("localhost"))


@pytest.fixture
async def tls_port(front: Front, files: TlsFiles) -> TlsPort:
    port = TlsPort(front.server, "127.0.0.1", 0, files)
    await port.open()
    return port


async def bound(front: Front, port: TlsPort) -> tuple[Client, int]:
    """Bind over TLS; also return the serial number of the certificate that the server presented."""
    client = Client()
    context = AUTHORITY.client_context()
    client.connection = await connect("localhost", port.port, client, ssl=context)
    front.clients.append(client)
    await client.bind()
    transport = client.connection._transport
    assert transport is not None
    return client, int(transport.get_extra_info("ssl_object").getpeercert()["serialNumber"], 16)


async def test_esmes_bind_and_are_the_door_s(front: Front, tls_port: TlsPort) -> None:
    with capture_logs() as logs:
        client, _ = await bound(front, tls_port)
        plain = await front.bound()
    assert [line["tls"] for line in logs if line["action"] == "esme.bound"] == ["TLSv1.3", None]
    assert {session.connection.session.state for session in front.door.sessions} == {
        client.connection.session.state
    }
    assert len(front.door.sessions) == 2
    client.connection.close()
    plain.connection.close()


async def test_new_files_for_new_handshakes(
    front: Front, tls_port: TlsPort, files: TlsFiles, tmp_path: Path
) -> None:
    old, old_serial = await bound(front, tls_port)
    before = tls_port.days_left
    write(tmp_path, AUTHORITY.issue("localhost", valid=timedelta(days=9)))
    with capture_logs() as logs:
        await tls_port.reload()
    assert [line["action"] for line in logs] == ["smpp_tls.reloaded"]
    assert 8 < tls_port.days_left < 9 < before
    new, new_serial = await bound(front, tls_port)
    assert old_serial != new_serial
    assert old.connection.session.bound
    assert new.connection.session.bound


async def test_a_pair_that_does_not_fit_leaves_the_old_one(
    front: Front, tls_port: TlsPort, files: TlsFiles
) -> None:
    _, before = await bound(front, tls_port)
    files.key.write_text(AUTHORITY.issue("localhost").key)
    with pytest.raises(TlsUnusable) as refused:
        await tls_port.reload()
    assert str(refused.value) == f"smpp_tls_key: {files.key} is not the key of the certificate."
    assert (await bound(front, tls_port))[1] == before


async def test_the_files_are_followed(
    front: Front, files: TlsFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when links are exchanged, as certificate managers do, and not before both files have settled."""
    monkeypatch.setattr(TlsPort, "LOOK_S", 0.001)
    current = tmp_path / "current"
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write(folder, AUTHORITY.issue("localhost"))
    current.symlink_to("one")
    port = TlsPort(
        front.server, "127.0.0.1", 0, TlsFiles(current / "server.pem", current / "server.key", None)
    )
    await port.open()
    reloaded = asyncio.Event()
    reload = port.reload

    async def note() -> None:
        try:
            await reload()
        finally:
            reloaded.set()

    monkeypatch.setattr(port, "reload", note)
    client, before = await bound(front, port)
    following = asyncio.create_task(port.follow())
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(current)
    async with asyncio.timeout(PATIENCE_S):
        await reloaded.wait()
    _, after = await bound(front, port)
    assert before != after
    await client.connection.unbind()
    reloaded.clear()
    (current / "server.key").unlink()
    async with asyncio.timeout(PATIENCE_S):
        await reloaded.wait()
    assert (await bound(front, port))[1] == after
    following.cancel()


async def test_files_that_still_change_are_left_alone(
    tls_port: TlsPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the new certificate and its new key nothing fits, and nothing is to be said about it."""
    monkeypatch.setattr(TlsPort, "LOOK_S", 0.001)
    states = [((1,),), ((2,),), ((3,),), ((3,),), ((3,),), ((3,),)]
    looked = asyncio.Event()
    reloads: list[int] = []

    def state(_files: TlsFiles) -> tuple[tuple[int, ...], ...]:
        if len(states) > 1:
            return states.pop(0)
        looked.set()
        return states[0]

    async def reload() -> None:
        reloads.append(len(states))

    monkeypatch.setattr(TlsFiles, "state", state)
    monkeypatch.setattr(tls_port, "reload", reload)
    following = asyncio.create_task(tls_port.follow())
    async with asyncio.timeout(PATIENCE_S):
        await looked.wait()
    following.cancel()
    assert reloads == [2]  # when the third had been seen twice


async def test_an_expired_certificate_is_used_and_said(front: Front, tmp_path: Path) -> None:
    port = TlsPort(
        front.server,
        "127.0.0.1",
        0,
        write(tmp_path, AUTHORITY.issue("localhost", valid=timedelta(days=-2))),
    )
    with capture_logs() as logs:
        await port.open()
    assert [line["action"] for line in logs] == ["smpp_tls.expired"]
    assert -3 < port.days_left < -1


async def test_a_port_that_is_taken(front: Front, files: TlsFiles) -> None:
    port = TlsPort(front.server, "127.0.0.1", front.server.port, files)
    with pytest.raises(CannotListen, match=r"choose another port with TRUNKLINE_SMPP_TLS_PORT\."):
        await port.open()


async def test_a_client_certificate_is_demanded(make_front: MakeFront, tmp_path: Path) -> None:
    front = await make_front()
    pair = AUTHORITY.issue("localhost")
    ca = tmp_path / "ca.pem"
    ca.write_text(AUTHORITY.certificate)
    certificate, key = pair.write(tmp_path)
    port = TlsPort(front.server, "127.0.0.1", 0, TlsFiles(certificate, key, ca))
    await port.open()
    connection = await connect("localhost", port.port, Client(), ssl=AUTHORITY.client_context())
    with pytest.raises(ConnectionError):
        await connection.bind(BindType.TRX, "shop", "secret")
    context = AUTHORITY.client_context()
    context.load_cert_chain(certificate, key)
    connection = await connect("localhost", port.port, Client(), ssl=context)
    await connection.bind(BindType.TRX, "shop", "secret")
    await connection.unbind()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("server.pem", None, "smpp_tls_cert: {} cannot be read: No such file or directory."),
        ("server.key", None, "smpp_tls_key: {} cannot be read: No such file or directory."),
        ("ca.pem", None, "smpp_tls_client_ca: {} cannot be read: No such file or directory."),
        ("server.pem", b"nonsense", "smpp_tls_cert: {} holds no certificates in PEM form."),
        ("server.key", b"nonsense", "smpp_tls_key: {} holds no private key in PEM form."),
        ("ca.pem", b"nonsense", "smpp_tls_client_ca: {} holds no certificates in PEM form."),
        ("server.pem", b"\x30\x82\x01\xf0", "smpp_tls_cert: {} is not in PEM form."),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: bytes | None, complaint: str) -> None:
    certificate, key = AUTHORITY.issue("localhost").write(tmp_path)
    ca = tmp_path / "ca.pem"
    ca.write_text(AUTHORITY.certificate)
    path = tmp_path / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(TlsUnusable) as caught:
        TlsFiles(certificate, key, ca).load()
    assert str(caught.value) == complaint.format(path)


def test_a_directory_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(TlsUnusable, match=r"cannot be read: Is a directory\."):
        TlsFiles(tmp_path, tmp_path, None).load()


def failed(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "whatever")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (failed("HTTP_REQUEST"), "it speaks HTTP"),
        (
            failed("WRONG_VERSION_NUMBER"),
            "it does not speak TLS: SMPP without TLS has a port of its own",
        ),
        (failed("NO_SHARED_CIPHER"), "it has no cipher that we have"),
        (failed("PEER_DID_NOT_RETURN_A_CERTIFICATE"), "it presented no client certificate"),
        (
            failed("TLSV1_ALERT_UNKNOWN_CA"),
            "it does not accept our certificate (TLSV1_ALERT_UNKNOWN_CA)",
        ),
        (failed("SOMETHING_NEW"), "SOMETHING_NEW"),
        (TimeoutError("the TLS handshake took longer than 10 s"), "the TLS handshake took longer than 10 s"),
        (ConnectionResetError(), "it closed the connection; perhaps it does not accept our certificate"),
    ],
)
def test_failed_handshakes_in_words(error: OSError, words: str) -> None:
    with capture_logs() as logs:
        log_failed_handshake(("192.0.2.1", 4711), error)
    [line] = logs
    assert (line["action"], line["log_level"]) == ("esme.handshake_failed", "warning")
    assert (line["peer"], line["reason"]) == ("192.0.2.1", words)


def test_a_refused_client_certificate_in_words() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    assert describe_failed_handshake(error) == "its certificate is not accepted: certificate has expired"
