"""What each section of the settings must be like; each check returns it in its one way of writing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from trunkline.model.colors import READABLE, WHITE, contrast, is_color
from trunkline.model.system_settings import Alerts, Branding, Company, Platform, Section, Security, Smtp
from trunkline.services.accounts import InvalidInput, check_email, choice
from trunkline.services.logins import check_locale, check_timezone

MAX_RECIPIENTS: Final = 20
MAX_THRESHOLD: Final = 10**15  # micro-credits

_PHONE = re.compile(r"[+0-9][0-9 ()./-]{2,39}").fullmatch
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,251}[A-Za-z0-9])?").fullmatch


def check_branding(branding: Branding) -> Branding:
    """Raises `InvalidInput` for a colour on which white cannot be read, too."""
    name = _line("platform_name", branding.platform_name, 40)
    if not name:
        raise InvalidInput("platform_name", "is needed")
    color = branding.main_color.strip().lower()
    if not is_color(color):
        raise InvalidInput("main_color", "a colour such as #0f766e")
    found = contrast(color, WHITE)
    if found < READABLE:
        raise InvalidInput(
            "main_color", f"is too light: its contrast to white is {found:.1f}, at least {READABLE} is needed"
        )
    return Branding(name, color)


def check_company(company: Company) -> Company:
    """Raises `InvalidInput`."""
    email = company.email.strip()
    check_email("email", email)
    phone = company.phone.strip()
    if phone and not _PHONE(phone):
        raise InvalidInput("phone", "digits, spaces and any of + ( ) . / -")
    website = company.website.strip()
    if website:
        _split_url("website", website)
    address = "\n".join(line.strip() for line in company.address.strip().splitlines())
    if len(address) > 500 or not address.replace("\n", "").isprintable():
        raise InvalidInput("address", "at most 500 printable characters")
    return Company(
        _line("name", company.name, 255),
        address,
        email,
        phone,
        website,
        _line("tax_id", company.tax_id, 64),
    )


def check_platform(platform: Platform) -> Platform:
    """Raises `InvalidInput`."""
    url = platform.public_url.strip().rstrip("/")
    if url:
        parts = _split_url("public_url", url)
        if parts.path or parts.query or parts.fragment:
            raise InvalidInput("public_url", "no path: it ends with the host or the port")
    check_timezone("timezone", platform.timezone)
    check_locale("locale", platform.locale)
    if not 0 <= platform.low_credit_threshold <= MAX_THRESHOLD:
        raise InvalidInput("low_credit_threshold", "0 or a positive number of credits")
    return replace(platform, public_url=url)


def check_alerts(alerts: Alerts) -> Alerts:
    """Raises `InvalidInput`."""
    recipients = tuple(dict.fromkeys(each.strip() for each in alerts.recipients if each.strip()))
    if len(recipients) > MAX_RECIPIENTS:
        raise InvalidInput("recipients", f"at most {MAX_RECIPIENTS} addresses")
    for each in recipients:
        check_email("recipients", each)
    return Alerts(recipients)


def check_smtp(smtp: Smtp) -> Smtp:
    """Raises `InvalidInput`, for a password that would travel in clear too."""
    host = smtp.host.strip()
    if host and not _HOST(host):
        raise InvalidInput("host", "a name such as mail.example.com, or an address")
    if not 1 <= smtp.port <= 65535:
        raise InvalidInput("port", "from 1 to 65535")
    security = Security(choice("security", smtp.security, Security))
    sender = smtp.sender.strip()
    check_email("sender", sender)
    if host and not sender:
        raise InvalidInput("sender", "is needed: the address that e-mails come from")
    username = _line("username", smtp.username, 255)
    if username and security is Security.NONE:
        raise InvalidInput("security", "starttls or tls: else the password would travel in clear")
    if len(smtp.password) > 255 or not smtp.password.isprintable():
        raise InvalidInput("password", "at most 255 printable characters")
    return Smtp(host, smtp.port, security, username, smtp.password, sender)


def _line(field: str, text: str, longest: int) -> str:
    line = text.strip()
    if len(line) > longest or not line.isprintable():
        raise InvalidInput(field, f"at most {longest} printable characters")
    return line


def _split_url(field: str, url: str) -> Any:
    """The parts of a web address. Raises `InvalidInput`."""
    rule = "an address such as https://sms.example.com"
    if len(url) > 255 or not url.isascii() or not url.isprintable() or set(url) & set(" \"'<>\\"):
        raise InvalidInput(field, rule)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc:
        raise InvalidInput(field, rule)
    return parts


CHECKS: Final[Mapping[Section, Callable[[Any], Any]]] = {
    Section.BRANDING: check_branding,
    Section.COMPANY: check_company,
    Section.PLATFORM: check_platform,
    Section.ALERTS: check_alerts,
    Section.SMTP: check_smtp,
}
"""The check of each section."""
