"""Every service asks who acts, and shows and changes nothing that is another tenant's."""

import importlib
import inspect
import pkgutil
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.contract.harness import make_message
from tests.unit.servers.http.doubles import HeldClock
from tests.unit.tenants import MARK, Tenant, make_tenant
from trunkline import services
from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import SqlStore, open_store, upgrade
from trunkline.model.administration import MessageDetail
from trunkline.model.amendment import NotAmended
from trunkline.model.errors import ManagementError, NotFound
from trunkline.model.gateway_control import Control, Service
from trunkline.model.identity import COMMAND_LINE, Actor, Forbidden, act_as
from trunkline.model.inbound import InboundFilter
from trunkline.model.message_list import MessageFilter
from trunkline.model.pdu_log import LogSide
from trunkline.model.people import Paging
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.about import About
from trunkline.services.accounts import InvalidInput
from trunkline.services.admin_token import AdminToken
from trunkline.services.cancelling import Cancelling
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker
from trunkline.services.dashboard import Dashboard
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.message_pdus import MessagePdus
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import LogFile, PduLogs
from trunkline.services.pdu_tail import PduTails
from trunkline.services.people import People, people_of
from trunkline.services.routes import Routes
from trunkline.services.sending import Draft, Sending
from trunkline.services.system_settings import SystemSettings

NO_ACTOR = {
    "api_keys.KeyUses": "counts uses for the doors; shows and decides nothing",
    "cancelling.Amending": "a port of the pipeline, behind `Cancelling`",
    "connector_usage.MonthlyUsage": "counts for `Connectors`, which asks",
    "connectors.ConnectorFilter": "a question, no service",
    "counted.Counted": "keeps what was counted, for services that ask",
    "credentials.CredentialChecker": "finds out who it is: nobody acts yet",
    "demo.Demo": "the gateway itself prepares its demo",
    "gateway_control.ControlStore": "a port of the storage, behind `GatewayControl`",
    "login_limits.LoginLimits": "counts failures of those who are nobody yet",
    "logins.Logins.ensure_super_admin": "the gateway itself makes its first administrator",
    "logins.Logins.finish_reset": "whoever holds the token; nobody is signed in",
    "logins.Logins.reset_holds": "whoever holds the token; nobody is signed in",
    "logins.Logins.start_own_reset": "behind `PasswordReset`; nobody is signed in",
    "password_reset.Allowance": "counts requests, no service",
    "password_reset.PasswordReset": "nobody is signed in: the link goes to the login's own address",
    "logins.Logins.new_totp": "makes a secret up and stores nothing",
    "inbound.InboundSource": "a port of the storage, behind `Inbound`",
    "messages.MessageSource": "a port of the storage, behind `Messages`",
    "pdu_tail.PduTail": "what `PduTails` has opened, and asked for",
    "pdu_tail.Watchable": "a port of the connectors, behind `PduTails`",
    "pdu_logs.PduLogs.tidy": "the gateway's own clockwork",
    "probe.talk.Peer": "a connection, no service",
    "running_connectors.RunningConnectors": "runs connectors for the gateway itself",
    "sign_in.SignIn.sign_in": "finds out who it is",
    "sign_in.SignIn.resume": "finds out who it is",
    "sign_in.SignIn.sign_out": "whoever holds the token",
    "sign_in.SignIn.tidy": "the gateway's own clockwork",
}
"""What takes no actor, and why."""


def methods() -> Iterator[tuple[str, bool]]:
    """`module.Class.method` of everything public in the services, and whether it is told who acts."""
    prefix = f"{services.__name__}."
    for module_name in sorted(each.name for each in pkgutil.walk_packages(services.__path__, prefix)):
        module = importlib.import_module(module_name)
        for class_name, kind in vars(module).items():
            if not inspect.isclass(kind) or kind.__module__ != module_name or class_name.startswith("_"):
                continue
            for name, method in vars(kind).items():
                if inspect.isfunction(method) and not name.startswith("_"):
                    first = [*inspect.signature(method).parameters.values()][1:2]
                    told = [each.name for each in first if each.annotation in (Actor, "Actor")] == ["actor"]
                    yield f"{module_name.removeprefix(prefix)}.{class_name}.{name}", told


def exempt(name: str) -> bool:
    return name in NO_ACTOR or name.rpartition(".")[0] in NO_ACTOR


def test_every_service_is_told_who_acts() -> None:
    found = dict(methods())
    assert len(found) > 80
    assert [name for name, told in found.items() if not told and not exempt(name)] == []


