"""About: what this installation is, and the settings it was started with; a part of System Settings."""

from nicegui import ui

from trunkline.panel.components.facts import fact_list
from trunkline.panel.components.heading import card
from trunkline.panel.visitor import Visitor

MEGABYTE = 1_000_000
MINUTE_MS = 60_000


async def about(visitor: Visitor) -> None:
    """Builds both parts."""
    text, number = visitor.text, visitor.number
    found = await visitor.services.about.show(visitor.signed_in.actor)
    minutes = (visitor.services.clock.now_ms() - found.started_at) // MINUTE_MS
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    up = text("about.up", days=number(days), hours=hours, minutes=minutes)
    with card(text("about.title"), "full"):
        fact_list(
            (
                (text("about.version"), f"Trunkline {found.version}"),
                (text("about.python"), f"{found.python}, {found.system}"),
                (
                    text("about.database"),
                    text("about.revision", kind=found.database.name, revision=found.database.revision),
                ),
                (text("about.node"), found.node),
                (text("about.started"), f"{visitor.time(found.started_at)} ({up})"),
                (
                    text("about.data_dir"),
                    text(
                        "about.size",
                        place=found.data_dir,
                        size=number(found.data_octets / MEGABYTE, 1),
                    ),
                ),
                (text("about.licence"), text("about.licence_text")),
            )
        )
        ui.link(text("about.reference"), "/docs").props("target=_self")
    with card(text("about.settings"), "full"):
        ui.label(text("about.settings_note")).classes("quiet")
        with ui.element("table").classes("small-table wraps"):
            with ui.element("tr"):
                for title in ("setting", "source", "value"):
                    with ui.element("th"):
                        ui.label(text(f"about.{title}"))
            for each in found.settings:
                with ui.element("tr"):
                    for cell in (each.name, each.source or text("about.default"), each.value):
                        with ui.element("td"):
                            ui.label(cell).props('dir="auto"')
