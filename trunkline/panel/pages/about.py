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
                (text("about.data_dir"), found.data_dir),
                (
                    text("about.size"),
                    text("about.megabytes", size=number(found.data_octets / MEGABYTE, 1)),
                ),
                (text("about.licence"), text("about.licence_text")),
            )
        )
        # No `ui.link`, which would look for it below the panel.
        with ui.element("a").classes("row-link").props('href="/docs"'):
            ui.label(text("about.reference"))
    with card(text("about.settings"), "full"):
        ui.label(text("about.settings_note")).classes("quiet")
        with ui.element("table").classes("small-table wraps"):
            with ui.element("tr"):
                for title in ("setting", "value", "source"):
                    with ui.element("th"):
                        ui.label(text(f"about.{title}"))
            for each in found.settings:
                with ui.element("tr"):
                    for cell in (each.name, each.value, each.source or text("about.default")):
                        with ui.element("td"):
                            ui.label(cell).props('dir="auto"')
