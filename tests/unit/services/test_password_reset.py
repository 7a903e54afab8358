"""A new password by e-mail: who gets a link, and that nobody learns who exists."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.waiting import comes_true
from trunkline.app.administration import make_store
from trunkline.backends.storage import SqlStore, upgrade
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE, Login, Role
from trunkline.model.mail import Mail, MailFailed
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.system_settings import Platform, PlatformSettings, Smtp
from trunkline.services.accounts import InvalidInput
from trunkline.services.logins import Logins
from trunkline.services.password_reset import WAITING_MAX, Allowance, PasswordReset, TooManyRequests

SETTINGS = PlatformSettings(
    platform=Platform("https://sms.example.com"), smtp=Smtp("mail.example.com", sender="sms@example.com")
)
HERE = "192.0.2.7"


class Desk:
    """The service with everything around it: a store, a clock that stands still, and what was sent."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.logins = Logins(store)
        self.settings = SETTINGS
        self.now = 0.0
        self.sent: list[Mail] = []
        self.failures = 0
        self.resets = PasswordReset(store, self, lambda: self.settings, self.write, lambda: self.now)
        self.at_work = asyncio.get_running_loop().create_task(self.resets.run())

    async def send(self, server: Smtp, mail: Mail) -> str:
        if self.failures:
            self.failures -= 1
            raise MailFailed("no")
        self.sent.append(mail)
        return "250"

    def write(self, login: Login, link: str, locale: str, settings: PlatformSettings) -> Mail:
        return Mail((login.email,), f"{login.username} {locale} {settings.branding.platform_name}", link)

    async def add(self, username: str, email: str, **more: str) -> None:
        await self.logins.create(
            COMMAND_LINE, username, role=Role.VIEWER, password="correct horse", email=email, **more
        )

    async def done(self, marker: str = "marker") -> list[Mail]:
        """What was sent for all that was asked until now, told by a last one that is always sent."""
        self.resets.ask(marker, address="198.51.100.1")
        await comes_true(lambda: self.sent and self.sent[-1].recipients == (f"{marker}@example.com",))
        sent, self.sent = self.sent[:-1], []
        return sent


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    await asyncio.to_thread(upgrade, url)
    store = make_store(Settings(data_dir=tmp_path, database_url=url))
    await store.open()
    desk = Desk(store)
    await desk.add("marker", "marker@example.com")
    await desk.add("ann", "ann@example.com")
    yield desk
    desk.at_work.cancel()
    await asyncio.gather(desk.at_work, return_exceptions=True)
    await store.close()


def token_of(mail: Mail) -> str:
    return mail.text.removeprefix("https://sms.example.com/panel/reset?token=")


async def test_the_link_leads_to_a_new_password_once(desk: Desk) -> None:
    desk.resets.ask("ann", address=HERE, locale="ar")
    (mail,) = await desk.done()
    assert mail.recipients == ("ann@example.com",)
    assert mail.subject == "ann ar Trunkline"
    token = token_of(mail)
    assert await desk.logins.reset_holds(token)
    with pytest.raises(InvalidInput, match="password"):
        await desk.logins.finish_reset(token, "short")
    await desk.logins.finish_reset(token, "a new good password")
    assert not await desk.logins.reset_holds(token)
    with pytest.raises(InvalidInput, match="token"):
        await desk.logins.finish_reset(token, "a new good password")


async def test_by_email_address_too_for_everybody_who_has_it(desk: Desk) -> None:
    await desk.add("ann-too", "Ann@example.com")
    await desk.add("joann", "joann@example.com")
    desk.resets.ask(" ANN@example.com ", address=HERE)
    sent = await desk.done()
    assert [mail.subject.split()[0] for mail in sent] == ["ann", "ann-too"]


async def test_nobody_else_gets_anything(desk: Desk) -> None:
    await desk.add("silent", "")
    await desk.add("gone", "gone@example.com")
    await desk.logins.change(COMMAND_LINE, "gone", enabled=False)
    for name in ("nobody", "nobody@example.com", "silent", "gone", "", "x" * 256, "a\0b", "%@%", "_nn"):
        desk.resets.ask(name, address=HERE)
    assert await desk.done() == []


async def test_without_a_server_or_an_address_nothing_is_sent(desk: Desk) -> None:
    assert desk.resets.offered
    for settings in (replace(SETTINGS, smtp=Smtp()), replace(SETTINGS, platform=Platform())):
        desk.settings = settings
        assert not desk.resets.offered
        desk.resets.ask("ann", address=HERE)
    desk.settings = SETTINGS
    assert await desk.done() == []


async def test_a_login_is_not_flooded(desk: Desk) -> None:
    for number in range(5):
        desk.resets.ask("ann", address=f"203.0.113.{number}")
    assert len(await desk.done()) == 3
    desk.now = 3600
    desk.resets.ask("ann", address=HERE)
    assert len(await desk.done()) == 1


async def test_an_address_has_to_wait_whomever_it_asks_for(desk: Desk) -> None:
    for _ in range(5):
        desk.resets.ask("nobody", address=HERE)
        desk.resets.ask("ann", address=HERE)
    for name in ("nobody", "ann"):
        with pytest.raises(TooManyRequests) as refused:
            desk.resets.ask(name, address=HERE)
        assert refused.value.wait_s == 3600
    desk.resets.ask("ann", address="203.0.113.9")


async def test_what_waits_is_bounded(desk: Desk) -> None:
    for number in range(WAITING_MAX + 5):
        desk.resets.ask("nobody", address=f"10.0.{number}.1")
    assert desk.resets._waiting.qsize() == WAITING_MAX


async def test_a_server_that_is_away_ends_nothing(desk: Desk) -> None:
    desk.failures = 1
    desk.resets.ask("ann", address=HERE)
    desk.resets.ask("ann", address=HERE)
    assert len(await desk.done()) == 1
    assert not desk.at_work.done()


async def test_the_audit_log_says_from_where_it_was_asked(desk: Desk) -> None:
    desk.resets.ask("ann", address=HERE)
    (mail,) = await desk.done()
    entries = (
        await desk.store.page_audit(AuditFilter(action="reset_password", entity_id="ann"), Paging())
    ).items
    assert [(each.actor, each.address, each.door) for each in entries] == [("ann", HERE, "panel")]
    assert token_of(mail) not in str(entries)


def test_an_allowance_forgets_who_asked_long_ago() -> None:
    now = 0.0
    allowance = Allowance(1, 10, lambda: now)
    assert allowance.take("a") == 0
    assert allowance.take("a") == 10
    assert allowance.take("b") == 0
    now = 10.0
    assert allowance.take("a") == 0
    for number in range(Allowance.KEPT):
        allowance.take(str(number))
    assert allowance.take("a") == 0
