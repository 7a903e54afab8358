"""Signing in: passwords, codes, sessions and what ends them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import SqlStore, open_store, upgrade
from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE, Forbidden, Role
from trunkline.model.people import AuditFilter, Paging
from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import CredentialChecker
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.login_limits import LoginLimits
from trunkline.services.logins import Logins, matching_step
from trunkline.services.passwords import check_password
from trunkline.services.sign_in import CodeNeeded, SignIn, SignInRefused, TooManyFailures

PASSWORD = "correct horse battery"
HERE = "192.0.2.9"
NOW = 1_775_824_200_000
MINUTE = 60_000


class Desk:
    """Sign-in on a store of its own; the clocks stand still."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.monotonic = 1000.0
        self.credentials = CredentialChecker(LoginLimits(lambda: self.monotonic))
        self.logins = Logins(store)
        self.sign_in = SignIn(
            store, self.credentials, idle_s=1800, lifetime_s=43_200, now_ms=lambda: clock.now
        )


class Clock:
    now = NOW


clock = Clock()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sign-in") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def desk(template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    clock.now = NOW
    shutil.copy(template, tmp_path / "store.db")
    box = SecretBox(Fernet.generate_key())
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", secret_box=box, now_ms=lambda: clock.now)
    await store.open()
    desk = Desk(store)
    await desk.logins.create(COMMAND_LINE, "ann", role=Role.SUPER_ADMIN, password=PASSWORD)
    yield desk
    desk.credentials.close()
    await store.close()


async def test_who_signs_in_acts(desk: Desk) -> None:
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE, user_agent="Firefox")
    resumed = await desk.sign_in.resume(made.token, address="192.0.2.10")
    assert resumed is not None
    assert (resumed.actor.name, resumed.actor.door, resumed.actor.address) == ("ann", "panel", "192.0.2.10")
    assert resumed.token == "", "only who signs in is told it"
    (session,) = (await desk.sign_in.sessions(made.actor, "ann")).items
    assert (session.address, session.user_agent) == (HERE, "Firefox")
    await desk.sign_in.sign_out(made.token)
    assert await desk.sign_in.resume(made.token) is None
    assert await desk.sign_in.resume("") is None
    entries = (await desk.store.page_audit(AuditFilter(entity="login"), Paging())).items
    assert [each.action for each in entries] == ["sign_out", "sign_in", "create"]


async def test_a_session_ends_by_itself(desk: Desk) -> None:
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    for _ in range(26):  # 12 hours and 8 minutes of clicks
        assert await desk.sign_in.resume(made.token) is not None
        clock.now += 28 * MINUTE
    assert await desk.sign_in.resume(made.token) is None, "however busy it was"
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    clock.now += 30 * MINUTE
    assert await desk.sign_in.resume(made.token) is None, "it was idle"
    assert await desk.sign_in.tidy() == 2


async def test_wrong_passwords(desk: Desk) -> None:
    for username in ("ann", "nobody"):
        for _ in range(6):
            with pytest.raises(SignInRefused, match="Wrong user name or password"):
                await desk.sign_in.sign_in(username, "wrong", address=HERE)
        with pytest.raises(TooManyFailures):
            await desk.sign_in.sign_in(username, PASSWORD, address=HERE)
    made = await desk.sign_in.sign_in("ann", PASSWORD, address="192.0.2.77")
    desk.monotonic += 2
    await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    entries = (await desk.store.page_audit(AuditFilter(action="sign_in_failed"), Paging())).items
    assert [each.entity_id for each in entries] == ["ann"] * 6
    assert made.login.username == "ann"


async def test_who_is_disabled_stays_outside(desk: Desk) -> None:
    await desk.logins.create(COMMAND_LINE, "bob", role=Role.VIEWER, password=PASSWORD)
    made = await desk.sign_in.sign_in("bob", PASSWORD, address=HERE)
    await desk.logins.change(COMMAND_LINE, "bob", enabled=False)
    assert await desk.sign_in.resume(made.token) is None
    with pytest.raises(SignInRefused, match="disabled"):
        await desk.sign_in.sign_in("bob", PASSWORD, address=HERE)


