"""Audit Logs: who changed what, when, and from where."""

from starlette.requests import Request

from trunkline.model.identity import Actor, AuditEntry, Permission
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.people import Page as Rows
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, moment_of
from trunkline.panel.components.table import Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def load(actor: Actor, query: Query) -> Rows[AuditEntry]:
        asked = query.filters
        wanted = AuditFilter(
            actor=asked.get("user", ""),
            action=asked.get("action", ""),
            entity=asked.get("entity", ""),
            entity_id=asked.get("entity_id", ""),
            address=asked.get("address", ""),
            since=moment_of(asked.get("since", ""), visitor),
            until=moment_of(asked.get("until", ""), visitor),
        )
        return await visitor.services.audit.list(actor, wanted, Paging(query.limit, query.after))

    heading(visitor, "audit")
    listing = Listing(
        "audit",
        (
            Column[AuditEntry]("number", lambda each: str(each.id)),
            Column[AuditEntry]("time", lambda each: each.at, Kind.TIME),
            Column[AuditEntry]("user", lambda each: each.actor),
            Column[AuditEntry]("action", lambda each: each.action),
            Column[AuditEntry]("entity", lambda each: each.entity),
            Column[AuditEntry]("entity_id", lambda each: each.entity_id),
            Column[AuditEntry]("address", lambda each: each.address),
            Column[AuditEntry]("door", lambda each: each.door, shown=False),
            Column[AuditEntry]("details", _details),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(
            *(Filter(name) for name in ("user", "action", "entity", "entity_id", "address")),
            Filter("since", moment=True),
            Filter("until", moment=True),
        ),
        icon="history",
    )
    await Table(visitor, listing).refresh()


def _details(entry: AuditEntry) -> str:
    """What changed, from what to what."""
    return "; ".join(
        f"{name}: {value[0]} \N{RIGHTWARDS ARROW} {value[1]}"
        if isinstance(value, list) and len(value) == 2
        else f"{name}: {value}"
        for name, value in entry.details.items()
    )


PAGE = Page("audit", "/audit", "history", Section.SYSTEM, build, (Permission.VIEW_AUDIT,))
