"""Logins, groups, permission groups, API keys and the audit log, by command."""

import csv
import io
import json

import pytest

from .conftest import Run

pytestmark = pytest.mark.usefixtures("database")


def listed(run: Run, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(*words, "--json").stdout)
    return found


def test_a_login(run: Run) -> None:
    made = json.loads(run("login", "create", "root", "--role", "super_admin", "--json").stdout)
    assert (made["username"], len(made["password"])) == ("root", 16)
    run("account", "create", "acme")
    run(
        "login", "create", "ann", "--role", "enterprise", "--account", "acme", "--password", "a good password"
    )
    run(
        "login", "change", "ann", "--email", "ann@acme.example", "--password", "-", stdin="another good one\n"
    )
    run("login", "disable", "ann")
    rows = listed(run, "login", "list")
    assert [(row["username"], row["role"], row["account"], row["enabled"]) for row in rows] == [
        ("ann", "enterprise", "acme", False), ("root", "super_admin", "", True),
    ]  # fmt: skip
    run("login", "enable", "ann")
    assert "ann@acme.example" in run("login", "list").stdout
    assert "last super administrator" in run("login", "disable", "root", code=1).stderr
    assert "last super administrator" in run("login", "delete", "root", code=1).stderr
    run("login", "delete", "ann")
    assert "does not exist" in run("login", "enable", "ann", code=1).stderr
    assert "at least one" in run("login", "change", "root", code=2).stderr
    refused = run("login", "create", "bob", "--role", "viewer", "--password", "short", code=2)
    assert "password: at least 10 characters" in refused.stderr


def test_a_reset_and_sessions(run: Run) -> None:
    run("login", "create", "root", "--role", "super_admin")
    result = run("login", "reset", "root", "--second-factor")
    assert len(result.stdout.strip()) == 43
    assert "Sessions of root that were ended: 0" in run("login", "revoke-sessions", "root").stdout


def test_groups(run: Run) -> None:
    run("group", "create", "retail", "--description", "Shops")
    run("group", "change", "retail", "--new-name", "shops", "--no-enabled")
    run("permission-group", "create", "senders", "--permission", "send_sms", "--permission", "view_logs")
    run("permission-group", "change", "senders", "--description", "may send")
    run("account", "create", "acme", "--group", "shops", "--permission-group", "senders", "--throughput", "7")
    (group,) = listed(run, "group", "list")
    assert (group["name"], group["description"], group["enabled"], group["users"]) == (
        "shops",
        "Shops",
        False,
        1,
    )
    (granted,) = listed(run, "permission-group", "list")
    assert (granted["permissions"], granted["description"]) == (["send_sms", "view_logs"], "may send")
    (account,) = listed(run, "account", "list")
    assert (account["group"], account["permission_group"], account["throughput"]) == ("shops", "senders", 7)
    assert "send_sms, view_logs" in run("permission-group", "list").stdout
    assert "shops" in run("group", "list").stdout
    assert "1 accounts" in run("group", "delete", "shops", code=1).stderr
    run("account", "change", "acme", "--group", "", "--permission-group", "")
    run("group", "delete", "shops")
    run("permission-group", "change", "senders", "--permission", "send_sms")
    run("permission-group", "delete", "senders")
    assert "none of" in run("permission-group", "create", "x", "--permission", "fly", code=2).stderr
    assert "at least one" in run("group", "change", "x", code=2).stderr


def test_api_keys(run: Run) -> None:
    run("login", "create", "root", "--role", "super_admin")
    made = json.loads(run("api-key", "create", "root", "my laptop", "--json").stdout)
    assert made["api_key"].startswith("tkl_")
    run("api-key", "revoke", str(made["id"]))
    (key,) = listed(run, "api-key", "list")
    assert (key["name"], key["owner"], key["enabled"]) == ("my laptop", "root", False)
    shown = run("api-key", "list").stdout
    assert made["api_key"][:9] in shown
    assert made["api_key"] not in shown
    run("api-key", "revoke", str(made["id"]), "--delete")
    assert listed(run, "api-key", "list") == []
    assert "does not exist" in run("api-key", "create", "nobody", "x", code=1).stderr


def test_the_audit_log(run: Run) -> None:
    run("group", "create", "retail", "--description", "=1+1")
    run("group", "change", "retail", "--description", "x")
    run("group", "create", "other")
    (last, first) = listed(run, "audit", "list", "--entity", "group", "--id", "retail")
    assert (last["action"], last["details"]) == ("change", {"description": ["=1+1", "x"]})
    assert (first["door"], first["action"]) == ("cli", "create")
    assert first["user"]
    assert len(listed(run, "audit", "list", "--limit", "1")) == 1
    assert "retail" in run("audit", "list", "--door", "cli").stdout
    assert listed(run, "audit", "list", "--user", "nobody") == []
    rows = list(csv.reader(io.StringIO(run("audit", "export", "--action", "create").stdout)))
    assert [row[5] for row in rows] == ["ID", "other", "retail"]
