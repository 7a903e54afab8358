"""E-mails to a real SMTP server: plain, with STARTTLS, with TLS, and what is said when it does not work."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.mail_server import MailServer
from trunkline.connectors.mail import SmtpMailer
from trunkline.model.mail import Mail, MailFailed
from trunkline.model.system_settings import Security, Smtp
from trunkline.simulator.certificates import Authority
from trunkline.smpp.asyncio.contexts import client_context, server_context

MAIL = Mail(("ann@example.com", "bob@example.com"), "Grüße", "Hello\n.\nж\n", "Acme, SMS")
AUTHORITY = Authority()
PATIENCE_S = 60.0


def settings(server: MailServer, security: Security = Security.NONE, **more: str) -> Smtp:
    return Smtp("127.0.0.1", server.port, security, sender="sms@gateway.example", **more)


def mailer(*, trusting: bool = True) -> SmtpMailer:
    context = client_context(ca=AUTHORITY.certificate) if trusting else client_context()
    return SmtpMailer(context, PATIENCE_S)


@pytest.fixture(scope="module")
def pair() -> Iterator[object]:
    issued = AUTHORITY.issue("127.0.0.1")
    return server_context(issued.certificate, issued.key)


async def test_an_email_arrives_as_it_was_written() -> None:
    with MailServer() as server:
        answer = await mailer().send(settings(server), MAIL)
        got = server.next_mail()
    assert "4711" in answer
    assert (got.sender, got.recipients) == ("sms@gateway.example", ["ann@example.com", "bob@example.com"])
    assert got.message["From"] == '"Acme, SMS" <sms@gateway.example>'
    assert got.message["Subject"] == "Grüße"
    assert got.message["Auto-Submitted"] == "auto-generated"
    assert got.message["Message-ID"].endswith("@gateway.example>")
    assert got.message["Date"]
    assert got.message.get_content() == "Hello\n.\nж\n"
    assert not got.encrypted


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_the_password_travels_encrypted(pair, security: Security) -> None:
    with MailServer(pair, security is Security.TLS, "gateway", "s3cret") as server:
        await mailer().send(settings(server, security, username="gateway", password="s3cret"), MAIL)
        got = server.next_mail()
    assert got.encrypted
    assert got.user == "gateway"


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_certificate_that_nobody_vouches_for_ends_it(pair, security: Security) -> None:
    with MailServer(pair, security is Security.TLS) as server:
        with pytest.raises(MailFailed, match=r"certificate of 127\.0\.0\.1:\d+ is not to be trusted"):
            await mailer(trusting=False).send(settings(server, security), MAIL)
        assert server.mails.empty()


async def test_no_starttls_no_email() -> None:
    with MailServer() as server:
        with pytest.raises(MailFailed, match="STARTTLS extension not supported"):
            await mailer().send(settings(server, Security.STARTTLS), MAIL)
        assert server.mails.empty()


async def test_tls_to_a_plain_server_says_so() -> None:
    with MailServer() as server, pytest.raises(MailFailed, match="does not speak TLS as it is set"):
        await mailer().send(settings(server, Security.TLS), MAIL)


async def test_a_wrong_password_is_named(pair) -> None:
    with MailServer(pair, user="gateway", password="right") as server:
        wrong = settings(server, Security.STARTTLS, username="gateway", password="wr0ng-secret")
        with pytest.raises(MailFailed) as refused:
            await mailer().send(wrong, MAIL)
    assert "refused user name or password: 535 5.7.8 authentication failed" in str(refused.value)
    assert "wr0ng-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("verb", "answer", "said"),
    [
        ("MAIL", "550 not you", "refused the sender sms@gateway.example: 550 not you"),
        ("RCPT", "550 no such user", "took no recipient: ann@example.com: 550 no such user"),
        ("DATA", "554 spam\x07", "refused the e-mail: 554 spam"),
    ],
)
async def test_the_servers_words_are_passed_on(verb: str, answer: str, said: str) -> None:
    with MailServer(refusals={verb: answer}) as server, pytest.raises(MailFailed) as refused:
        await mailer().send(settings(server), MAIL)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MailFailed, match="Cannot connect to"):
        await mailer().send(Smtp("127.0.0.1", port, Security.NONE, sender="a@b.example"), MAIL)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        smtp = Smtp("127.0.0.1", silent.getsockname()[1], Security.NONE, sender="a@b.example")
        with pytest.raises(MailFailed, match="did not answer in time"):
            await SmtpMailer(timeout_s=0.2).send(smtp, MAIL)


async def test_no_header_can_be_smuggled_in() -> None:
    with MailServer() as server:
        with pytest.raises(MailFailed, match="cannot be written"):
            await mailer().send(settings(server), replace(MAIL, subject="x\r\nBcc: eve@evil.example"))
        assert server.mails.empty()
