"""Connectors: how to bind to each SMSC, and what each node says about its binds."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import msgspec
from sqlalchemy import Select, delete, func, insert, literal_column, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import count_up
from trunkline.model.administration import StoredConnector
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.profile import Profile
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorStatus

_connector = tables.connector
_status = tables.connector_status
_encode_status = msgspec.json.Encoder().encode
_decode_status = msgspec.json.Decoder(ConnectorStatus).decode
_decode_profile = msgspec.json.Decoder(Profile).decode
_ENCODED = {"password", "tls_key", "profile"}
_FIELDS = tuple(field.name for field in fields(ConnectorConfig) if field.name not in _ENCODED)


def build_config(row: RowMapping, secret_box: SecretBox) -> ConnectorConfig:
    """A connector's configuration from its row. Raises `SecretUnreadable`."""
    tls_key = row["tls_key_encrypted"]
    return ConnectorConfig(
        **{name: row[name] for name in _FIELDS},
        password=secret_box.decrypt(row["password_encrypted"]),
        tls_key=secret_box.decrypt(tls_key) if tls_key else "",
        profile=_open_profile(row["profile"], secret_box),
    )


def _open_profile(stored: str, secret_box: SecretBox) -> Profile:
    profile = _decode_profile(stored)
    if not profile.outbind_password:
        return profile
    return replace(profile, outbind_password=secret_box.decrypt(profile.outbind_password))


class Connectors(AuditTrail):
    """SMPP client connectors. Their passwords are stored encrypted."""

    _secret_box: SecretBox

    async def create_connector(self, config: ConnectorConfig) -> None:
        """Creates a connector. Raises `AlreadyExists`."""
        now = self._now_ms()
        async with self._configure(AlreadyExists("connector", config.connector_id)) as connection:
            await connection.execute(
                insert(_connector).values(
                    **self._values(config),
                    number=await count_up(connection, tables.CONNECTOR_NUMBER),
                    created_at=now,
                    updated_at=now,
                )
            )
            await self._record(connection, "create", "connector", config.connector_id, after=_audited(config))

    async def update_connector(self, config: ConnectorConfig) -> None:
        """Replaces a connector's configuration. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_connector(connection, config.connector_id)
            await self._change_connector(connection, config.connector_id, self._values(config))
            await self._record(
                connection, "change", "connector", config.connector_id, _audited(before), _audited(config)
            )

    async def set_connector_enabled(self, connector_id: str, enabled: bool) -> None:
        """Starts or stops a connector on all nodes. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_connector(connection, connector_id)
            await self._change_connector(connection, connector_id, {"enabled": enabled})
            old, new = {"enabled": before.enabled}, {"enabled": enabled}
            await self._record(connection, "change", "connector", connector_id, old, new)

    async def delete_connector(self, connector_id: str) -> None:
        """Deletes a connector. Raises `NotFound`, and `InUse` while messages need it."""
        async with self._configure() as connection:
            before = await self._locked_connector(connection, connector_id)
            queued = await connection.scalar(_count(connector_id, "queued"))
            under_way = await connection.scalar(_count(connector_id, "submitting"))
            if queued or under_way:
                raise InUse(
                    f"connector {connector_id!r} has {queued} messages in its queue and {under_way} under "
                    "way; take it out of the routes and try again when they are gone"
                )
            await connection.execute(delete(_connector).where(_connector.c.connector_id == connector_id))
            await connection.execute(delete(_status).where(_status.c.connector_id == connector_id))
            await self._record(connection, "delete", "connector", connector_id, _audited(before))

    async def list_connectors(self) -> list[StoredConnector]:
        """All connectors, by id. Raises `SecretUnreadable`."""
        async with self._read() as connection:
            rows = await connection.execute(select(_connector).order_by(_connector.c.connector_id))
            return [self._stored(row._mapping) for row in rows]

    async def find_connector(self, key: int | str) -> StoredConnector:
        """A connector by its number or its id. Raises `NotFound`, `SecretUnreadable`."""
        column = _connector.c.number if isinstance(key, int) else _connector.c.connector_id
        async with self._read() as connection:
            row = (await connection.execute(select(_connector).where(column == key))).one_or_none()
        if row is None:
            raise NotFound("connector", str(key))
        return self._stored(row._mapping)

    async def save_connector_status(self, node: str, statuses: Sequence[ConnectorStatus], now: int) -> None:
        """Replaces what a node said about its connectors."""
        async with self._write() as connection:
            await connection.execute(delete(_status).where(_status.c.node == node))
            if statuses:
                await connection.execute(
                    insert(_status),
                    [
                        {
                            "connector_id": each.connector_id,
                            "node": node,
                            "status": _encode_status(each).decode(),
                            "updated_at": now,
                        }
                        for each in statuses
                    ],
                )

    async def connector_statuses(self) -> dict[str, ConnectorStatus]:
        """The live status of each connector, as the node that runs it last wrote it."""
        async with self._read() as connection:
            rows = await connection.execute(
                select(_status.c.status, _status.c.updated_at).order_by(_status.c.updated_at)
            )
            statuses = [replace(_decode_status(row.status), as_of=row.updated_at) for row in rows]
        statuses.sort(key=lambda each: each.running)  # of several nodes, those that run it speak last
        return {each.connector_id: each for each in statuses}

    async def _locked_connector(self, connection: AsyncConnection, connector_id: str) -> ConnectorConfig:
        found = await connection.execute(
            select(_connector).where(_connector.c.connector_id == connector_id).with_for_update()
        )
        row = found.one_or_none()
        if row is None:
            raise NotFound("connector", connector_id)
        return build_config(row._mapping, self._secret_box)

    async def _change_connector(
        self, connection: AsyncConnection, connector_id: str, values: dict[str, Any]
    ) -> None:
        await connection.execute(
            update(_connector)
            .where(_connector.c.connector_id == connector_id)
            .values(**values, updated_at=self._now_ms())
        )

    def _stored(self, row: RowMapping) -> StoredConnector:
        return StoredConnector(build_config(row, self._secret_box), row["created_at"], row["updated_at"])

    def _values(self, config: ConnectorConfig) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(config, name) for name in _FIELDS if name != "number"}
        values["password_encrypted"] = self._secret_box.encrypt(config.password)
        values["tls_key_encrypted"] = self._secret_box.encrypt(config.tls_key) if config.tls_key else ""
        profile = config.profile
        if profile.outbind_password:
            secret = self._secret_box.encrypt(profile.outbind_password)
            profile = replace(profile, outbind_password=secret)
        values["profile"] = msgspec.json.encode(profile).decode()
        return values


def _audited(config: ConnectorConfig) -> dict[str, Any]:
    """What the audit log compares: all but the number, which the store gives."""
    return {name: value for name, value in asdict(config).items() if name != "number"}


def _count(connector_id: str, state: str) -> Select[int]:
    segment = tables.segment
    # The state is written out: with a parameter no database uses the partial indexes.
    return (
        select(func.count())
        .select_from(segment)
        .where(segment.c.connector_id == connector_id, segment.c.state == literal_column(f"'{state}'"))
    )
