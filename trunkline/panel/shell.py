"""The frame of every page: sidebar, header, what is the same everywhere."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui
from nicegui.elements.drawer import Drawer
from starlette.requests import Request

from trunkline.model.identity import Actor
from trunkline.panel.branding import colors_css, logo_address
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.languages import languages
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import LANGUAGE_COOKIE, THEME_COOKIE, Visitor

WATCH_S = 15.0
THEMES = ("auto", "light", "dark")


async def show(visitor: Visitor, page: Page, request: Request) -> None:
    """Builds a page inside its frame."""
    with _frame(visitor, page):
        balance = _header(visitor, page, _sidebar(visitor, page))
        with ui.element("div").classes("page"):
            with visitor.faults():
                await page.build(visitor, request)

        async def watch(actor: Actor) -> None:
            # Asking is enough: a session that is over leads to the sign-in page.
            await _show_balance(visitor, actor, balance)

        if balance is not None:
            with visitor.faults():
                await _show_balance(visitor, visitor.signed_in.actor, balance)
        visitor.every(WATCH_S, watch)


def not_allowed(visitor: Visitor, page: Page) -> None:
    """What is shown instead of a page that somebody may not open."""
    with _frame(visitor, page):
        _header(visitor, page, _sidebar(visitor, page))
        with ui.element("div").classes("page"):
            empty_state("lock", visitor.text("error.not_allowed"), visitor.text("error.not_allowed_next"))


@contextmanager
def _frame(visitor: Visitor, page: Page) -> Iterator[None]:
    client = ui.context.client
    # Title, language and theme are this visitor's, the page object is everybody's.
    client.page = copy.copy(client.page)
    client.page.title = f"{visitor.text(f'{page.name}.title')} · {visitor.settings.branding.platform_name}"
    client.page.language = "ar" if visitor.language.code == "ar" else "en-US"
    client.page.dark = visitor.dark
    client.content.classes(remove="nicegui-content").classes("content")
    ui.add_head_html(colors_css(visitor.settings.branding))
    ui.colors(primary=visitor.settings.branding.main_color, negative="#dc2626", positive="#0d9488")
    yield


def _header(visitor: Visitor, page: Page, sidebar: Drawer) -> ui.label | None:
    """The bar at the top; returns the label of the balance where there is one."""
    balance = None
    with ui.header().classes("top"):
        ui.button(icon="menu").props(f'flat round dense aria-label="{visitor.text("shell.menu")}"').on(
            "click", js_handler=f"() => getElement({sidebar.id}).toggle()"
        )
        ui.label(visitor.text(f"{page.name}.title")).classes("where")
        ui.space()
        if visitor.login.account_id is not None:
            balance = ui.label("").classes("balance")
        _switches(visitor)
        _user_menu(visitor)
    return balance


async def _show_balance(visitor: Visitor, actor: Actor, label: ui.label | None) -> None:
    if label is None:
        return
    balance = await visitor.services.dashboard.balance(actor)
    if balance is not None:
        low = balance < visitor.settings.platform.low_credit_threshold
        key = "shell.low_balance" if low else "shell.balance"
        label.set_text(visitor.text(key, amount=visitor.credits(balance)))
        label.classes(add="low" if low else "", remove="" if low else "low")


def _switches(visitor: Visitor) -> None:
    with ui.button(icon="translate").props(f'flat round dense aria-label="{visitor.text("shell.language")}"'):
        with ui.menu():
            for each in languages().values():
                ui.menu_item(each.name).props(
                    f'data-cookie="{LANGUAGE_COOKIE}={each.code}" lang="{each.code}"'
                )
    with ui.button(icon="contrast").props(f'flat round dense aria-label="{visitor.text("shell.theme")}"'):
        with ui.menu():
            for theme in THEMES:
                ui.menu_item(visitor.text(f"shell.theme_{theme}")).props(
                    f'data-cookie="{THEME_COOKIE}={theme}"'
                )


def _user_menu(visitor: Visitor) -> None:
    login = visitor.login
    with ui.button(icon="account_circle").props(
        f'flat round dense aria-label="{visitor.text("shell.user")}"'
    ):
        with ui.menu():
            with ui.element("div").classes("whoami"):
                ui.label(login.full_name or login.username)
                ui.label(visitor.text(f"role.{login.role.value}")).classes("quiet")
            ui.menu_item(visitor.text("own.title"), on_click=lambda: ui.navigate.to("/own"))
            with ui.element("form").props('method="post" action="/panel/sign-out"'):
                with ui.element("button").props('type="submit"').classes("sign-out"):
                    ui.label(visitor.text("shell.sign_out"))


def _sidebar(visitor: Visitor, current: Page) -> Drawer:
    # The browser opens it where there is room; the style sheets mirror it for right-to-left.
    drawer = ui.left_drawer(value=False, top_corner=True, bottom_corner=True, bordered=True)
    with drawer.classes("sidebar").props('show-if-above width=232 role="navigation"'):
        with ui.link(target="/").classes("brand"):
            ui.element("img").props(f'src="{logo_address(visitor.settings)}" alt="" height="28"')
            ui.label(visitor.settings.branding.platform_name)
        for section in Section:
            listed = [each for each in visitor.pages if each.listed and each.section is section]
            if not listed:
                continue
            ui.label(visitor.text(f"section.{section.value}")).classes("section")
            for each in listed:
                with ui.link(target=each.path).classes("entry") as link:
                    if each is current:
                        link.classes("current").props('aria-current="page"')
                    ui.icon(each.icon)
                    ui.label(visitor.text(f"{each.name}.title"))
    return drawer
