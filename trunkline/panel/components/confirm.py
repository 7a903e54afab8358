"""Asking before anything that cannot be taken back."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from trunkline.panel.visitor import Visitor


def confirm(
    visitor: Visitor, question: str, consequence: str, action: str, carry_out: Callable[[], Awaitable[None]]
) -> None:
    """Opens a dialog; `carry_out` runs, as the visitor, only after its button `action` was pressed."""
    with ui.dialog() as dialog, ui.card().classes("confirm"):
        dialog.on("hide", dialog.delete)
        ui.label(question).classes("question")
        ui.label(consequence).classes("quiet")

        async def agree() -> None:
            dialog.close()
            await carry_out()

        with ui.element("div").classes("actions"):
            ui.button(visitor.text("action.cancel"), on_click=dialog.close).props("flat no-caps autofocus")
            ui.button(action, on_click=visitor.on(agree)).props("unelevated no-caps color=negative")
    dialog.open()
