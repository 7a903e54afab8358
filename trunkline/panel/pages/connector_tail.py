"""A connector's PDUs while they pass: looked at only where and while somebody has the page open."""

from nicegui import ui

from trunkline.model.identity import Actor, Permission
from trunkline.panel.visitor import Visitor
from trunkline.services.pdu_tail import PduLine, PduTail

TAIL_S = 1.0
TAIL_LINES = 300


class LivePdus:
    """What passes over the connector, from a click on until the page is left."""

    def __init__(self, visitor: Visitor, connector_id: str) -> None:
        self._visitor = visitor
        self._id = connector_id
        self._tail: PduTail | None = None
        text = visitor.text
        with ui.element("div").classes("actions"):
            self._button = ui.button(
                text("connector_detail.watch"), icon="play_arrow", on_click=visitor.on(self._toggle)
            ).props('outline no-caps dense data-test="watch"')
            ui.label(text("connector_detail.tail_about")).classes("quiet")
        self._log = ui.log(max_lines=TAIL_LINES).classes("pdus").props('dir="ltr" data-test="tail"')
        self._log.set_visibility(False)
        ui.context.client.on_delete(self._end)
        visitor.every(TAIL_S, self._pour)

    async def _toggle(self) -> None:
        if self._tail is not None:
            self._end()
        else:
            actor = await self._visitor.actor()
            self._tail = await self._visitor.services.pdu_tails.open(actor, self._id)
            self._log.set_visibility(True)
        watching = self._tail is not None
        self._button.set_text(
            self._visitor.text(f"connector_detail.{'stop_watching' if watching else 'watch'}")
        )
        self._button.props(f"icon={'stop' if watching else 'play_arrow'}")

    async def _pour(self, actor: Actor) -> None:
        if self._tail is None:
            return
        if not actor.may(Permission.VIEW_PLATFORM):
            self._end()
            return
        lines, cut = self._tail.take()
        for each in lines:
            self._log.push(self._written(each))
        if cut:
            self._log.push(self._visitor.text("connector_detail.left_out"))

    def _written(self, line: PduLine) -> str:
        clock = self._visitor.language.clock(line.at, self._visitor.zone)
        arrow = ">>>" if line.sent else "<<<"
        words = (clock, arrow, f"#{line.sequence_number}", line.name, line.status, line.summary)
        return " ".join(word for word in words if word)

    def _end(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None