def test_no_exemption_is_left_over() -> None:
    without = {name for name, told in methods() if not told}
    needed = without | {name.rpartition(".")[0] for name in without}
    assert NO_ACTOR.keys() <= needed


# --- what one tenant finds of another ---


@dataclass(frozen=True)
class World:
    """The services on one store, who asks, and whose rows are asked for."""

    store: SqlStore
    snapshots: Snapshots
    people: People
    logs: PduLogs
    asker: Tenant
    other: Tenant


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tenancy") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def world(template: Path, tmp_path: Path) -> AsyncIterator[World]:
    shutil.copy(template, tmp_path / "store.db")
    box = SecretBox(Fernet.generate_key())
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", secret_box=box)
    await store.open()
    credentials = CredentialChecker()
    people = people_of(store, credentials, idle_s=1800, lifetime_s=43_200)
    asker = await make_tenant(store, credentials, "acme")
    other = await make_tenant(store, credentials, MARK)
    snapshots = Snapshots(await store.snapshot())
    yield World(store, snapshots, people, PduLogs(tmp_path / "logs"), asker, other)
    credentials.close()
    await store.close()


class Untouched:
    """In place of what sends and cancels: a tenant's request for another's rows must not come this far."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was reached")


SERVICES: dict[str, Callable[[World], object]] = {
    "about.About": lambda world: About(world.store, HeldClock(), "node", Path(), ()),
    "admin_token.AdminToken": lambda world: AdminToken(world.store),
    "api_keys.ApiKeys": lambda world: world.people.api_keys,
    "audit.Audit": lambda world: world.people.audit,
    "cancelling.Cancelling": lambda world: Cancelling(Messages(world.store), Untouched()),
    "connector_trials.ConnectorTrials": lambda world: ConnectorTrials(world.store),
    "connectors.Connectors": lambda world: Connectors(world.store),
    "dashboard.Dashboard": lambda world: Dashboard(world.store, HeldClock()),
    "enterprise_users.EnterpriseUsers": lambda world: world.people.enterprise_users,
    "esmes.Esmes": lambda world: Esmes(world.store),
    "gateway_control.GatewayControl": lambda world: GatewayControl(world.store, HeldClock()),
    "groups.Groups": lambda world: world.people.groups,
    "http_accounts.HttpAccounts": lambda world: HttpAccounts(world.store),
    "inbound.Inbound": lambda world: Inbound(world.store),
    "message_pdus.MessagePdus": lambda world: MessagePdus(world.logs),
    "logins.Logins": lambda world: world.people.logins,
    "messages.Messages": lambda world: Messages(world.store),
    "pdu_logs.PduLogs": lambda world: world.logs,
    "pdu_tail.PduTails": lambda world: PduTails(world.store, Untouched()),  # type: ignore[arg-type]
    "permission_groups.PermissionGroups": lambda world: world.people.permission_groups,
    "routes.Routes": lambda world: Routes(world.store),
    "sending.Sending": lambda world: Sending(Untouched(), world.snapshots),  # type: ignore[arg-type]
    "sign_in.SignIn": lambda world: world.people.sign_in,
    "system_settings.SystemSettings": lambda world: SystemSettings(world.store, Untouched()),
}

NAMED: dict[str, Callable[[Tenant], object]] = {
    "inbound.Inbound.message_id": lambda other: other.inbound_id,
    "inbound.Inbound.wanted": lambda other: InboundFilter(account_id=other.account_id),
}
"""What one service's parameter is given where others of that name are something else."""

KEYS: dict[str, Callable[[Tenant], object]] = {
    "esmes.Esmes": lambda other: other.esme,
    "groups.Groups": lambda other: f"{other.name} kind",
    "http_accounts.HttpAccounts": lambda other: other.http_user,
    "logins.Logins": lambda other: other.login,
    "permission_groups.PermissionGroups": lambda other: f"{other.name} group",
}
"""What a service's parameter `key` names of the other tenant."""

