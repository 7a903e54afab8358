"""One figure with its name, and a word to it."""

from nicegui import ui


class StatCard:
    """A figure that changes while the page is open."""

    def __init__(self, title: str, icon: str) -> None:
        with ui.element("section").classes("card stat"):
            with ui.element("div").classes("stat-title"):
                ui.icon(icon)
                ui.label(title)
            self._figure = ui.label("").classes("figure")
            self._note = ui.label("").classes("quiet")

    def set(self, figure: str, note: str = "") -> None:
        """Shows these from now on."""
        self._figure.set_text(figure)
        self._note.set_text(note)
