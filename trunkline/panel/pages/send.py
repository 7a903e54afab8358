"""Send SMS: one text to one or several numbers, with its length while it is written."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Permission
from trunkline.model.snapshot import Account
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.form import Field, Form, Kind
from trunkline.panel.components.heading import card, heading
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.sending import Draft, Sent

PRIORITIES = {each: str(each) for each in range(4)}


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    heading(visitor, "send")
    accounts = visitor.services.sending.accounts(visitor.signed_in.actor)
    if not accounts:
        empty_state("sms", visitor.text("send.no_account"), visitor.text("send.no_account_next"))
        return
    _SendForm(visitor, accounts)


class _SendForm:
    """The form, the count below it and what became of the messages."""

    def __init__(self, visitor: Visitor, accounts: Sequence[Account]) -> None:
        self._visitor = visitor
        self._chooses = visitor.login.account_id is None
        text = visitor.text
        fields = [
            Field("sender", hint=text("send.default_sender")),
            Field("recipients", Kind.LONG_TEXT, required=True, hint=text("send.numbers")),
            Field("text", Kind.LONG_TEXT, required=True),
            Field("priority", Kind.CHOICE, hint=text("send.priorities"), options=PRIORITIES),
            Field("flash", Kind.SWITCH),
        ]
        if self._chooses:
            names = {each.id: each.name for each in accounts}
            fields.insert(0, Field("account", Kind.CHOICE, required=True, options=names))
        with ui.element("div").classes("grid"):
            with card(text("send.message"), "wide"):
                values = {"account": accounts[0].id if len(accounts) == 1 else None, "priority": 0}
                self._form = Form(visitor, fields, self._send, values=values, action=text("send.send"))
                self._count = ui.label("").props('data-test="count" aria-live="polite"').classes("quiet")
                self._smart = ui.label("").classes("quiet")
            self._results = card(text("send.result"))
        self._results.set_visibility(False)
        self._form.watch(["text", "account"] if self._chooses else ["text"], self._inspect)

    def _account_id(self) -> int | None:
        return self._form.value("account") if self._chooses else self._visitor.login.account_id

    def _inspect(self) -> None:
        """Shows the text's length. It changes nothing, so the session is not asked for at every letter."""
        visitor, written = self._visitor, self._form.value("text") or ""
        self._count.set_text("")
        self._smart.set_text("")
        self._form.mark("text", "")
        if not written:
            return
        with visitor.faults():
            try:
                report = visitor.services.sending.inspect(
                    visitor.signed_in.actor, self._account_id(), written
                )
            except InvalidInput as error:
                self._form.mark("text", error.rule)
                return
            number = visitor.number
            self._count.set_text(
                visitor.text(
                    "send.count",
                    characters=number(report.characters),
                    parts=number(report.parts),
                    encoding=report.encoding.upper(),
                    left=number(report.units_left),
                )
            )
            shorter = report.smart_encoding
            if shorter is not None and shorter.parts < report.parts:
                self._smart.set_text(
                    visitor.text("send.smart", parts=number(shorter.parts), text=shorter.text)
                )

    async def _send(self, values: dict[str, Any]) -> None:
        visitor = self._visitor
        draft = Draft(
            values["recipients"].splitlines(),
            values["text"],
            values["sender"] or "",
            values["priority"],
            values["flash"],
        )
        sent = await visitor.services.sending.send(await visitor.actor(), self._account_id(), draft)
        self._show(sent)
        refused = [each for each in sent if each.rule]
        if len(refused) < len(sent):
            visitor.tell(visitor.text("send.sent", number=visitor.number(len(sent) - len(refused))))
        # What was taken in is not sent a second time when the button is pressed again.
        self._form.set("recipients", "\n".join(each.recipient for each in refused))
        if refused:
            raise InvalidInput(refused[0].field or "message", refused[0].rule)

    def _show(self, sent: Sequence[Sent]) -> None:
        self._results.set_visibility(True)
        for child in self._results.default_slot.children[1:]:
            self._results.remove(child)
        with self._results, ui.element("table").classes("small-table wraps"):
            with ui.element("thead"), ui.element("tr"):
                for each in ("send.recipient", "send.outcome"):
                    with ui.element("th"):
                        ui.label(self._visitor.text(each))
            with ui.element("tbody"):
                for row in sent:
                    with ui.element("tr"):
                        with ui.element("td"):
                            ui.label(row.recipient)
                        with ui.element("td"):
                            ui.label(row.message_id or row.rule)


PAGE = Page("send", "/send", "send", Section.MESSAGING, build, (Permission.SEND_SMS,), quick=True)
