"""What is done with enterprise users, on their list and on the page of one."""

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.model.administration import AccountRow
from trunkline.model.errors import AlreadyExists, InsufficientBalance
from trunkline.model.identity import Actor
from trunkline.model.money import parse_credits
from trunkline.model.people import Paging
from trunkline.model.snapshot import ReceiptPolicy, UnknownOutcome
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog, show_secrets
from trunkline.panel.components.form import Field, Kind
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput

MOST_GROUPS = 500  # to choose from


class AccountActions:
    """Adds, changes, tops up, disables and enables; `changed` is called with the account after each."""

    def __init__(self, visitor: Visitor, changed: Callable[[AccountRow], Awaitable[None]]) -> None:
        self._visitor = visitor
        self._users = visitor.services.enterprise_users
        self._changed = changed

    async def add(self) -> None:
        """Asks for a new enterprise user, with a first login where one is named."""
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            values["balance"] = _micros("credits", values.pop("credits"), least=0)
            name = values.pop("name")
            try:
                made = await self._users.create(await visitor.actor(), name, **_whole(values))
            except AlreadyExists as error:
                field = "username" if error.noun == "login" else "name"
                raise InvalidInput(field, visitor.text("error.taken")) from None
            if made.login is not None:
                show_secrets(
                    visitor,
                    visitor.text("logins.made", name=made.login.username),
                    {"password": made.login.password},
                    visitor.text("logins.only_now"),
                )
            await self._changed(made.account)

        form_dialog(
            visitor,
            visitor.text("enterprise_users.new"),
            [
                Field("name", required=True, hint=visitor.text("enterprise_users.name_hint")),
                Field("username", hint=visitor.text("enterprise_users.login_hint")),
                Field("credits", hint=visitor.text("enterprise_users.credits_hint")),
                *await self._fields(await visitor.actor()),
            ],
            save,
            values={
                "credits": "0",
                "throughput": 0,
                "receipt_policy": ReceiptPolicy.ALL.value,
                "unknown_outcome": UnknownOutcome.WAIT.value,
            },
            action=visitor.text("action.add"),
        )

    async def edit(self, row: AccountRow) -> None:
        """Asks for what is to change."""
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            await self._changed(await self._users.change(await visitor.actor(), row.name, **_whole(values)))

        fields = await self._fields(await visitor.actor())
        form_dialog(
            visitor,
            visitor.text("enterprise_users.edit_title", name=row.name),
            fields,
            save,
            values={each.name: getattr(row, each.name) for each in fields},
        )

    async def credit(self, row: AccountRow) -> None:
        """Asks how many credits to add or take, and why."""
        visitor, text = self._visitor, self._visitor.text

        async def save(values: dict[str, Any]) -> None:
            amount = _micros("amount", values["amount"], least=1)
            taken = values["direction"] == "debit"
            actor = await visitor.actor()
            try:
                await self._users.credit(
                    actor, row.name, -amount if taken else amount, description=values["description"]
                )
            except InsufficientBalance:
                raise InvalidInput("amount", text("enterprise_users.not_covered")) from None
            await self._changed(await self._users.get(actor, row.name))

        directions = {each: text(f"enterprise_users.{each}") for each in ("topup", "debit")}
        form_dialog(
            visitor,
            text("enterprise_users.credit_title", name=row.name),
            [
                Field("direction", Kind.CHOICE, required=True, options=directions),
                Field("amount", required=True, hint=text("enterprise_users.amount_hint")),
                Field(
                    "description",
                    required=True,
                    hint=text("enterprise_users.reason_hint"),
                    label="reason",
                ),
            ],
            save,
            values={"direction": "topup"},
            action=text("enterprise_users.credit_action"),
        )

    async def disable(self, row: AccountRow) -> None:
        """Asks before nothing of the account's comes in any more."""

        async def carry_out() -> None:
            await self._set_enabled(row, False)

        text = self._visitor.text
        confirm(
            self._visitor,
            text("enterprise_users.disable_question", name=row.name),
            text("enterprise_users.disable_consequence"),
            text("enterprise_users.disable"),
            carry_out,
        )

    async def enable(self, row: AccountRow) -> None:
        """Lets the account in again."""
        await self._set_enabled(row, True)

    async def _set_enabled(self, row: AccountRow, enabled: bool) -> None:
        changed = await self._users.change(await self._visitor.actor(), row.name, enabled=enabled)
        await self._changed(changed)

    async def _fields(self, actor: Actor) -> list[Field]:
        """What an account can be made with, and be given afterwards."""
        text, services = self._visitor.text, self._visitor.services
        none = {"": text("enterprise_users.none")}
        first = Paging(MOST_GROUPS)
        groups = [each.name for each in (await services.groups.list(actor, page=first)).items]
        permissions = [each.name for each in (await services.permission_groups.list(actor, page=first)).items]
        policies = {each.value: text(f"receipt_policy.{each.value}") for each in ReceiptPolicy}
        outcomes = {each.value: text(f"unknown_outcome.{each.value}") for each in UnknownOutcome}
        return [
            Field("company"),
            Field("contact_email"),
            Field("permission_group", Kind.CHOICE, options=none | {each: each for each in permissions}),
            Field("group", Kind.CHOICE, options=none | {each: each for each in groups}),
            Field("default_sender", hint=text("enterprise_users.sender_hint")),
            Field("throughput", Kind.NUMBER, hint=text("enterprise_users.throughput_hint")),
            Field("unlimited", Kind.SWITCH),
            Field("smart_encoding", Kind.SWITCH),
            Field("receipt_policy", Kind.CHOICE, options=policies),
            Field("unknown_outcome", Kind.CHOICE, options=outcomes),
        ]


def _micros(field: str, text: str, *, least: int) -> int:
    """Micro-credits of what was typed in. Raises `InvalidInput`."""
    try:
        amount = parse_credits(text.strip() or "0")
    except ValueError as error:
        raise InvalidInput(field, str(error)) from None
    if amount < least:
        raise InvalidInput(field, "must be more than zero" if least else "must not be negative")
    return amount


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """The same with a rate that is a whole number, and no group where none is chosen."""
    rate = values["throughput"] or 0
    if rate != int(rate):
        raise InvalidInput("throughput", "must be a whole number")
    names = {name: values[name] or "" for name in ("group", "permission_group")}
    return values | names | {"throughput": int(rate)}
