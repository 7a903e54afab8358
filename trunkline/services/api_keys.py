"""API keys of logins: for the REST API, and for sending (text 000, "API Keys")."""

from dataclasses import dataclass

from trunkline.model.administration import Administration
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, ApiKey, Login, Permission, Role
from trunkline.model.people import Page, Paging
from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import hash_api_key, new_login_key, shown_prefix
from trunkline.services.logins import needed_permission

NAME_MAX = 64


@dataclass(slots=True, frozen=True)
class NewApiKey:
    """Shown once: only the key's hash is kept."""

    id: int
    name: str
    key: str
    owner: str


class ApiKeys:
    """Keys that act as the login they belong to, with its permissions of the moment."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(self, actor: Actor, name: str, *, owner: int | str | None = None) -> NewApiKey:
        """Makes a key for the actor, or for another login that it manages.

        Raises `Forbidden`, `InvalidInput`, and `NotFound` for the login.
        """
        login = await self._owner(actor, owner)
        if not 1 <= len(name.strip()) <= NAME_MAX or not name.isprintable():
            raise InvalidInput("name", f"1 to {NAME_MAX} printable characters")
        key = new_login_key()
        key_id = await self._administration.create_api_key(
            login.id, name.strip(), prefix=shown_prefix(key), key_hash=hash_api_key(key)
        )
        return NewApiKey(key_id, name.strip(), key, login.username)

    async def set_enabled(self, actor: Actor, key_id: int, enabled: bool) -> None:
        """Revokes a key, or lets it in again. Raises `Forbidden`, `NotFound`."""
        await self._managed(actor, key_id)
        await self._administration.set_api_key_enabled(key_id, enabled)

    async def delete(self, actor: Actor, key_id: int) -> None:
        """Deletes a key. Raises `Forbidden`, `NotFound`."""
        await self._managed(actor, key_id)
        await self._administration.delete_api_key(key_id)

    async def get(self, actor: Actor, key_id: int) -> ApiKey:
        """One key. Raises `Forbidden`, `NotFound`, for those of other tenants too."""
        _require_looking(actor)
        key = await self._administration.find_api_key(key_id)
        if not actor.owns(key.account_id):
            raise NotFound("API key", str(key_id))
        return key

    async def list(self, actor: Actor, page: Paging | None = None, *, owner: str = "") -> Page[ApiKey]:
        """Keys, the newest first; enterprise users see those of their account. Raises `Forbidden`.

        `owner` narrows them to those of a login.
        """
        _require_looking(actor)
        login_id = None
        if owner:
            try:
                login_id = (await self._administration.find_login(owner)).id
            except NotFound:
                return Page([], None)
        return await self._administration.page_api_keys(
            page or Paging(), login_id=login_id, account_id=actor.account_id
        )

    async def _owner(self, actor: Actor, owner: int | str | None) -> Login:
        if owner is None:
            if actor.login_id is None:
                raise InvalidInput("owner", "name the login that the key acts as")
            owner = actor.login_id
        login = await self._administration.find_login(owner)
        if login.id == actor.login_id:
            actor.require(Permission.MANAGE_API_KEYS)
        elif actor.role is Role.ENTERPRISE:
            raise NotFound("login", str(owner))
        else:
            actor.require(needed_permission(login.role))
        return login

    async def _managed(self, actor: Actor, key_id: int) -> None:
        key = await self.get(actor, key_id)
        if actor.role is Role.ENTERPRISE or key.login_id == actor.login_id:
            actor.require(Permission.MANAGE_API_KEYS)
        else:
            actor.require(needed_permission((await self._administration.find_login(key.login_id)).role))


class KeyUses:
    """When keys were used last, gathered in memory and written down now and then."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._used_at: dict[int, int] = {}

    def note(self, key_id: int, now: int) -> None:
        """A key was used (Unix ms)."""
        self._used_at[key_id] = now

    async def save(self) -> None:
        """Writes down what was gathered. Raises `StorageUnavailable`; then it stays gathered."""
        used_at, self._used_at = self._used_at, {}
        try:
            await self._administration.note_key_uses(used_at)
        except BaseException:
            self._used_at = used_at | self._used_at
            raise


def _require_looking(actor: Actor) -> None:
    actor.require(Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM)