ARGUMENTS: dict[str, Callable[[Tenant], object]] = {
    "account": lambda other: other.name,
    "account_id": lambda other: other.account_id,
    "account_name": lambda other: other.name,
    "amount": lambda _: 1,
    "code": lambda _: "000000",
    "connector_id": lambda _: "smsc-1",
    "connectors": lambda _: ["smsc-1"],
    "content": lambda _: b"",
    "control": lambda _: Control.DRAIN,
    "current": lambda _: "wrong",
    "description": lambda _: "x",
    "detail": lambda other: MessageDetail(make_message(other.account_id), None, 0, ()),
    "draft": lambda _: Draft(["971501234567"], "Hello"),
    "enabled": lambda _: False,
    "file": lambda _: LogFile(date(2026, 1, 1), "x.log", 0, 0, Path("x.log")),
    "file_id": lambda _: "2026-01-01x.log",
    "first": lambda _: date(2026, 1, 1),
    "key_id": lambda other: other.key_id,
    "last": lambda _: date(2026, 1, 1),
    "login": lambda other: other.login,
    "message": lambda other: make_message(other.account_id),
    "message_id": lambda other: other.message_id,
    "name": lambda other: other.name,
    "number": lambda _: 1,
    "order_id": lambda _: 1,
    "owner": lambda other: other.login,
    "paging": lambda _: Paging(),
    "patience_s": lambda _: 0,
    "password": lambda _: "correct horse battery",
    "permissions": lambda _: ["view_logs"],
    "position": lambda _: 1,
    "replace": lambda _: True,
    "role": lambda _: "enterprise",
    "say": lambda _: lambda _step: None,
    "secret": lambda _: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "section": lambda _: "company",
    "service": lambda _: Service.PROCESS,
    "session_id": lambda other: other.session_id,
    "since": lambda _: 0,
    "side": lambda _: LogSide.ESMES,
    "system_id": lambda other: other.esme,
    "text": lambda _: "Hello",
    "token": lambda _: "token",
    "username": lambda other: other.login,
    "wanted": lambda other: MessageFilter(account_id=other.account_id),
}
"""What a parameter is given: where it names a row, one of the other tenant's."""

OPTIONAL = {"owner", "login", "account_id"}
"""Parameters that narrow a list: they are given although they need not be."""


async def everything_of(result: object) -> str:
    """What a service has answered, as text."""
    if inspect.isawaitable(result):
        result = await result
    if isinstance(result, AsyncIterator):
        return "".join([repr(each) async for each in result])
    return repr(result)


def arguments_of(name: str, method: Callable[..., object], other: Tenant) -> dict[str, object]:
    """What to call a method with, by name. Fails for a parameter that nothing is known of."""
    given: dict[str, object] = {}
    kind = name.rpartition(".")[0]
    for each in list(inspect.signature(method).parameters.values())[1:]:
        if each.kind is each.VAR_KEYWORD or (each.default is not each.empty and each.name not in OPTIONAL):
            continue
        if f"{kind}.{each.name}" in NAMED:
            given[each.name] = NAMED[f"{kind}.{each.name}"](other)
        elif each.name == "key" and kind in KEYS:
            given["key"] = KEYS[kind](other)
        elif each.name == "key":
            given["key"] = 1
        else:
            assert each.name in ARGUMENTS, f"{name}: say in ARGUMENTS what {each.name} is to be"
            given[each.name] = ARGUMENTS[each.name](other)
    return given


async def rows_of(world: World) -> list[object]:
    """Everything that the store has of the other tenant."""
    people, store, other = world.people, world.store, world.other
    return [
        await people.enterprise_users.get(COMMAND_LINE, other.name),
        await people.logins.get(COMMAND_LINE, other.login),
        await people.api_keys.get(COMMAND_LINE, other.key_id),
        (await people.sign_in.sessions(COMMAND_LINE, other.login)).items,
        (await store.list_messages(MessageFilter(account_id=other.account_id), "", 10)).items,
        await Esmes(store).get(COMMAND_LINE, other.esme),
        await HttpAccounts(store).get(COMMAND_LINE, other.http_user),
        await people.groups.get(COMMAND_LINE, f"{other.name} kind"),
        await people.permission_groups.get(COMMAND_LINE, f"{other.name} group"),
    ]


async def test_no_service_shows_or_changes_another_tenant_s_rows(world: World) -> None:
    before = await rows_of(world)
    refused = 0
    for name, told in methods():
        if not told:
            continue
        kind, _, method_name = name.rpartition(".")
        assert kind in SERVICES, f"say in SERVICES how to make {kind}"
        method = getattr(SERVICES[kind](world), method_name)
        with act_as(world.asker.actor):
            try:
                answer = await everything_of(
                    method(world.asker.actor, **arguments_of(name, method, world.other))
                )
            except (Forbidden, NotFound, InvalidInput, NotAmended):
                refused += 1
                continue
            except ManagementError as error:
                raise AssertionError(f"{name} looked at what it may not: {error}") from error
        assert MARK not in answer.lower(), f"{name} shows what is another tenant's: {answer}"
        for each in (world.other.message_id, world.other.inbound_id):
            assert each not in answer, name
    assert refused > 50
    assert await rows_of(world) == before
