"""A page's head: its title, what it is for, and what can be done on it."""

from nicegui import ui

from trunkline.panel.visitor import Visitor


def heading(visitor: Visitor, page_name: str) -> ui.element:
    """Returns the place beside the title for the page's actions."""
    with ui.element("div").classes("heading"):
        with ui.element("div"):
            with ui.element("h1"):
                ui.label(visitor.text(f"{page_name}.title"))
            ui.label(visitor.text(f"{page_name}.about")).classes("quiet")
        return ui.element("div").classes("actions")


def card(title: str, *classes: str) -> ui.element:
    """A part of a page with a title; what is made inside `with` stands in it."""
    place = ui.element("section").classes("card " + " ".join(classes))
    with place, ui.element("h2"):
        ui.label(title)
    return place