async def test_a_second_factor(desk: Desk) -> None:
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    secret, uri = desk.logins.new_totp(made.login)
    assert uri.startswith("otpauth://totp/Trunkline:ann?secret=")
    with pytest.raises(InvalidInput, match="code"):
        await desk.logins.turn_totp_on(made.actor, secret, "000000x")
    await desk.store.set_totp_secret(made.login.id, secret)
    code = pyotp.TOTP(secret).at(NOW // 1000)
    with pytest.raises(CodeNeeded):
        await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    with pytest.raises(SignInRefused, match="Wrong code"):
        await desk.sign_in.sign_in("ann", PASSWORD, "12345", address=HERE)
    await desk.sign_in.sign_in("ann", PASSWORD, f" {code} ", address=HERE)
    with pytest.raises(SignInRefused, match="used before"):
        await desk.sign_in.sign_in("ann", PASSWORD, code, address=HERE)
    with pytest.raises(InvalidInput, match="password"):
        await desk.logins.turn_own_totp_off(made.actor, "wrong")
    await desk.logins.turn_own_totp_off(made.actor, PASSWORD)
    await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)


async def test_guessing_codes_is_slowed_down_though_the_password_is_right(desk: Desk) -> None:
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    secret, _ = desk.logins.new_totp(made.login)
    await desk.store.set_totp_secret(made.login.id, secret)
    for number in range(6):  # each from elsewhere
        with pytest.raises(SignInRefused, match="Wrong code"):
            await desk.sign_in.sign_in("ann", PASSWORD, "12345", address=f"192.0.2.{number}")
    code = pyotp.TOTP(secret).at(NOW // 1000)
    with pytest.raises(TooManyFailures):
        await desk.sign_in.sign_in("ann", PASSWORD, code, address="192.0.2.99")
    desk.monotonic += 2
    await desk.sign_in.sign_in("ann", PASSWORD, code, address="192.0.2.99")
    with pytest.raises(SignInRefused, match="Wrong code"):
        await desk.sign_in.sign_in("ann", PASSWORD, "12345", address=HERE)


async def test_sessions_of_an_account_s_logins(desk: Desk) -> None:
    users = EnterpriseUsers(desk.store)
    for name in ("acme", "rival"):
        await users.create(COMMAND_LINE, name, username=f"{name}.ann", password=PASSWORD)
        await desk.sign_in.sign_in(f"{name}.ann", PASSWORD, address=HERE)
    acme = await users.get(COMMAND_LINE, "acme")
    found = await desk.sign_in.sessions(COMMAND_LINE, account_id=acme.id)
    assert [each.username for each in found.items] == ["acme.ann"]
    assert (acme.logins, acme.esmes, acme.http_accounts) == (1, 0, 0)


def test_codes_of_the_neighbouring_steps_count() -> None:
    secret = pyotp.random_base32()
    now = NOW // 1000
    totp = pyotp.TOTP(secret)
    for seconds, counts in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        step = matching_step(secret, totp.at(now + seconds), now)
        assert (step == (now + seconds) // 30) is counts


async def test_own_password(desk: Desk) -> None:
    made = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    with pytest.raises(InvalidInput, match="current_password"):
        await desk.logins.change_own_password(made.actor, "wrong", "another good one")
    await desk.logins.change_own_password(made.actor, PASSWORD, "another good one")
    assert await desk.sign_in.resume(made.token) is None
    await desk.sign_in.sign_in("ann", "another good one", address=HERE)


async def test_a_token_for_a_new_password(desk: Desk) -> None:
    token = await desk.logins.start_reset(COMMAND_LINE, "ann")
    with pytest.raises(InvalidInput, match="password"):
        await desk.logins.finish_reset(token, "short")
    await desk.logins.finish_reset(token, "another good one")
    for used in (token, "wrong"):
        with pytest.raises(InvalidInput, match="token"):
            await desk.logins.finish_reset(used, "yet another one")


async def test_sessions_of_others(desk: Desk) -> None:
    await desk.logins.create(COMMAND_LINE, "bob", role=Role.VIEWER, password=PASSWORD)
    ann = await desk.sign_in.sign_in("ann", PASSWORD, address=HERE)
    bob = await desk.sign_in.sign_in("bob", PASSWORD, address=HERE)
    for refused in (desk.sign_in.sessions(bob.actor), desk.sign_in.end(bob.actor, ann.session_id)):
        with pytest.raises(Forbidden):
            await refused
    with pytest.raises(NotFound):
        await desk.sign_in.end(ann.actor, 999)
    assert await desk.sign_in.end_all(ann.actor, "bob") == 1
    assert await desk.sign_in.resume(bob.token) is None


@pytest.mark.parametrize(
    "password",
    ["short", "annabella1", "Password123!", "1234567890", "qwertyuiop", "aaaaaaaaaabb", "x" * 1025],
)
def test_passwords_that_would_be_guessed(password: str) -> None:
    with pytest.raises(InvalidInput, match="password"):
        check_password(password, "annabella")


def test_passwords_that_are_good_enough() -> None:
    for password in (PASSWORD, "s3cret of annabella", "كلمة السر هنا"):
        check_password(password, "annabella")
