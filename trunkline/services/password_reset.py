"""A new password for somebody who forgot theirs: a link by e-mail, without telling anybody who exists.

Asking is answered at once and always in the same way, in time too: who it is about is found out afterwards,
by a task that nobody waits for.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, Login, act_as
from trunkline.model.mail import Mail, Mailer, MailFailed
from trunkline.model.people import LoginFilter, Paging
from trunkline.model.ports import StorageUnavailable
from trunkline.model.system_settings import PlatformSettings
from trunkline.services.login_limits import network
from trunkline.services.logins import Logins
from trunkline.services.sign_in import DOOR

log = structlog.get_logger()

LINK_S: Final = 3600
"""How long a link holds."""

PATH: Final = "/panel/reset"
NAME_MAX: Final = 255
WAITING_MAX: Final = 100  # requests that nobody has looked at yet
SHARED_MAX: Final = 10  # logins with one e-mail address that are written to

WriteMail = Callable[[Login, str, str, PlatformSettings], Mail]
"""Writes the e-mail to a login: with the link, in this language where the login has none of its own."""


class TooManyRequests(Exception):
    """`wait_s` seconds must pass before this address may ask again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many requests; try again in {int(wait_s) + 1} s")
        self.wait_s = wait_s


@dataclass(slots=True, frozen=True)
class _Request:
    name: str
    address: str
    locale: str


class PasswordReset:
    """Takes requests for links, and sends them. `run` must be running for the sending."""

    def __init__(
        self,
        administration: Administration,
        mailer: Mailer,
        settings: Callable[[], PlatformSettings],
        write: WriteMail,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._administration = administration
        self._logins = Logins(administration)
        self._mailer = mailer
        self._settings = settings
        self._write = write
        self._addresses = Allowance(10, 3600, clock)
        self._people = Allowance(3, 3600, clock)
        self._waiting: asyncio.Queue[_Request] = asyncio.Queue(WAITING_MAX)

    @property
    def offered(self) -> bool:
        """Whether links can be sent: there is an e-mail server, and it is known where the panel is."""
        return self._settings().resets_by_mail

    def ask(self, name: str, *, address: str, locale: str = "") -> None:
        """Takes a request for the login with this user name or e-mail address; returns at once.

        Whether there is such a login has no effect on what the asker sees. Raises `TooManyRequests`.
        """
        wait = self._addresses.take(network(address))
        if wait:
            raise TooManyRequests(wait)
        name = name.strip()
        if not self.offered or not 0 < len(name) <= NAME_MAX or not name.isprintable():
            return
        try:
            self._waiting.put_nowait(_Request(name, address, locale))
        except asyncio.QueueFull:
            log.warning("Too many ask for new passwords; this one is left out.", action="reset.too_many")

    async def run(self) -> None:
        """Sends links for as long as it is not cancelled."""
        while True:
            request = await self._waiting.get()
            try:
                await self._serve(request)
            except (MailFailed, StorageUnavailable) as error:
                log.warning(
                    "A link for a new password could not be sent.", action="reset.failed", reason=str(error)
                )

    async def _serve(self, request: _Request) -> None:
        settings = self._settings()
        if not settings.resets_by_mail:
            return
        for login in await self._found(request.name):
            if login.usable and login.email and not self._people.take(str(login.id)):
                await self._send(login, request, settings)

    async def _found(self, name: str) -> list[Login]:
        known = await self._administration.login_secrets(name)
        if known is not None:
            return [known.login]
        if "@" not in name:
            return []
        page = await self._administration.page_logins(LoginFilter(text=name), Paging(SHARED_MAX))
        return [each for each in page.items if each.email.casefold() == name.casefold()]

    async def _send(self, login: Login, request: _Request, settings: PlatformSettings) -> None:
        # Nobody is signed in: the audit log says whose link was asked for, and from where.
        asker = Actor(login.username, login.role, frozenset(), address=request.address, door=DOOR)
        with act_as(asker):
            token = await self._logins.start_own_reset(login, LINK_S)
        link = f"{settings.platform.public_url}{PATH}?token={token}"
        await self._mailer.send(settings.smtp, self._write(login, link, request.locale, settings))
        log.info("A link for a new password was sent.", action="reset.sent", login=login.username)


class Allowance:
    """So many of each key in a while; the least recently used keys are forgotten first."""

    KEPT = 10_000

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        """`most` may be taken within `seconds`."""
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Takes one; returns 0, or, where there is none left, the seconds until there is."""
        now = self._clock()
        times = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        if len(self._taken) > self.KEPT:
            self._taken.popitem(last=False)
        while times and now - times[0] >= self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return times[0] + self._seconds - now
        times.append(now)
        return 0.0
