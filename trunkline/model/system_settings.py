"""What administrators set for the platform as a whole (text 000, "System Settings"), and where it is kept.

A section is stored as JSON, so that a new field needs no migration; what is not stored has its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

MASK: Final = "***"
"""What is shown of a secret."""


class Section(StrEnum):
    """A part of the settings that is changed as one."""

    BRANDING = "branding"
    COMPANY = "company"
    PLATFORM = "platform"
    ALERTS = "alerts"
    SMTP = "smtp"


class Security(StrEnum):
    """How a connection to an SMTP server is protected."""

    NONE = "none"
    STARTTLS = "starttls"  # RFC 3207: plain at first, TLS before anything is said
    TLS = "tls"  # RFC 8314: TLS from the first octet


@dataclass(slots=True, frozen=True)
class Branding:
    """How the panel calls itself and looks."""

    platform_name: str = "Trunkline"
    main_color: str = "#0f766e"


@dataclass(slots=True, frozen=True)
class Company:
    """Who runs the platform."""

    name: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    tax_id: str = ""


@dataclass(slots=True, frozen=True)
class Platform:
    """What holds for everybody who has not chosen otherwise."""

    public_url: str = ""  # where people reach the panel, without /panel; links in e-mails begin with it
    timezone: str = ""  # empty: the browser's
    locale: str = ""  # empty: the browser's
    low_credit_threshold: int = 0  # micro-credits below which a balance is shown as low; 0: never


@dataclass(slots=True, frozen=True)
class Alerts:
    """Whom the platform writes to."""

    recipients: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Smtp:
    """The server that takes the platform's e-mails."""

    host: str = ""  # empty: no e-mails are sent
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""  # empty: the server asks for none
    password: str = field(default="", repr=False)
    sender: str = ""  # the address that e-mails come from


@dataclass(slots=True, frozen=True)
class Logo:
    """A picture in place of the product's own mark."""

    media_type: str
    digest: str  # SHA-256 in hex: names this picture among all that were
    content: bytes = field(repr=False)


AnySection: TypeAlias = Branding | Company | Platform | Alerts | Smtp

SECTION_TYPES: Final[Mapping[Section, type[AnySection]]] = MappingProxyType(
    {
        Section.BRANDING: Branding,
        Section.COMPANY: Company,
        Section.PLATFORM: Platform,
        Section.ALERTS: Alerts,
        Section.SMTP: Smtp,
    }
)


@dataclass(slots=True, frozen=True)
class PlatformSettings:
    """All sections together."""

    branding: Branding = Branding()
    company: Company = Company()
    platform: Platform = Platform()
    alerts: Alerts = Alerts()
    smtp: Smtp = Smtp()
    logo: Logo | None = None

    def section(self, name: Section) -> AnySection:
        """The section of this name."""
        found: AnySection = getattr(self, name.value)
        return found

    @property
    def sends_mail(self) -> bool:
        """Whether there is a server for e-mails."""
        return bool(self.smtp.host and self.smtp.sender)

    @property
    def resets_by_mail(self) -> bool:
        """Whether a forgotten password can be replaced by a link in an e-mail."""
        return self.sends_mail and bool(self.platform.public_url)


class SettingsStore(Protocol):
    """Where the settings are kept. Every change bumps the configuration's revision."""

    async def platform_settings(self) -> PlatformSettings:
        """All of them, secrets in clear."""
        ...

    async def update_settings(self, section: Section, values: AnySection) -> None:
        """Replaces a section."""
        ...

    async def set_logo(self, logo: Logo | None) -> None:
        """Replaces the logo; None: the product's own mark is shown."""
        ...
