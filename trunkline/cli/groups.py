"""`trunkline group` and `trunkline permission-group`: groups of enterprise users, and what they may do."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import BadInput, Management, administer, who_runs_this
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.identity import Group, PermissionGroup

group = typer.Typer(help="Groups of enterprise users.")
permission_group = typer.Typer(help="Permission groups: what enterprise users may do.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The group's name.", show_default=False)]

_DESCRIPTION = Row("description", str, "TEXT", "A note for people")
_PERMISSION = Row("permission", list[str], "NAME", "What it grants, such as send_sms; may be repeated")
_CHANGES = (
    Row("new_name", str, "NAME", "A new name"),
    _DESCRIPTION,
    Row("enabled", bool, "", "Whether it counts"),
)


@group.command("create")
@with_options([_DESCRIPTION])
def create_group(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Create a group."""

    async def work(administration: Management) -> int:
        return (await administration.people.groups.create(who_runs_this(), name, **given(values))).id

    typer.echo(f"Group {name} was created with id {administer(ctx, work)}.")


@group.command("change")
@with_options(_CHANGES)
def change_group(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Change a group; what is not given stays."""
    fields = _changes("group change", values)

    async def work(administration: Management) -> None:
        await administration.people.groups.change(who_runs_this(), name, **fields)

    administer(ctx, work)
    typer.echo(f"Group {name} was changed.")


@group.command("delete")
def delete_group(ctx: typer.Context, name: Name) -> None:
    """Delete a group that no account is in."""

    async def work(administration: Management) -> None:
        await administration.people.groups.delete(who_runs_this(), name)

    administer(ctx, work)
    typer.echo(f"Group {name} was deleted.")


@group.command("list")
def list_groups(ctx: typer.Context, as_json: Json = False) -> None:
    """List the groups."""

    async def work(administration: Management) -> "list[Group]":
        groups = administration.people.groups
        return await every_item(lambda page: groups.list(who_runs_this(), page=page))

    rows = administer(ctx, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("#Id", "Name", "Description", "Enabled", "#Users"),
        [(row.id, row.name, row.description, row.enabled, row.users) for row in rows],
    )


@permission_group.command("create")
@with_options([_PERMISSION, _DESCRIPTION])
def create_permission_group(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Create a permission group."""
    fields = given(values)
    fields["permissions"] = fields.pop("permission", None) or []

    async def work(administration: Management) -> int:
        groups = administration.people.permission_groups
        return (await groups.create(who_runs_this(), name, **fields)).id

    typer.echo(f"Permission group {name} was created with id {administer(ctx, work)}.")


@permission_group.command("change")
@with_options([*_CHANGES, _PERMISSION])
def change_permission_group(ctx: typer.Context, name: Name, **values: Any) -> None:
    """Change a permission group; what is not given stays. Permissions that are given replace all it had."""
    fields = _changes("permission-group change", values)
    if "permission" in fields:
        fields["permissions"] = fields.pop("permission")

    async def work(administration: Management) -> None:
        await administration.people.permission_groups.change(who_runs_this(), name, **fields)

    administer(ctx, work)
    typer.echo(f"Permission group {name} was changed.")


@permission_group.command("delete")
def delete_permission_group(ctx: typer.Context, name: Name) -> None:
    """Delete a permission group that no account has."""

    async def work(administration: Management) -> None:
        await administration.people.permission_groups.delete(who_runs_this(), name)

    administer(ctx, work)
    typer.echo(f"Permission group {name} was deleted.")


@permission_group.command("list")
def list_permission_groups(ctx: typer.Context, as_json: Json = False) -> None:
    """List the permission groups with what they grant."""

    async def work(administration: Management) -> "list[PermissionGroup]":
        groups = administration.people.permission_groups
        return await every_item(lambda page: groups.list(who_runs_this(), page=page))

    rows = administer(ctx, work)
    granted = [sorted(each.value for each in row.permissions) for row in rows]
    if as_json:
        print_json([_as_json(row) | {"permissions": names} for row, names in zip(rows, granted, strict=True)])
        return
    print_table(
        ("#Id", "Name", "Description", "Enabled", "#Users", "Permissions"),
        [
            (row.id, row.name, row.description, row.enabled, row.users, ", ".join(names))
            for row, names in zip(rows, granted, strict=True)
        ],
    )


def _changes(command: str, values: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in given(values).items() if value != []}
    if not fields:
        raise BadInput(command, "name at least one value to change")
    if "new_name" in fields:
        fields["name"] = fields.pop("new_name")
    return fields


def _as_json(row: "Group | PermissionGroup") -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.enabled,
        "users": row.users,
        "created_at": utc(row.created_at),
    }
