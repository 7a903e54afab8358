"""What is known of one thing: names and values, one under the other; in a card, or in a dialog of its own."""

from collections.abc import Iterable

from nicegui import ui

from trunkline.panel.visitor import Visitor

Fact = tuple[str, str]  # the label's text, and the value


def fact_list(facts: Iterable[Fact]) -> None:
    """The facts that have a value."""
    with ui.element("dl").classes("fact-list"):
        for label, value in facts:
            if value:
                with ui.element("dt"):
                    ui.label(label)
                with ui.element("dd"):
                    ui.label(value).props('dir="auto"')


def facts_dialog(visitor: Visitor, title: str, facts: Iterable[Fact], link: Fact | None = None) -> None:
    """Opens a dialog with the facts; `link` is a text, and the path below the panel that it leads to."""
    with ui.dialog() as dialog, ui.card().classes("confirm form-dialog"):
        dialog.on("hide", dialog.delete)
        ui.label(title).classes("question")
        fact_list(facts)
        with ui.element("div").classes("actions"):
            if link is not None:
                ui.button(link[0], on_click=lambda: ui.navigate.to(link[1])).props("flat no-caps")
            ui.button(visitor.text("action.close"), on_click=dialog.close).props("unelevated no-caps")
    dialog.open()
