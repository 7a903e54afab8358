"""The ordered MT route table as people manage it."""

from trunkline.model.administration import Administration
from trunkline.model.errors import NotFound
from trunkline.model.money import MICROS
from trunkline.model.snapshot import Route
from trunkline.services.accounts import InvalidInput


class Routes:
    """MT routes: first match wins."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        name: str,
        connector_ids: tuple[str, ...],
        *,
        prefix: str = "",
        account: str | None = None,
        rate: int = MICROS,
        position: int | None = None,
    ) -> int:
        """Adds a route at a position (the end when None); `rate` in micro-credits per segment.

        Raises `InvalidInput`, `NotFound` for a connector or account that does not exist.
        """
        if prefix and not prefix.isdecimal():
            raise InvalidInput("prefix", "digits only, in international form")
        if rate < 0:
            raise InvalidInput("rate", "must not be negative")
        if not connector_ids:
            raise InvalidInput("connectors", "at least one")
        known = {each.config.connector_id for each in await self._administration.list_connectors()}
        for connector_id in connector_ids:
            if connector_id not in known:
                raise NotFound("connector", connector_id)
        account_id = (await self._administration.account_by_name(account)).id if account else None
        return await self._administration.create_route(
            name,
            position=position,
            prefix=prefix,
            account_id=account_id,
            connector_ids=connector_ids,
            rate=rate,
        )

    async def list(self) -> list[Route]:
        """All routes in their order."""
        return await self._administration.list_routes()
