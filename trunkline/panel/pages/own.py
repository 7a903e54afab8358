"""The visitor's own login: password, second factor, signed-in browsers."""

from typing import Any

import segno
from nicegui import ui
from starlette.requests import Request

from trunkline.panel.components.form import Field, Form, Kind
from trunkline.panel.components.heading import card, heading
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.sessions import session_table
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    heading(visitor, "own")
    with ui.element("div").classes("grid"):
        with card(visitor.text("own.password")):
            _password(visitor)
        with card(visitor.text("own.second_factor")) as place:
            _second_factor(visitor, place)
    await session_table(visitor, login_id=visitor.login.id)


def _password(visitor: Visitor) -> None:
    async def save(values: dict[str, Any]) -> None:
        if values["password"] != values["repeated_password"]:
            raise InvalidInput("repeated_password", visitor.text("own.passwords_differ"))
        # It ends every session, this one too: whoever knew the old password is out.
        await visitor.services.logins.change_own_password(
            await visitor.actor(), values["current_password"], values["password"]
        )
        ui.navigate.to("/sign-in")

    fields = [
        Field("current_password", Kind.PASSWORD, required=True),
        Field("password", Kind.PASSWORD, required=True, hint=visitor.text("own.password_rule")),
        Field("repeated_password", Kind.PASSWORD, required=True),
    ]
    Form(visitor, fields, save, action=visitor.text("own.change_password"))


def _second_factor(visitor: Visitor, place: ui.element) -> None:
    logins = visitor.services.logins

    def again() -> None:
        for child in place.default_slot.children[1:]:
            place.remove(child)
        with place:
            _second_factor(visitor, place)

    async def begin() -> None:
        secret, address = logins.new_totp(visitor.login)
        button.delete()
        with place:
            _confirmation(secret, address)

    def _confirmation(secret: str, address: str) -> None:
        async def save(values: dict[str, Any]) -> None:
            await logins.turn_totp_on(await visitor.actor(), secret, values["code"].replace(" ", ""))
            await visitor.actor()
            again()
            visitor.tell(visitor.text("own.factor_on"))

        ui.label(visitor.text("own.scan")).classes("quiet")
        picture = segno.make(address, micro=False).svg_data_uri(scale=4, light="#fff")
        ui.element("img").classes("qr").props["src"] = picture
        ui.label(secret).classes("secret").props('data-test="totp-secret"')
        Form(visitor, [Field("code", required=True)], save, action=visitor.text("own.confirm_factor"))

    if not visitor.login.has_totp:
        ui.label(visitor.text("own.factor_missing")).classes("quiet")
        button = ui.button(visitor.text("own.begin_factor"), on_click=visitor.on(begin))
        button.props("outline no-caps")
        return

    async def drop(values: dict[str, Any]) -> None:
        await logins.turn_own_totp_off(await visitor.actor(), values["password"])
        await visitor.actor()
        again()
        visitor.tell(visitor.text("own.factor_off"))

    ui.label(visitor.text("own.factor_there")).classes("quiet")
    Form(
        visitor,
        [Field("password", Kind.PASSWORD, required=True)],
        drop,
        action=visitor.text("own.drop_factor"),
    )


PAGE = Page("own", "/own", "person", Section.OWN, build, listed=False)
