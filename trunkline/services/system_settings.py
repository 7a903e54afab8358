"""Settings of the platform as administrators see and change them (text 000, "System Settings")."""

import hashlib
from dataclasses import asdict, replace
from typing import Any, Final

from trunkline.model.administration import Administration
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.mail import Mail, Mailer, MailFailed
from trunkline.model.pictures import recognise
from trunkline.model.system_settings import (
    MASK,
    SECTION_TYPES,
    AnySection,
    Logo,
    PlatformSettings,
    Section,
    Smtp,
)
from trunkline.services.accounts import InvalidInput, check_email, choice
from trunkline.services.settings_rules import CHECKS

LOGO_MAX: Final = 200_000
"""Octets of a logo: every page shows it."""

LOGO_MAX_PIXELS: Final = 2000

TEST_SUBJECT: Final = "Test e-mail of {platform}"
TEST_TEXT: Final = """\
This is a test e-mail of {platform}.

It was asked for by {name}. The e-mail settings work.
"""


class SystemSettings:
    """Sections of settings, the logo, and the e-mail that tries the settings out.

    Where e-mails go, and where their links lead, decides who gets a new password for whose login: that part
    takes the permission to manage administrators.
    """

    def __init__(self, administration: Administration, mailer: Mailer) -> None:
        self._administration = administration
        self._mailer = mailer

    async def show(self, actor: Actor) -> PlatformSettings:
        """All sections; a password shows as ``***``. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return _masked(await self._administration.platform_settings())

    async def change(self, actor: Actor, section: str, **fields: Any) -> PlatformSettings:
        """Changes fields of a section; what is not given stays, a password of ``***`` too.

        Raises `Forbidden`, `InvalidInput`, and `NotFound` for the section.
        """
        actor.require(Permission.MANAGE_SETTINGS)
        name = _section(section)
        current = await self._administration.platform_settings()
        before = current.section(name)
        if fields.get("password") == MASK:
            del fields["password"]
        unknown = sorted(fields.keys() - asdict(before).keys())
        if unknown:
            raise InvalidInput(unknown[0], f"is no setting of {name.value}")
        after = CHECKS[name](replace(before, **fields))
        if _decides_over_logins(before, after):
            actor.require(Permission.MANAGE_ADMINS)
        await self._administration.update_settings(name, after)
        return _masked(replace(current, **{name.value: after}))

    async def set_logo(self, actor: Actor, content: bytes) -> Logo:
        """Shows this picture in place of the product's mark. Raises `Forbidden`, `InvalidInput`."""
        actor.require(Permission.MANAGE_SETTINGS)
        if len(content) > LOGO_MAX:
            raise InvalidInput("logo", f"at most {LOGO_MAX // 1000} kB")
        picture = recognise(content)
        if picture is None:
            raise InvalidInput("logo", "a PNG, JPEG or WebP picture")
        if max(picture.width, picture.height) > LOGO_MAX_PIXELS:
            raise InvalidInput("logo", f"at most {LOGO_MAX_PIXELS} pixels wide and high")
        logo = Logo(picture.media_type, hashlib.sha256(content).hexdigest(), content)
        await self._administration.set_logo(logo)
        return logo

    async def remove_logo(self, actor: Actor) -> None:
        """Shows the product's own mark again. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.MANAGE_SETTINGS)
        if (await self._administration.platform_settings()).logo is None:
            raise NotFound("logo", "")
        await self._administration.set_logo(None)

    async def send_test(self, actor: Actor, recipient: str = "") -> str:
        """Sends an e-mail to `recipient`, else to the recipients of alerts; what the server said.

        Raises `Forbidden`, `InvalidInput`, `MailFailed`.
        """
        actor.require(Permission.MANAGE_SETTINGS)
        settings = await self._administration.platform_settings()
        check_email("recipient", recipient)
        recipients = (recipient,) if recipient else settings.alerts.recipients
        if not recipients:
            raise InvalidInput("recipient", "name one, or set recipients of alerts")
        if not settings.sends_mail:
            raise MailFailed("No e-mail server is set: fill in host and sender of the section smtp first")
        platform = settings.branding.platform_name
        mail = Mail(
            recipients,
            TEST_SUBJECT.format(platform=platform),
            TEST_TEXT.format(platform=platform, name=actor.name),
            platform,
        )
        return await self._mailer.send(settings.smtp, mail)


def _section(text: str) -> Section:
    if text not in SECTION_TYPES:
        raise NotFound("section", text)
    return Section(choice("section", text, Section))


def _decides_over_logins(before: AnySection, after: AnySection) -> bool:
    """Whether a change has e-mails go, or their links lead, elsewhere."""
    if isinstance(after, Smtp):
        return after != before
    return getattr(after, "public_url", "") != getattr(before, "public_url", "")


def _masked(settings: PlatformSettings) -> PlatformSettings:
    shown = MASK if settings.smtp.password else ""
    return replace(settings, smtp=replace(settings.smtp, password=shown))
