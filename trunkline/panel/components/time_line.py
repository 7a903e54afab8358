"""What happened, one thing after the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from nicegui import ui

from trunkline.panel.visitor import Visitor


@dataclass(slots=True, frozen=True)
class Happening:
    """One entry: when (Unix ms), what, and everything else that is known of it."""

    at: int
    title: str
    detail: str = ""
    kind: str = ""  # good, bad or nothing: the colour of its mark


def time_line(visitor: Visitor, happenings: Iterable[Happening]) -> None:
    """A list in the order given."""
    with ui.element("ol").classes("time-line"):
        for each in happenings:
            with ui.element("li").classes(each.kind):
                ui.label(f"{visitor.time(each.at)}.{each.at % 1000:03d}").classes("quiet")
                ui.label(each.title)
                if each.detail:
                    ui.label(each.detail).classes("quiet detail")
