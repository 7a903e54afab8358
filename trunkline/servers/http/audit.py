"""`/api/v1/audit`: who changed what (text 000, "Audit Logs")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import Meta, Struct

from trunkline.model.identity import AuditEntry, Permission
from trunkline.model.people import AuditFilter
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Done,
    Door,
    Item,
    Items,
    PageQuery,
    Text,
    item_answer,
    noun_paths,
    number_of,
    operation,
    page_answer,
    paging,
    read_query,
)

Moment = Annotated[int, Meta(ge=0, le=2**53, description="Unix milliseconds.")]


class AuditView(Struct):
    """A change. `details` has what it was before and is after, by field."""

    id: int
    at: str
    user: str
    action: str
    entity: str
    entity_id: str
    address: str
    door: str
    details: dict[str, Any]


class AuditQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which entries; `since` and `until` are Unix milliseconds, `until` not included."""

    user: Text = ""
    action: Text = ""
    entity: Text = ""
    entity_id: Text = ""
    address: Text = ""
    door: Text = ""
    since: Moment | None = None
    until: Moment | None = None


def audit_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    audit = management.people.audit

    @router.get("/audit")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, AuditQuery)
            return page_answer(
                await audit.list(actor, _audit_filter(query), paging(query, numbered=True)), _audit_view
            )

    @router.get("/audit/export")
    async def exported(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, AuditQuery)
            actor.require(Permission.VIEW_AUDIT)
            return StreamingResponse(
                audit.export(actor, _audit_filter(query)),
                media_type="text/csv; charset=utf-8",
                headers={
                    "content-disposition": 'attachment; filename="audit.csv"',
                    "cache-control": "no-store",
                },
            )

    @router.get("/audit/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_audit_view(await audit.get(actor, number_of("audit entry", key))))

    return router


def _audit_view(entry: AuditEntry) -> AuditView:
    return AuditView(
        entry.id,
        iso_timestamp(entry.at),
        entry.actor,
        entry.action,
        entry.entity,
        entry.entity_id,
        entry.address,
        entry.door,
        entry.details,
    )


def _audit_filter(query: AuditQuery) -> AuditFilter:
    return AuditFilter(
        query.user,
        query.action,
        query.entity,
        query.entity_id,
        query.address,
        query.door,
        None,
        query.since,
        query.until,
    )


_CSV = {"description": "Done", "content": {"text/csv": {"schema": {"type": "string"}}}}
_export = operation("The audit entries as CSV", Done, query=AuditQuery, reads=True)

PATHS = {
    **noun_paths(
        "/api/v1/audit", "audit entries", AuditView, query=AuditQuery, key="Its number.", delete=False
    ),
    "/api/v1/audit/export": {"get": _export | {"responses": _export["responses"] | {"200": _CSV}}},
}
"""The entries of the OpenAPI document."""

ANSWERS: tuple[Any, ...] = (
    Item[AuditView],
    Items[AuditView],
)
