"""E-mails over SMTP (RFC 5321): one connection per e-mail, TLS verified."""

import platform
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

import aiosmtplib

from trunkline.model.mail import Mail, MailFailed
from trunkline.model.system_settings import Security, Smtp
from trunkline.smpp.asyncio.contexts import client_context

TIMEOUT_S: Final = 20.0
_LONGEST: Final = 300  # characters of a server's answer that are passed on


class SmtpMailer:
    """Implements `Mailer`. `context` replaces the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """`timeout_s` seconds are what each step may take: connecting, and each answer."""
        self._context = context
        self._timeout_s = timeout_s

    async def send(self, server: Smtp, mail: Mail) -> str:
        """Returns once the server has taken the e-mail, with what it said. Raises `MailFailed`."""
        try:
            message = _message(server, mail)
        except ValueError as error:
            raise MailFailed(f"The e-mail cannot be written: {error}") from None
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            # Else it asks the resolver, and waits for it.
            local_hostname=_own_name(),
            timeout=self._timeout_s,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._context or client_context(),
        )
        try:
            async with client:
                if server.username:
                    await client.login(server.username, server.password)
                refused, answer = await client.send_message(message)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailFailed(_explain(server, error)) from None
        if refused:
            who = ", ".join(f"{address} ({response.code})" for address, response in refused.items())
            raise MailFailed(f"The server took the e-mail, but not for {who}: {answer}")
        return _line(answer)


def _message(server: Smtp, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address(mail.sender_name, addr_spec=server.sender)
    message["To"] = [Address(addr_spec=each) for each in mail.recipients]
    message["Subject"] = mail.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    # Told to autoresponders, RFC 3834.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _own_name() -> str:
    name = platform.node()
    return name if name and name.isascii() and " " not in name else "localhost"


def _explain(server: Smtp, error: Exception) -> str:
    """Why it failed and what to look at, in a sentence."""
    place = f"{server.host}:{server.port}"
    untrusted = _cause(error, ssl.SSLCertVerificationError)
    if untrusted is not None:
        return f"The certificate of {place} is not to be trusted: {_line(str(untrusted))}"
    if _cause(error, ssl.SSLError) is not None:
        return f"{place} does not speak TLS as it is set; check port and security"
    match error:
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return f"{place} did not answer in time; check host, port and firewalls"
        case aiosmtplib.SMTPAuthenticationError():
            return f"{place} refused user name or password: {_answer(error)}"
        case aiosmtplib.SMTPRecipientsRefused():
            refused = ", ".join(f"{each.recipient}: {_answer(each)}" for each in error.recipients)
            return f"{place} took no recipient: {refused}"
        case aiosmtplib.SMTPSenderRefused():
            return f"{place} refused the sender {server.sender}: {_answer(error)}"
        case aiosmtplib.SMTPNotSupported():
            return f"{place} cannot do what is set: {_line(str(error))}; check security and user name"
        case aiosmtplib.SMTPResponseException():
            return f"{place} refused the e-mail: {_answer(error)}"
        case aiosmtplib.SMTPServerDisconnected():
            return f"{place} closed the connection; check port and security"
        case aiosmtplib.SMTPConnectError() | OSError():
            return f"Cannot connect to {place}: {_line(str(error))}; check host, port and firewalls"
    return f"{place} could not be used: {_line(str(error)).rstrip('.')}; check port and security"


def _answer(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {_line(error.message)}"


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The error of this kind that is behind another one."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, kind):
        seen = seen.__cause__ or seen.__context__
    return seen


def _line(text: str) -> str:
    """What a server said as one short line that can be shown anywhere."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "..."
