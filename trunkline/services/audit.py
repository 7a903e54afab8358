"""The audit log as people read it: filtered, page by page, and as CSV."""

from collections.abc import AsyncIterator

import msgspec

from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, AuditEntry, Permission
from trunkline.model.people import AuditFilter, Page, Paging
from trunkline.model.times import iso_timestamp
from trunkline.services.spreadsheet import Cell, csv_lines

COLUMNS = ("#", "Time", "User", "Action", "Entity", "ID", "IP", "Door", "Details")
EXPORT_PAGE = 500


class Audit:
    """Who changed what, when, from where. Entries are made by the storage, and never change."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def list(
        self, actor: Actor, wanted: AuditFilter | None = None, page: Paging | None = None
    ) -> Page[AuditEntry]:
        """Entries, the newest first. Raises `Forbidden`."""
        actor.require(Permission.VIEW_AUDIT)
        return await self._administration.page_audit(wanted or AuditFilter(), page or Paging())

    async def get(self, actor: Actor, number: int) -> AuditEntry:
        """One entry. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.VIEW_AUDIT)
        return await self._administration.find_audit_entry(number)

    async def export(self, actor: Actor, wanted: AuditFilter | None = None) -> AsyncIterator[str]:
        """The entries as CSV (RFC 4180), piece by piece, formulas harmless. Raises `Forbidden` at once."""
        actor.require(Permission.VIEW_AUDIT)
        yield csv_lines([COLUMNS])
        after: str | None = ""
        while after is not None:
            paging = Paging(EXPORT_PAGE, after)
            page = await self._administration.page_audit(wanted or AuditFilter(), paging)
            if page.items:
                yield csv_lines([_cells(entry) for entry in page.items])
            after = page.next


def _cells(entry: AuditEntry) -> tuple[Cell, ...]:
    details = msgspec.json.encode(entry.details).decode()
    return (
        entry.id, iso_timestamp(entry.at), entry.actor, entry.action, entry.entity, entry.entity_id,
        entry.address, entry.door, details,
    )  # fmt: skip
