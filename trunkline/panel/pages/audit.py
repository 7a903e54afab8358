"""Audit Logs: who changed what, when, and from where."""

from collections.abc import Iterator
from typing import Final

from starlette.requests import Request

from trunkline.model.identity import Actor, AuditEntry, Permission
from trunkline.model.money import format_credits
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.people import Page as Rows
from trunkline.panel.components.facts import facts_dialog
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, moment_of
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor

DOORS: Final = ("panel", "api", "cli", "gateway")
MONEY: Final = {("account", "balance"), ("account", "credit_floor"), ("route", "rate")}
NOTHING: Final = "\N{EM DASH}"
LINES_MAX: Final = 4
LINE_MAX: Final = 140


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
            door=asked.get("door", ""),
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
            Column[AuditEntry]("door", lambda each: _door(visitor, each)),
            Column[AuditEntry]("details", _in_short, Kind.LINES),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(
            *(Filter(name) for name in ("user", "action", "entity", "entity_id", "address")),
            Filter("door", {each: visitor.text(f"door.{each}") for each in DOORS}),
            Filter("since", moment=True),
            Filter("until", moment=True),
        ),
        icon="history",
    )

    async def show(entry: AuditEntry) -> None:
        _show(visitor, entry)

    details = RowAction[AuditEntry]("details", "unfold_more", visitor.text("audit.details"), show)
    await Table(visitor, listing, actions=[details]).refresh()


def _show(visitor: Visitor, entry: AuditEntry) -> None:
    """Everything of one entry."""
    text = visitor.text
    facts_dialog(
        visitor,
        text("audit.entry", number=entry.id),
        (
            (text("column.time"), visitor.time(entry.at)),
            (text("column.user"), entry.actor),
            (text("column.action"), entry.action),
            (text("column.entity"), f"{entry.entity} {entry.entity_id}"),
            (text("column.door"), _door(visitor, entry)),
            (text("column.address"), entry.address),
            *_changes(entry),
        ),
    )


def _door(visitor: Visitor, entry: AuditEntry) -> str:
    return visitor.language.texts.get(f"door.{entry.door}", entry.door)


def _in_short(entry: AuditEntry) -> list[str]:
    """What changed, a field on a line, as far as a table has room for it."""
    shown = [
        line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]}\N{HORIZONTAL ELLIPSIS}"
        for line in (f"{name}: {change}" for name, change in _changes(entry))
    ]
    if len(shown) > LINES_MAX:
        return [*shown[: LINES_MAX - 1], f"\N{HORIZONTAL ELLIPSIS} +{len(shown) - LINES_MAX + 1}"]
    return shown


def _changes(entry: AuditEntry) -> Iterator[tuple[str, str]]:
    """Each field with what it was and is; of what is new only what it is, and nothing of what stays empty."""
    for name, value in entry.details.items():
        write = _credits if (entry.entity, name) in MONEY else _word
        if not isinstance(value, list) or len(value) != 2:
            yield name, write(value)
            continue
        before, after = (write(each) for each in value)
        if before or after:
            arrow = f"{before or NOTHING} \N{RIGHTWARDS ARROW} {after or NOTHING}"
            yield name, after if entry.action == "create" else arrow


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(_word(each) for each in value)
    return str(value)


def _credits(value: object) -> str:
    return format_credits(value) if isinstance(value, int) else _word(value)


PAGE = Page("audit", "/audit", "history", Section.SYSTEM, build, (Permission.VIEW_AUDIT,))
