"""The PDUs of one part of a message, decoded field by field, in a dialog."""

from nicegui import ui

from trunkline.panel.visitor import Visitor
from trunkline.services.message_pdus import LoggedPdu
from trunkline.services.pdu_explanation import ExplainedPdu, explain_pdus


async def show_pdus(visitor: Visitor, message_id: str, number: int) -> None:
    """Looks them up and opens the dialog. The message is read anew: it may have gone on meanwhile."""
    actor = await visitor.actor()
    found = await visitor.services.messages.show(actor, message_id)
    if found is None:
        visitor.warn(visitor.text("message_detail.unknown"))
        return
    message = found.message
    pdus = await visitor.services.message_pdus.of_segment(actor, message, number)
    with ui.dialog() as dialog, ui.card().classes("confirm pdu-dialog"):
        dialog.on("hide", dialog.delete)
        ui.label(visitor.text("message_detail.pdus", part=visitor.number(number))).classes("question")
        if not pdus.pdus:
            advice = "no_pdus" if pdus.logged else "no_log"
            ui.label(visitor.text(f"message_detail.{advice}", connector=message.connector_id))
        for each in pdus.pdus:
            for explained in explain_pdus(each.octets):
                _pdu(visitor, each, explained)
        with ui.element("div").classes("actions"):
            ui.button(visitor.text("action.close"), on_click=dialog.close).props("unelevated no-caps")
    dialog.open()


def _pdu(visitor: Visitor, logged: LoggedPdu, explained: ExplainedPdu) -> None:
    way = visitor.text("message_detail.to_smsc" if logged.sent else "message_detail.from_smsc")
    title = f"{visitor.time(logged.at)} · {explained.pdu} · {way}"
    with ui.element("details").classes("pdu"):
        with ui.element("summary"):
            ui.label(title)
        for problem in explained.problems:
            ui.label(problem).classes("fault")
        with ui.element("table").classes("small-table wraps"), ui.element("tbody"):
            for each in explained.fields:
                with ui.element("tr"):
                    with ui.element("td").classes("inner" if each.level else ""):
                        ui.label(each.field)
                    with ui.element("td"):
                        ui.label(str(each.value))
                    with ui.element("td").classes("quiet"):
                        ui.label(each.meaning)
        ui.label(logged.octets).classes("secret quiet")
