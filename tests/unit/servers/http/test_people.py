"""`/api/v1`: logins, sessions, groups, permission groups, accounts, API keys and the audit log."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from trunkline.model.identity import Role
from trunkline.services.connectors import DEFAULTS

from .people_door import PASSWORD, PeopleDoor, people_door


@pytest.fixture
async def door(empty_database: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    async with people_door(empty_database, tmp_path) as door:
        yield door


async def tenants(door: PeopleDoor, *permissions: str) -> tuple[str, str]:
    """Keys of two enterprise users, acme's and rival's, with these permissions."""
    body = {"name": "tenants", "permissions": list(permissions)}
    await door.ask("POST", "/api/v1/permission-groups", body)
    for name in ("acme", "rival"):
        await door.ask(
            "POST", "/api/v1/accounts", {"name": name, "permission_group": "tenants", "credits": "5"}
        )
    return await door.login("ann", Role.ENTERPRISE, "acme"), await door.login("eve", Role.ENTERPRISE, "rival")


async def test_a_group_from_its_making_to_its_end(door: PeopleDoor) -> None:
    made = (await door.ask("POST", "/api/v1/groups", {"name": "retail", "description": "shops"}))["item"]
    assert (made["name"], made["description"], made["enabled"], made["users"]) == ("retail", "shops", True, 0)
    assert (await door.ask("GET", f"/api/v1/groups/{made['id']}"))["item"] == made
    changed = (await door.ask("PATCH", "/api/v1/groups/retail", {"enabled": False}))["item"]
    assert (changed["enabled"], changed["description"]) == (False, "shops")
    await door.ask("POST", "/api/v1/accounts", {"name": "acme", "group": "retail"})
    assert "1 accounts" in await door.refused("DELETE", "/api/v1/groups/retail", status=409)
    await door.ask("PATCH", "/api/v1/accounts/acme", {"group": ""})
    await door.ask("DELETE", "/api/v1/groups/retail")
    assert await door.refused("GET", "/api/v1/groups/retail", status=404) == "group 'retail' does not exist"


async def test_lists_are_paged(door: PeopleDoor) -> None:
    for name in "cab":
        await door.ask("POST", "/api/v1/groups", {"name": name})
    first = await door.ask("GET", "/api/v1/groups?limit=2")
    assert [each["name"] for each in first["items"]] == ["a", "b"]
    rest = await door.ask("GET", f"/api/v1/groups?limit=2&after={first['next']}")
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (["c"], None)
    for query, complaint in (
        ("limit=0", "limit must be a whole number from 1 to 200"),
        ("limit=x", "limit must be a whole number from 1 to 200"),
        ("wrong=1", "unknown field 'wrong'"),
    ):
        assert await door.refused("GET", f"/api/v1/groups?{query}") == complaint
    assert "after" in await door.refused("GET", "/api/v1/audit?after=x")


async def test_permission_groups_grant_what_enterprise_users_may_do(door: PeopleDoor) -> None:
    ann, _ = await tenants(door, "send_sms")
    sent = {"to": "971501234567", "content": "Hello"}
    await door.ask("POST", "/panel/api/v1/send", sent, key=ann)
    await door.ask("PATCH", "/api/v1/permission-groups/tenants", {"permissions": ["view_logs"]})
    assert "send_sms" in await door.refused("POST", "/panel/api/v1/send", sent, key=ann, status=403)
    complaint = await door.refused(
        "PATCH", "/api/v1/permission-groups/tenants", {"permissions": ["manage_admins"]}
    )
    assert complaint.startswith("permissions: 'manage_admins' is none of view_logs")
    shown = (await door.ask("GET", "/api/v1/permission-groups/tenants"))["item"]
    assert (shown["permissions"], shown["users"]) == (["view_logs"], 2)


async def test_an_account_with_its_first_login(door: PeopleDoor) -> None:
    body = {"name": "acme", "username": "ann", "company": "Acme", "credits": "2.5", "throughput": 7}
    made = (await door.ask("POST", "/api/v1/accounts", body))["item"]
    assert (made["username"], len(made["password"])) == ("ann", 16)
    assert (made["account"]["credits"], made["account"]["throughput"]) == ("2.5", 7)
    login = (await door.ask("GET", "/api/v1/logins/ann"))["item"]
    assert (login["role"], login["account"], login["permissions"]) == ("enterprise", "acme", [])
    credit = {"amount": "-1", "description": "a correction", "reference": "r1"}
    for _ in range(2):  # the reference counts once
        answer = await door.ask("POST", "/api/v1/accounts/acme/credits", credit)
        assert answer["item"] == {"credits": "1.5"}
    assert "cannot be debited" in await door.refused(
        "POST", "/api/v1/accounts/acme/credits", {"amount": "-9", "description": "too much"}, status=409
    )
    assert await door.refused("POST", "/api/v1/accounts", body | {"name": "b"}, status=409)
    assert await door.refused("GET", "/api/v1/accounts/b", status=404), "nothing was made by half"
    found = await door.ask("GET", "/api/v1/accounts?text=ACM&enabled=true")
    assert [each["name"] for each in found["items"]] == ["acme"]


async def test_logins(door: PeopleDoor) -> None:
    body = {"username": "root", "role": "super_admin", "password": PASSWORD, "timezone": "Asia/Dubai"}
    made = (await door.ask("POST", "/api/v1/logins", body))["item"]
    assert made["password"] == PASSWORD
    for change, field in (
        ({"role": "king"}, "role"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"email": "nobody"}, "email"),
        ({"account": "acme"}, "account"),
        ({"password": "short"}, "password"),
        ({"username": "a b"}, "username"),
    ):
        complaint = await door.refused(
            "POST", "/api/v1/logins", {"username": "ann", "role": "viewer"} | change
        )
        assert complaint.startswith(f"{field}: ")
    assert "last super" in await door.refused("DELETE", "/api/v1/logins/root", status=409)
    assert "last super" in await door.refused("PATCH", "/api/v1/logins/root", {"enabled": False}, status=409)
    await door.ask("POST", "/api/v1/logins", {"username": "ann", "role": "admin"})
    await door.ask("PATCH", "/api/v1/logins/ann", {"role": "viewer", "full_name": "Ann"})
    listed = (await door.ask("GET", "/api/v1/logins?administrators=true&text=ann"))["items"]
    assert [(each["username"], each["role"], each["full_name"]) for each in listed] == [
        ("ann", "viewer", "Ann")
    ]
    await door.ask("DELETE", "/api/v1/logins/ann")
    assert await door.refused("GET", "/api/v1/logins/ann", status=404)


async def test_a_new_password_by_token(door: PeopleDoor) -> None:
    await door.login("ann", Role.ADMIN)
    token = (await door.ask("POST", "/api/v1/logins/ann/reset"))["item"]["token"]
    await door.people.logins.finish_reset(token, "another good one")
    signed_in = await door.people.sign_in.sign_in("ann", "another good one", address="192.0.2.9")
    sessions = (await door.ask("GET", "/api/v1/sessions?login=ann"))["items"]
    assert [(each["id"], each["address"]) for each in sessions] == [(signed_in.session_id, "192.0.2.9")]
    await door.ask("DELETE", f"/api/v1/sessions/{signed_in.session_id}")
    assert await door.people.sign_in.resume(signed_in.token) is None
    await door.ask("PUT", "/api/v1/logins/ann/password", {"password": PASSWORD})
    await door.people.sign_in.sign_in("ann", PASSWORD, address="192.0.2.9")
    assert (await door.ask("DELETE", "/api/v1/logins/ann/sessions"))["item"] == {"sessions": 1}


async def test_keys_act_as_their_login(door: PeopleDoor) -> None:
    key = await door.login("ann", Role.ADMIN)
    made = (await door.ask("POST", "/api/v1/api-keys", {"name": "laptop"}, key=key))["item"]
    assert (made["owner"], made["key"][:4]) == ("ann", "tkl_")
    listed = await door.ask("GET", "/api/v1/api-keys", key=made["key"])
    assert [each["name"] for each in listed["items"]] == ["laptop", "key of ann"]
    assert made["key"] not in str(listed)
    await door.people.key_uses.save()
    shown = (await door.ask("GET", f"/api/v1/api-keys/{made['id']}", key=key))["item"]
    assert shown["last_used_at"] == "2026-04-10T12:30:00.000Z"
    await door.ask("PATCH", f"/api/v1/api-keys/{made['id']}", {"enabled": False}, key=key)
    assert await door.refused("GET", "/api/v1/api-keys", key=made["key"], status=401)
    await door.ask("DELETE", f"/api/v1/api-keys/{made['id']}", key=key)
    assert "owner" in await door.refused("POST", "/api/v1/api-keys", {"name": "the token's"})
    await door.ask("PATCH", "/api/v1/logins/ann", {"role": "viewer"})
    assert "manage_api_keys" in await door.refused(
        "POST", "/api/v1/api-keys", {"name": "x"}, key=key, status=403
    )


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
async def test_who_is_no_super_administrator_manages_no_administrators(door: PeopleDoor, role: Role) -> None:
    await door.login("root", Role.SUPER_ADMIN)
    key = await door.login("ann", role)
    for method, path, body in (
        ("POST", "/api/v1/logins", {"username": "b", "role": "viewer"}),
        ("PATCH", "/api/v1/logins/root", {"enabled": False}),
        ("PATCH", "/api/v1/logins/ann", {"role": "super_admin"}),
        ("PUT", "/api/v1/logins/root/password", {"password": PASSWORD}),
        ("POST", "/api/v1/logins/root/reset", None),
        ("DELETE", "/api/v1/logins/root", None),
        ("DELETE", "/api/v1/logins/root/two-factor", None),
        ("DELETE", "/api/v1/logins/root/sessions", None),
        ("POST", "/api/v1/api-keys", {"name": "x", "owner": "root"}),
        ("PATCH", "/api/v1/api-keys/1", {"enabled": False}),
        ("DELETE", "/api/v1/api-keys/1", None),
    ):
        assert "manage_admins" in await door.refused(method, path, body, key=key, status=403), path
    changed = await door.ask("PATCH", "/api/v1/logins/ann", {"locale": "ar"}, key=key)
    assert changed["item"]["locale"] == "ar", "people change their own profile"


async def test_tenants_see_and_touch_their_own(door: PeopleDoor) -> None:
    """An enterprise user tries every path with the ids of another."""
    every = [
        "view_logs",
        "send_sms",
        "manage_api_keys",
        "manage_webhooks",
        "manage_campaigns",
        "view_billing",
    ]
    ann, _ = await tenants(door, *every)
    await door.ask("POST", "/api/v1/groups", {"name": "g"})
    await door.people.sign_in.sign_in("eve", PASSWORD, address="192.0.2.9")
    (session,) = (await door.ask("GET", "/api/v1/sessions?login=eve"))["items"]
    eves_key = (await door.ask("GET", "/api/v1/api-keys"))["items"][0]
    assert eves_key["owner"] == "eve"
    tries = {
        404: (
            ("GET", "/api/v1/accounts/rival", None),
            ("PATCH", "/api/v1/accounts/rival", {"enabled": False}),
            ("POST", "/api/v1/accounts/rival/credits", {"amount": "1", "description": "x"}),
            ("GET", "/api/v1/logins/eve", None),
            ("PATCH", "/api/v1/logins/eve", {"enabled": False}),
            ("PUT", "/api/v1/logins/eve/password", {"password": PASSWORD}),
            ("POST", "/api/v1/logins/eve/reset", None),
            ("DELETE", "/api/v1/logins/eve", None),
            ("DELETE", "/api/v1/logins/eve/two-factor", None),
            ("DELETE", "/api/v1/logins/eve/sessions", None),
            ("DELETE", f"/api/v1/sessions/{session['id']}", None),
            ("GET", f"/api/v1/api-keys/{eves_key['id']}", None),
            ("PATCH", f"/api/v1/api-keys/{eves_key['id']}", {"enabled": False}),
            ("DELETE", f"/api/v1/api-keys/{eves_key['id']}", None),
            ("POST", "/api/v1/api-keys", {"name": "x", "owner": "eve"}),
            ("POST", "/panel/api/v1/send", {"to": "971501234567", "content": "x", "account": "rival"}),
        ),
        403: (
            ("GET", "/api/v1/accounts", None),
            ("POST", "/api/v1/accounts", {"name": "mine"}),
            ("PATCH", "/api/v1/accounts/acme", {"unlimited": True}),
            ("POST", "/api/v1/accounts/acme/credits", {"amount": "1", "description": "x"}),
            ("GET", "/api/v1/logins", None),
            ("POST", "/api/v1/logins", {"username": "b", "role": "enterprise", "account": "acme"}),
            ("PATCH", "/api/v1/logins/ann", {"enabled": False}),
            ("PUT", "/api/v1/logins/ann/password", {"password": PASSWORD}),
            ("GET", "/api/v1/sessions", None),
            ("GET", "/api/v1/groups", None),
            ("GET", "/api/v1/groups/g", None),
            ("POST", "/api/v1/groups", {"name": "x"}),
            ("PATCH", "/api/v1/groups/g", {"enabled": False}),
            ("DELETE", "/api/v1/groups/g", None),
            ("GET", "/api/v1/permission-groups", None),
            ("GET", "/api/v1/permission-groups/tenants", None),
            ("POST", "/api/v1/permission-groups", {"name": "x", "permissions": []}),
            ("PATCH", "/api/v1/permission-groups/tenants", {"permissions": []}),
            ("DELETE", "/api/v1/permission-groups/tenants", None),
            ("GET", "/api/v1/audit", None),
            ("GET", "/api/v1/audit/1", None),
            ("GET", "/api/v1/audit/export", None),
            ("GET", "/api/gateways", None),
            ("GET", "/api/clients", None),
        ),
    }
    for status, paths in tries.items():
        for method, path, body in paths:
            await door.refused(method, path, body, key=ann, status=status)
    assert door.pipeline.submissions == []
    own = await door.ask("GET", "/api/v1/api-keys", key=ann)
    assert [each["owner"] for each in own["items"]] == ["ann"]
    assert (await door.ask("GET", "/api/v1/accounts/acme", key=ann))["item"]["credits"] == "5"
    assert (await door.ask("GET", "/api/v1/logins/ann", key=ann))["item"]["account"] == "acme"


async def test_messages_are_sent_for_the_login_s_account(door: PeopleDoor) -> None:
    ann, _ = await tenants(door, "send_sms")
    root = await door.login("root", Role.SUPER_ADMIN)
    body = {"to": "971501234567", "content": "Hello", "from": "ACME"}
    answer = await door.ask("POST", "/panel/api/v1/send", body, key=ann)
    assert answer["message_id"]
    await door.ask("POST", "/panel/api/v1/send", body | {"account": "rival"}, key=root)
    sent = [
        (each.sender.account.name, each.sender.credential, each.door) for each in door.pipeline.submissions
    ]
    assert sent == [("acme", "ann", "panel"), ("rival", "root", "panel")]
    assert "account is required" in await door.refused("POST", "/panel/api/v1/send", body, key=root)
    assert await door.refused("POST", "/panel/api/v1/send", body | {"account": "x"}, key=root, status=404)
    assert await door.refused("POST", "/panel/api/v1/send", body, key="tkl_wrong", status=401)
    assert await door.refused("POST", "/panel/api/v1/send", body, key="", status=401)
    assert await door.refused("GET", "/panel/api/v1/send", key=ann, status=405)
    assert "to and content" in await door.refused("POST", "/panel/api/v1/send", {"to": "1"}, key=ann)


async def test_the_audit_log_tells_who_did_what(door: PeopleDoor) -> None:
    root = await door.login("root", Role.SUPER_ADMIN)
    await door.ask("POST", "/api/v1/groups", {"name": "g"}, key=root)
    await door.ask("POST", "/api/v1/groups", {"name": "h"})
    await door.ask("PATCH", "/api/v1/groups/g", {"description": "=1+1"}, key=root)
    found = (await door.ask("GET", "/api/v1/audit?entity=group"))["items"]
    assert [(each["user"], each["action"], each["entity_id"]) for each in found] == [
        ("root", "change", "g"), ("API token", "create", "h"), ("root", "create", "g"),
    ]  # fmt: skip
    assert (found[0]["details"], found[0]["address"]) == ({"description": ["", "=1+1"]}, "192.0.2.5")
    assert (await door.ask("GET", f"/api/v1/audit/{found[0]['id']}"))["item"] == found[0]
    response = await door.client.get(
        "/api/v1/audit/export?entity=group&user=root", headers={"X-API-Key": root}
    )
    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(response.text)))
    assert [row[2:6] for row in rows] == [
        ["User", "Action", "Entity", "ID"],
        ["root", "change", "group", "g"],
        ["root", "create", "group", "g"],
    ]


async def test_requests_at_once_are_their_own_actors_doing(door: PeopleDoor) -> None:
    keys = {name: await door.login(name, Role.SUPER_ADMIN) for name in ("ann", "bob", "cid")}
    await asyncio.gather(
        *(
            door.ask("POST", "/api/v1/groups", {"name": f"{name}{n}"}, key=key)
            for name, key in keys.items()
            for n in range(5)
        )
    )
    found = (await door.ask("GET", "/api/v1/audit?entity=group"))["items"]
    assert len(found) == 15
    assert all(each["entity_id"].startswith(each["user"]) for each in found)


async def test_wrong_keys_are_held_up(door: PeopleDoor) -> None:
    for _ in range(6):
        assert await door.refused("GET", "/api/v1/groups", key="wrong", status=401)
    assert "Too many" in await door.refused("GET", "/api/v1/groups", key="wrong", status=429)
    await door.ask("GET", "/api/v1/groups")
    assert "token" in await door.refused("GET", "/api/v1/groups", key="", status=401)


async def test_an_operators_key_works_connectors_and_a_viewers_looks_at_them(door: PeopleDoor) -> None:
    keys = {role: await door.login(role.value, role) for role in (Role.OPERATOR, Role.VIEWER)}
    keys[Role.ENTERPRISE], _ = await tenants(door, "view_logs", "send_sms")
    await door.store.create_connector(replace(DEFAULTS, connector_id="a", host="a.example"))
    path = "/api/gateways"
    change = {"smsc_id": "a", "window_size": 7}
    logs = "/api/gateways/logs?dateFrom=2026-01-01&dateTo=2026-01-02"
    for role, key in keys.items():
        looking = 403 if role is Role.ENTERPRISE else 200
        changing = 200 if role is Role.OPERATOR else 403
        for method, where, body, status in (
            ("GET", path, None, looking),
            ("GET", logs, None, looking),
            ("GET", "/api/gateways/logs/download?files=x", None, 403 if looking == 403 else 404),
            ("PUT", path, change, changing),
            ("DELETE", f"{path}/b", None, 404 if changing == 200 else 403),
        ):
            response = await door.client.request(method, where, json=body, headers={"X-API-Key": key})
            assert response.status_code == status, (role, method, where, response.text)
            if status == 403:
                needed = "manage_traffic" if method in {"PUT", "DELETE"} else "view_platform"
                assert response.json()["error"] == f"this needs the permission {needed}"
    assert (await door.store.find_connector("a")).config.window == 7
