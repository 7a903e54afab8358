"""Logins and what is done with them: a table on the pages of administrators and of enterprise users."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from trunkline.model.errors import AlreadyExists, InUse
from trunkline.model.identity import Actor, Login, Role, Session
from trunkline.model.people import LoginFilter, Paging
from trunkline.model.people import Page as Rows
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog, show_secrets
from trunkline.panel.components.form import Field
from trunkline.panel.components.form import Kind as FieldKind
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput


class LoginTable:
    """Administrators' logins, or those of an account."""

    def __init__(
        self,
        visitor: Visitor,
        name: str,
        *,
        account: str = "",
        account_id: int | None = None,
        may_change: bool,
    ) -> None:
        """`name` is the table's; `account` and its id are whose logins these are, none: administrators."""
        self._visitor = visitor
        self._account = account
        self._account_id = account_id
        self._sessions: Table[Session] | None = None
        self._table = Table(visitor, self._listing(name), actions=self._actions() if may_change else ())
        self._may_change = may_change

    async def refresh(self) -> None:
        """Reads the page that is shown once more."""
        await self._table.refresh()

    def follows(self, sessions: Table[Session]) -> None:
        """Has a table of sessions be read again when a change of logins may have ended some."""
        self._sessions = sessions

    def adding(self, place: ui.element) -> None:
        """Puts the button that adds a login into this place, for who may."""
        if self._may_change:
            with place:
                ui.button(self._visitor.text("logins.new"), icon="add", on_click=self._add).props(
                    "unelevated no-caps dense"
                )

    def _listing(self, name: str) -> Listing[Login]:
        visitor, logins = self._visitor, self._visitor.services.logins

        async def load(actor: Actor, query: Query) -> Rows[Login]:
            asked = query.filters
            wanted = LoginFilter(
                text=asked.get("text", ""),
                administrators=self._account_id is None,
                enabled={"enabled": True, "disabled": False}.get(asked.get("status", "")),
                account_id=self._account_id,
            )
            return await logins.list(actor, wanted, Paging(query.limit, query.after))

        column = Column[Login]
        role = column("role", lambda each: visitor.text(f"role.{each.role.value}"))
        states = {each: visitor.text(f"state.{each}") for each in ("enabled", "disabled")}
        return Listing(
            name,
            (
                column("username", lambda each: each.username),
                *(() if self._account else (role,)),
                column("full_name", lambda each: each.full_name),
                column("email", lambda each: each.email),
                column("second_factor", lambda each: each.has_totp, Kind.FLAG),
                column("status", lambda each: "enabled" if each.enabled else "disabled", Kind.BADGE),
                column("last_sign_in", lambda each: each.last_login_at, Kind.TIME),
                column("created_at", lambda each: each.created_at, Kind.TIME),
            ),
            load,
            key=lambda each: str(each.id),
            filters=(Filter("text"), Filter("status", states)),
            icon="person",
        )

    def _actions(self) -> list[RowAction[Login]]:
        text, own = self._visitor.text, self._visitor.login.id

        def others(login: Login) -> bool:
            return login.id != own

        def action(
            name: str,
            icon: str,
            run: Callable[[Login], Awaitable[None]],
            applies: Callable[[Login], bool] = lambda _: True,
        ) -> RowAction[Login]:
            return RowAction(name, icon, text(f"logins.{name}"), run, applies)

        return [
            action("edit", "edit", self._edit),
            action("renew", "lock_reset", self._renew, others),
            action("drop_factor", "phonelink_erase", self._drop_factor, lambda each: each.has_totp),
            action("sign_out", "logout", self._sign_out),
            action("disable", "block", self._disable, lambda each: others(each) and each.enabled),
            action("enable", "check", self._enable, lambda each: not each.enabled),
            action("delete", "delete", self._delete, others),
        ]

    # --- what is done ---

    async def _changed(self) -> None:
        await self._table.refresh()
        if self._sessions is not None:
            await self._sessions.refresh()

    def _profile(self) -> list[Field]:
        visitor = self._visitor
        roles = {
            each.value: f"{visitor.text(f'role.{each.value}')}: {visitor.text(f'role_may.{each.value}')}"
            for each in Role
            if each is not Role.ENTERPRISE
        }
        role = Field("role", FieldKind.CHOICE, required=True, options=roles)
        return [*(() if self._account else (role,)), Field("full_name"), Field("email")]

    def _add(self) -> None:
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            username, password = values.pop("username"), values.pop("password") or None
            if self._account:
                values |= {"role": Role.ENTERPRISE.value, "account": self._account}
            actor = await visitor.actor()
            try:
                made = await visitor.services.logins.create(actor, username, password=password, **values)
            except AlreadyExists:
                raise InvalidInput("username", visitor.text("error.taken")) from None
            self._show(visitor.text("logins.made", name=made.username), made.password)
            await self._changed()

        username = Field("username", required=True)
        password = Field("password", FieldKind.PASSWORD, hint=visitor.text("logins.password_hint"))
        values = {} if self._account else {"role": Role.OPERATOR.value}
        form_dialog(
            visitor,
            visitor.text("logins.new"),
            [username, *self._profile(), password],
            save,
            values=values,
            action=visitor.text("action.add"),
        )

    async def _edit(self, login: Login) -> None:
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            try:
                await visitor.services.logins.change(await visitor.actor(), login.id, **values)
            except InUse as error:
                raise InvalidInput("role", str(error)) from None
            await self._changed()

        values = {"role": login.role.value, "full_name": login.full_name, "email": login.email}
        form_dialog(
            visitor,
            visitor.text("logins.edit_title", name=login.username),
            self._profile(),
            save,
            values=values,
        )

    async def _renew(self, login: Login) -> None:
        async def carry_out() -> None:
            made = await self._visitor.services.logins.renew_password(await self._visitor.actor(), login.id)
            self._show(self._visitor.text("logins.renewed", name=login.username), made.password)
            await self._changed()

        self._confirm("renew", login, carry_out)

    async def _drop_factor(self, login: Login) -> None:
        async def carry_out() -> None:
            await self._visitor.services.logins.turn_totp_off(await self._visitor.actor(), login.id)
            await self._changed()

        self._confirm("drop_factor", login, carry_out)

    async def _sign_out(self, login: Login) -> None:
        async def carry_out() -> None:
            visitor = self._visitor
            ended = await visitor.services.sign_in.end_all(await visitor.actor(), login.id)
            await self._changed()
            visitor.tell(visitor.text("logins.signed_out", number=visitor.number(ended)))

        self._confirm("sign_out", login, carry_out)

    async def _disable(self, login: Login) -> None:
        async def carry_out() -> None:
            await self._set_enabled(login, False)

        self._confirm("disable", login, carry_out)

    async def _enable(self, login: Login) -> None:
        await self._set_enabled(login, True)

    async def _set_enabled(self, login: Login, enabled: bool) -> None:
        actor = await self._visitor.actor()
        await self._visitor.services.logins.change(actor, login.id, enabled=enabled)
        await self._changed()

    async def _delete(self, login: Login) -> None:
        async def carry_out() -> None:
            await self._visitor.services.logins.delete(await self._visitor.actor(), login.id)
            await self._changed()

        self._confirm("delete", login, carry_out)

    def _confirm(self, action: str, login: Login, carry_out: Callable[[], Awaitable[None]]) -> None:
        text = self._visitor.text
        confirm(
            self._visitor,
            text(f"logins.{action}_question", name=login.username),
            text(f"logins.{action}_consequence"),
            text(f"logins.{action}"),
            carry_out,
        )

    def _show(self, title: str, password: str) -> None:
        show_secrets(self._visitor, title, {"password": password}, self._visitor.text("logins.only_now"))
