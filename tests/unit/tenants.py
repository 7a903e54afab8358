"""Two tenants with rows of every kind on one store, to see what one can find of the other."""

from dataclasses import dataclass

from tests.contract.harness import NOW, accept, make_message, settle, submit
from trunkline.backends.storage import SqlStore
from trunkline.model.identity import COMMAND_LINE, TENANT_PERMISSIONS, Actor, Role, act_as
from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundMessage
from trunkline.services.credentials import CredentialChecker
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import Esmes
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.people import People, people_of

PASSWORD = "correct horse battery"
MARK = "zorro"
"""Stands in everything that is the other tenant's and can carry a word."""


@dataclass(frozen=True)
class Tenant:
    """An account with login, API key, session, messages both ways, an ESME and an HTTP account."""

    name: str
    account_id: int
    actor: Actor
    login_id: int
    key_id: int
    key: str
    session_id: int
    message_id: str
    esme_id: int
    http_id: int
    http_key: str
    inbound_id: str

    @property
    def login(self) -> str:
        return f"{self.name}.login"

    @property
    def esme(self) -> str:
        return f"{self.name}.esme"

    @property
    def http_user(self) -> str:
        return f"{self.name}.http"


async def make_tenant(store: SqlStore, credentials: CredentialChecker, name: str) -> Tenant:
    """A tenant that may do everything that a tenant can, its rows carrying its name."""
    people = people_of(store, credentials, idle_s=1800, lifetime_s=43_200)
    with act_as(COMMAND_LINE):
        return await _made(store, people, name)


async def _made(store: SqlStore, people: People, name: str) -> Tenant:
    root = COMMAND_LINE
    every = [each.value for each in TENANT_PERMISSIONS]
    await people.permission_groups.create(root, f"{name} group", permissions=every)
    await people.groups.create(root, f"{name} kind")
    made = await EnterpriseUsers(store).create(
        root,
        name,
        username=f"{name}.login",
        password=PASSWORD,
        balance=1_000_000,
        permission_group=f"{name} group",
        group=f"{name} kind",
    )
    assert made.login is not None
    key = await people.api_keys.create(root, f"{name} key", owner=made.login.id)
    signed_in = await people.sign_in.sign_in(f"{name}.login", PASSWORD, address="192.0.2.7")
    http = await HttpAccounts(store).create(root, name, f"{name}.http", description=name)
    http_row = await HttpAccounts(store).get(root, f"{name}.http")
    await Esmes(store).create(root, name, f"{name}.esme")
    esme_row = await Esmes(store).get(root, f"{name}.esme")
    message = make_message(made.account.id, text=f"from {name}", source_addr=name.upper())
    await accept(store, message)
    for segment in message.segments:
        store.journal.submitted(segment, submit(segment))
        store.journal.settled(segment, settle(segment), None)
    inbound = InboundMessage(
        new_id(), made.account.id, "smsc-1", 1, 1, "491700000001", 3, 0, name, f"to {name}", "gsm7", 0, 0,
        None, "", None, None, 1, (), None, NOW,
    )  # fmt: skip
    store.journal.inbound(inbound, [], None)
    await store.journal.flush()
    login = await people.logins.get(root, made.login.id)
    assert login.role is Role.ENTERPRISE
    return Tenant(
        name,
        made.account.id,
        login.actor(door="api"),
        login.id,
        key.id,
        key.key,
        signed_in.session_id,
        message.id,
        esme_row.id,
        http_row.id,
        http.api_key,
        inbound.id,
    )
