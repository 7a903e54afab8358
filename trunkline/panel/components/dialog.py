"""Dialogs: a form to add or change something, and secrets that are shown once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.elements.dialog import Dialog

from trunkline.panel.components.form import Field, Form
from trunkline.panel.visitor import Visitor


def form_dialog(
    visitor: Visitor,
    title: str,
    fields: Sequence[Field],
    save: Callable[[dict[str, Any]], Awaitable[None]],
    *,
    values: Mapping[str, Any] | None = None,
    action: str = "",
) -> Form:
    """Opens a form; it closes once `save` has taken the values, and stays where a rule was broken.

    `save` runs as the visitor and may raise `InvalidInput`.
    """
    with ui.dialog() as dialog, ui.card().classes("confirm form-dialog"):
        dialog.on("hide", dialog.delete)
        ui.label(title).classes("question")

        async def keep(given: dict[str, Any]) -> None:
            await save(given)
            dialog.close()

        form = Form(visitor, fields, keep, values=values, action=action, cancel=dialog.close)
    dialog.open()
    return form


def show_secrets(visitor: Visitor, title: str, secrets: Mapping[str, str], note: str) -> Dialog:
    """Opens what is shown this once: secrets by what they are called, with `data-test` of that name.

    The names are labels of fields: `field.<name>`.
    """
    # Beside whatever is open: a dialog inside another goes with it.
    with ui.context.client.layout, ui.dialog() as dialog, ui.card().classes("confirm"):
        dialog.on("hide", dialog.delete)  # with the secrets
        ui.label(title).classes("question")
        for name, secret in secrets.items():
            ui.label(visitor.text(f"field.{name}")).classes("quiet")
            ui.label(secret).classes("secret").props(f'data-test="{name}"')
        ui.label(note).classes("quiet")
        with ui.element("div").classes("actions"):
            ui.button(visitor.text("action.close"), on_click=dialog.close).props("unelevated no-caps")
    dialog.open()
    return dialog
