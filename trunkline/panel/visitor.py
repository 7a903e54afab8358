"""The person before a page: who it is, which language and time zone, and what happens when they act."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nicegui import ui
from starlette.requests import Request

from trunkline.model.errors import ManagementError
from trunkline.model.identity import Actor, Forbidden, Login, Permission, act_as
from trunkline.model.money import format_credits
from trunkline.model.ports import StorageUnavailable
from trunkline.model.system_settings import PlatformSettings
from trunkline.panel.downloads import Downloads
from trunkline.panel.languages import Language, best_language
from trunkline.panel.needs import PanelServices
from trunkline.services.accounts import InvalidInput
from trunkline.services.sign_in import SignedIn

if TYPE_CHECKING:
    from trunkline.panel.navigation import Page

SESSION_COOKIE = "trunkline_session"
LANGUAGE_COOKIE = "trunkline_language"
THEME_COOKIE = "trunkline_theme"
ZONE_COOKIE = "trunkline_zone"


class SessionOver(Exception):
    """The session has expired or was revoked"""


@dataclass(slots=True)
class Visitor:
    """One signed-in person on one page. What they may do is asked anew with every action."""

    services: PanelServices
    token: str
    address: str
    signed_in: SignedIn
    language: Language
    zone: tzinfo
    dark: bool | None  # None: as their system is
    pages: Sequence[Page] = ()  # those they may open
    asked: Mapping[str, str] = field(default_factory=dict)  # what stands behind the "?" of the page's address
    downloads: Downloads = field(default_factory=Downloads)

    @property
    def login(self) -> Login:
        return self.signed_in.login

    @property
    def settings(self) -> PlatformSettings:
        """What administrators have set for everybody."""
        return self.services.settings()

    def may_open(self, page: Page) -> bool:
        """Whether this page is for them."""
        return not page.needs or any(self.may(each) for each in page.needs)

    def may(self, permission: Permission) -> bool:
        """Whether to show what needs this permission; the services ask again."""
        return self.signed_in.actor.may(permission)

    def text(self, key: str, **values: object) -> str:
        """A text in the visitor's language."""
        return self.language.text(key, **values)

    def number(self, value: float, digits: int = 0) -> str:
        """A number as the visitor's language writes it."""
        return self.language.number(value, digits)

    def credits(self, micros: int) -> str:
        """Credits from micro-credits, exactly, as the visitor's language writes numbers."""
        return self.language.decimal(format_credits(micros))

    def time(self, unix_ms: int | None) -> str:
        """A moment in the visitor's time zone."""
        return self.language.time(unix_ms, self.zone)

    async def actor(self, *, seen: bool = True) -> Actor:
        """Who they are now. `seen`: they did something themselves. Raises `SessionOver`."""
        signed_in = await self.services.sign_in.resume(self.token, address=self.address, seen=seen)
        if signed_in is None:
            raise SessionOver
        self.signed_in = signed_in
        return signed_in.actor

    def on(self, action: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        """The handler of something they do: it acts as them, and says what went wrong.

        An action with a parameter is given the event.
        """
        wants_event = any(
            each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
            for each in inspect.signature(action).parameters.values()
        )

        async def handle(event: Any) -> None:
            with self.faults():
                with act_as(await self.actor()):
                    await (action(event) if wants_event else action())

        return handle

    def every(
        self, seconds: float, refresh: Callable[[Actor], Awaitable[None]], *, at_once: bool = False
    ) -> None:
        """Has the open page refresh itself for as long as the session lives; no sign that anyone looks.

        `at_once`: the first time as soon as the page is there.
        """

        async def tick() -> None:
            with self.faults():
                await refresh(await self.actor(seen=False))

        ui.timer(seconds, tick, immediate=at_once)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Shows what is foreseen as a notice; a session that is over leads to the sign-in page."""
        try:
            yield
        except SessionOver:
            ui.navigate.to("/sign-in")
        except Forbidden as error:
            self.warn(self.text("error.forbidden", permission=error.permission.value))
        except StorageUnavailable:
            self.warn(self.text("error.storage"))
        except (InvalidInput, ManagementError) as error:
            self.warn(str(error))

    def warn(self, text: str) -> None:
        """Says that something did not work."""
        ui.notify(text, type="negative", close_button=self.text("action.close"))

    def tell(self, text: str) -> None:
        """Says that something worked."""
        ui.notify(text, type="positive")


async def visitor_of(
    request: Request, services: PanelServices, pages: Sequence[Page], downloads: Downloads
) -> Visitor | None:
    """Who sends this request; None where nobody is signed in. `pages` are all there are."""
    token = request.cookies.get(SESSION_COOKIE, "")
    address = request.client.host if request.client is not None else ""
    signed_in = await services.sign_in.resume(token, address=address) if token else None
    if signed_in is None:
        return None
    login = signed_in.login
    platform = services.settings().platform
    visitor = Visitor(
        services,
        token,
        address,
        signed_in,
        language_of(request, login.locale or platform.locale),
        zone_named(login.timezone or platform.timezone or request.cookies.get(ZONE_COOKIE, "")),
        {"dark": True, "light": False}.get(request.cookies.get(THEME_COOKIE, "")),
        asked=dict(request.query_params),
        downloads=downloads,
    )
    visitor.pages = [page for page in pages if visitor.may_open(page)]
    return visitor


def language_of(request: Request, preferred: str = "") -> Language:
    """By the cookie of the language switch, else the preferred one, else what the browser asks for."""
    wanted = request.cookies.get(LANGUAGE_COOKIE, "") or preferred
    return best_language(wanted, request.headers.get("accept-language", ""))


def zone_named(name: str) -> tzinfo:
    """The time zone of this IANA name; UTC for what is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
