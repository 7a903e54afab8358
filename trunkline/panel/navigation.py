"""The pages and where they stand in the sidebar: text 000's sections."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request

from trunkline.model.identity import Permission
from trunkline.panel.visitor import Visitor


class Section(StrEnum):
    """A heading in the sidebar; its text is `section.<value>`."""

    OVERVIEW = "overview"
    MESSAGING = "messaging"
    GATEWAY = "gateway"
    ACCOUNTS = "accounts"
    SYSTEM = "system"
    OWN = "own"  # reached by the user's menu, not by the sidebar


@dataclass(slots=True, frozen=True)
class Page:
    """One page. Its title is the text `<name>.title`, its explanation `<name>.about`.

    `needs` names permissions of which one opens the page; empty: everybody who is signed in.
    A page that is not `listed` (a detail) has no place in the sidebar.
    """

    name: str
    path: str
    icon: str  # of the Material icons that NiceGUI brings along
    section: Section
    build: Callable[[Visitor, Request], Awaitable[None]]
    needs: tuple[Permission, ...] = ()
    listed: bool = True
    quick: bool = False  # offered on the dashboard
