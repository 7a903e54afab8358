"""What stands where there is nothing yet: why, and what to do next."""

from nicegui import ui


def empty_state(icon: str, title: str, advice: str = "") -> ui.element:
    """Returns the element, so that a button can be put into it."""
    with ui.element("div").classes("empty") as place:
        ui.icon(icon)
        ui.label(title).classes("what")
        if advice:
            ui.label(advice).classes("quiet")
    return place
