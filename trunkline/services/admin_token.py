"""The token of the administration's API: made, shown once, revoked."""

from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, Permission
from trunkline.services.credentials import hash_api_key, new_admin_token


class AdminToken:
    """There is one at a time; only its hash is stored. A running gateway follows changes within a second.

    Whoever holds it may do everything, so that it takes a super administrator to make one.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def made_at(self, actor: Actor) -> int | None:
        """When the token was made (Unix ms; 0: not known); None: there is none. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        if not await self._administration.api_token_hash():
            return None
        return await self._administration.api_token_made_at() or 0

    async def renew(self, actor: Actor) -> str:
        """Makes a new token and returns it; the one before is void. Raises `Forbidden`."""
        actor.require(Permission.MANAGE_ADMINS)
        token = new_admin_token()
        await self._administration.set_api_token_hash(hash_api_key(token))
        return token

    async def revoke(self, actor: Actor) -> bool:
        """Makes the token void; false when there was none. Raises `Forbidden`."""
        actor.require(Permission.MANAGE_ADMINS)
        if not await self._administration.api_token_hash():
            return False
        await self._administration.set_api_token_hash("")
        return True

    async def adopt(self, actor: Actor, token: str, *, replace: bool) -> None:
        """Takes a token that was made elsewhere; without `replace` only where there never was one.

        Raises `Forbidden`.
        """
        actor.require(Permission.MANAGE_ADMINS)
        if replace or await self._administration.api_token_hash() is None:
            await self._administration.set_api_token_hash(hash_api_key(token))
