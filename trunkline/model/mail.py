"""E-mails, and the port that sends them."""

from dataclasses import dataclass
from typing import Protocol

from trunkline.model.system_settings import Smtp


@dataclass(slots=True, frozen=True)
class Mail:
    """An e-mail of plain text."""

    recipients: tuple[str, ...]
    subject: str
    text: str
    sender_name: str = ""  # shown beside the sender's address


class MailFailed(Exception):
    """The e-mail was not taken; the text says why and what to do, in words for an administrator."""


class Mailer(Protocol):
    """Hands e-mails to a server."""

    async def send(self, server: Smtp, mail: Mail) -> str:
        """Returns once the server has taken the e-mail, with what it said. Raises `MailFailed`."""
        ...
