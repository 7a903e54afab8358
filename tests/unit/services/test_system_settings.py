"""System settings: who may change what, the rules of the fields, the logo and the test e-mail."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.model.test_pictures import png
from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE, PERMISSIONS_OF_ROLE, Actor, Forbidden, Permission, Role
from trunkline.model.mail import Mail, MailFailed
from trunkline.model.system_settings import Alerts, Branding, PlatformSettings, Security, Smtp
from trunkline.services.accounts import InvalidInput
from trunkline.services.system_settings import LOGO_MAX, SystemSettings

from .conftest import MemoryAdministration

ADMIN = Actor("ann", Role.ADMIN, PERMISSIONS_OF_ROLE[Role.ADMIN])
OPERATOR = Actor("oscar", Role.OPERATOR, PERMISSIONS_OF_ROLE[Role.OPERATOR])
TENANT = Actor("tenant", Role.ENTERPRISE, frozenset({Permission.VIEW_LOGS}), 7)
SMTP = Smtp("mail.example.com", 465, Security.TLS, "gateway", "s3cret", "sms@example.com")


class KeptMails:
    """Takes every e-mail."""

    def __init__(self) -> None:
        self.sent: list[tuple[Smtp, Mail]] = []

    async def send(self, server: Smtp, mail: Mail) -> str:
        self.sent.append((server, mail))
        return "250 kept"


@pytest.fixture
def mails() -> KeptMails:
    return KeptMails()


@pytest.fixture
def settings(administration: MemoryAdministration, mails: KeptMails) -> SystemSettings:
    return SystemSettings(administration, mails)


async def test_what_is_not_given_stays(settings: SystemSettings) -> None:
    await settings.change(ADMIN, "branding", platform_name="Acme SMS")
    changed = await settings.change(ADMIN, "branding", main_color=" #1E3A8A ")
    assert changed.branding == Branding("Acme SMS", "#1e3a8a")
    assert (await settings.show(OPERATOR)).branding == changed.branding


async def test_who_may_look_and_who_may_change(settings: SystemSettings) -> None:
    with pytest.raises(Forbidden):
        await settings.show(TENANT)
    for actor in (TENANT, OPERATOR):
        with pytest.raises(Forbidden):
            await settings.change(actor, "branding", platform_name="Mine")
        with pytest.raises(Forbidden):
            await settings.set_logo(actor, png(1, 1))
        with pytest.raises(Forbidden):
            await settings.remove_logo(actor)
        with pytest.raises(Forbidden):
            await settings.send_test(actor)
    assert await settings.show(ADMIN) == PlatformSettings()


async def test_where_emails_go_is_for_those_who_manage_administrators(settings: SystemSettings) -> None:
    for section, fields in (
        ("smtp", {"host": "evil.example", "sender": "a@evil.example"}),
        ("platform", {"public_url": "https://evil.example"}),
    ):
        with pytest.raises(Forbidden) as refused:
            await settings.change(ADMIN, section, **fields)
        assert refused.value.permission is Permission.MANAGE_ADMINS
        await settings.change(COMMAND_LINE, section, **fields)
    await settings.change(ADMIN, "platform", timezone="Asia/Dubai", public_url="https://evil.example/")
    await settings.change(ADMIN, "smtp", port=587)  # as it was: nothing to decide


async def test_a_password_is_never_shown_and_stays_unless_replaced(
    settings: SystemSettings, administration: MemoryAdministration
) -> None:
    administration.settings = PlatformSettings(smtp=SMTP)
    assert (await settings.show(ADMIN)).smtp == replace(SMTP, password="***")
    changed = await settings.change(COMMAND_LINE, "smtp", password="***", port=2465)
    assert changed.smtp.password == "***"
    assert administration.settings.smtp == replace(SMTP, port=2465)
    await settings.change(COMMAND_LINE, "smtp", password="")
    assert administration.settings.smtp.password == ""
    assert "s3cret" not in repr(SMTP)


@pytest.mark.parametrize(
    ("section", "fields", "rule"),
    [
        ("branding", {"platform_name": " "}, "platform_name: is needed"),
        ("branding", {"platform_name": "x" * 41}, "platform_name: at most 40"),
        ("branding", {"platform_name": "a\x07"}, "platform_name: at most 40 printable"),
        ("branding", {"main_color": "red"}, "main_color: a colour such as"),
        ("branding", {"main_color": "#ffd700"}, "main_color: is too light: its contrast to white is 1.4"),
        ("branding", {"colour": "#000000"}, "colour: is no setting of branding"),
        ("company", {"email": "nobody"}, "email: an e-mail"),
        ("company", {"phone": "call me"}, "phone: digits"),
        ("company", {"website": "javascript:alert(1)"}, "website: an address"),
        ("company", {"address": "x" * 501}, "address: at most 500"),
        ("company", {"tax_id": "x" * 65}, "tax_id: at most 64"),
        ("platform", {"public_url": "sms.example.com"}, "public_url: an address"),
        ("platform", {"public_url": "https://user@sms.example.com"}, "public_url: an address"),
        ("platform", {"public_url": "https://sms.example.com/panel"}, "public_url: no path"),
        ("platform", {"public_url": "https://sms.example.com:99999"}, "public_url: an address"),
        ("platform", {"public_url": 'https://x"onload="y'}, "public_url: an address"),
        ("platform", {"timezone": "Dubai"}, "timezone: a time zone"),
        ("platform", {"locale": "English"}, "locale: a language"),
        ("platform", {"low_credit_threshold": -1}, "low_credit_threshold: 0 or"),
        ("alerts", {"recipients": ("ops@example.com", "x")}, "recipients: an e-mail"),
        ("alerts", {"recipients": ("a@b.example>\r\nBcc: <x@y.example",)}, "recipients: an e-mail"),
        ("alerts", {"recipients": tuple(f"{n}@b.example" for n in range(21))}, "recipients: at most 20"),
        ("smtp", {"host": "mail example"}, "host: a name"),
        ("smtp", {"host": "mail.example.com", "sender": ""}, "sender: is needed"),
        ("smtp", {"port": 0}, "port: from 1"),
        ("smtp", {"security": "ssl"}, "security: must be one of none, starttls, tls"),
        ("smtp", {"security": "none", "username": "gateway"}, "security: starttls or tls: else"),
        ("smtp", {"password": "a\nb"}, "password: at most 255"),
    ],
)
async def test_rules(settings: SystemSettings, section: str, fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await settings.change(COMMAND_LINE, section, **fields)
    assert str(refused.value).startswith(rule)
    assert await settings.show(COMMAND_LINE) == PlatformSettings()


async def test_an_unknown_section(settings: SystemSettings) -> None:
    with pytest.raises(NotFound):
        await settings.change(COMMAND_LINE, "logo", content="x")


async def test_values_are_kept_in_one_way_of_writing(settings: SystemSettings) -> None:
    changed = await settings.change(COMMAND_LINE, "platform", public_url=" https://sms.example.com/ ")
    assert changed.platform.public_url == "https://sms.example.com"
    changed = await settings.change(
        COMMAND_LINE, "alerts", recipients=(" a@b.example", "", "a@b.example", "c@d.example")
    )
    assert changed.alerts.recipients == ("a@b.example", "c@d.example")
    changed = await settings.change(COMMAND_LINE, "company", address=" 1 High Street \r\n  London ")
    assert changed.company.address == "1 High Street\nLondon"


async def test_the_logo(settings: SystemSettings) -> None:
    picture = png(64, 32)
    logo = await settings.set_logo(ADMIN, picture)
    assert (logo.media_type, logo.digest) == ("image/png", hashlib.sha256(picture).hexdigest())
    assert (await settings.show(ADMIN)).logo == logo
    for content, rule in (
        (b"<svg/>", "a PNG, JPEG or WebP picture"),
        (png(2001, 1), "at most 2000 pixels"),
        (png(1, 1) + bytes(LOGO_MAX), "at most 200 kB"),
    ):
        with pytest.raises(InvalidInput, match=rule):
            await settings.set_logo(ADMIN, content)
    await settings.remove_logo(ADMIN)
    assert (await settings.show(ADMIN)).logo is None
    with pytest.raises(NotFound):
        await settings.remove_logo(ADMIN)


async def test_the_test_email(
    settings: SystemSettings, administration: MemoryAdministration, mails: KeptMails
) -> None:
    with pytest.raises(InvalidInput, match="recipient: name one"):
        await settings.send_test(ADMIN)
    with pytest.raises(InvalidInput, match="recipient: an e-mail"):
        await settings.send_test(ADMIN, "nobody")
    with pytest.raises(MailFailed, match="No e-mail server is set"):
        await settings.send_test(ADMIN, "ann@example.com")
    recipients = ("ops@example.com", "boss@example.com")
    administration.settings = PlatformSettings(Branding("Acme SMS"), alerts=Alerts(recipients), smtp=SMTP)
    assert await settings.send_test(ADMIN) == "250 kept"
    await settings.send_test(ADMIN, "ann@example.com")
    (server, first), (_, second) = mails.sent
    assert server == SMTP
    assert (first.recipients, second.recipients) == (recipients, ("ann@example.com",))
    assert (first.subject, first.sender_name) == ("Test e-mail of Acme SMS", "Acme SMS")
    assert "ann" in first.text
