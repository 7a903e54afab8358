"""A small SMTP server (RFC 5321) for tests, in threads of its own: it keeps what it was sent."""

import base64
import queue
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Received:
    """An e-mail with its envelope."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool
    user: str


@dataclass
class MailServer:
    """Listens between `with` and its end.

    `context`: with certificate; offered by STARTTLS, or used from the start where `implicit` is set.
    `user` and `password`: asked for. `refusals`: answers instead of the usual ones, by verb.
    """

    context: ssl.SSLContext | None = None
    implicit: bool = False
    user: str = ""
    password: str = ""
    refusals: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mails: queue.Queue[Received] = queue.Queue()
        self._server = _Listener(("127.0.0.1", 0), _Conversation)
        self._server.told = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def next_mail(self) -> Received:
        """The next e-mail that came or comes in."""
        return self.mails.get(timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    told: MailServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away as they like, and refuse our certificate."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Listener

    def setup(self) -> None:
        if self.server.told.implicit:
            self._encrypt()
        else:
            super().setup()

    def handle(self) -> None:
        self._say("220 mail.test ready")
        sender, recipients, self.login = "", [], ""
        while line := self.rfile.readline(2000).decode().rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            refusal = self.server.told.refusals.get(verb)
            if refusal is not None:
                self._say(refusal)
            elif verb == "EHLO":
                self._greet()
            elif verb == "STARTTLS":
                self._say("220 go ahead")
                self._encrypt()
            elif verb == "AUTH":
                self._check(rest)
            elif verb == "MAIL":
                sender, recipients = _address(rest), []
                self._say("250 ok")
            elif verb == "RCPT":
                recipients.append(_address(rest))
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                self._keep(sender, recipients)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("502 unknown")

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # where it is encrypted, nobody else knows of it

    def _greet(self) -> None:
        told = self.server.told
        offers = ["mail.test"]
        if told.context is not None and not self._encrypted:
            offers.append("STARTTLS")
        if told.user:
            offers.append("AUTH PLAIN")
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def _check(self, rest: str) -> None:
        told = self.server.told
        _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        if (user, password) == (told.user, told.password):
            self.login = user
            self._say("235 welcome")
        else:
            self._say("535 5.7.8 authentication failed")

    def _keep(self, sender: str, recipients: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.told.mails.put(Received(sender, recipients, message, self._encrypted, self.login))
        self._say("250 2.0.0 kept as 4711")

    @property
    def _encrypted(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def _encrypt(self) -> None:
        context = self.server.told.context
        assert context is not None
        self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
