"""The settings that administrators make: a row per section, the logo as one of them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, String, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.tables import metadata
from trunkline.model.system_settings import SECTION_TYPES, AnySection, Logo, PlatformSettings, Section, Smtp

system_setting = Table(
    "system_setting",
    metadata,
    Column("section", String(32), primary_key=True),
    Column("fields", Text, nullable=False),  # JSON of the section's type, without its secret
    Column("secret_encrypted", Text, nullable=False),  # empty: it has none
    Column("updated_at", BigInteger, nullable=False),
)

_LOGO = "logo"
_ENTITY = "settings"


class SystemSettings(AuditTrail):
    """Implements `model.system_settings.SettingsStore`."""

    _secret_box: SecretBox

    async def platform_settings(self) -> PlatformSettings:
        """All sections. Raises `SecretUnreadable` when the key file is not the database's."""
        async with self._read() as connection:
            return await self._platform_settings(connection)

    async def update_settings(self, section: Section, values: AnySection) -> None:
        """Replaces a section; the audit log gets each field that is not as it was."""
        async with self._configure() as connection:
            before = (await self._platform_settings(connection)).section(section)
            kept, secret = values, ""
            if isinstance(values, Smtp):
                kept, secret = replace(values, password=""), values.password
            await self._put(connection, section.value, kept, secret)
            await self._record(connection, "change", _ENTITY, section.value, asdict(before), asdict(values))

    async def set_logo(self, logo: Logo | None) -> None:
        """Replaces the logo, or takes it away."""
        async with self._configure() as connection:
            before = (await self._platform_settings(connection)).logo
            if logo is None:
                await connection.execute(delete(system_setting).where(system_setting.c.section == _LOGO))
            else:
                await self._put(connection, _LOGO, logo)
            await self._record(connection, "change", _ENTITY, _LOGO, _shown(before), _shown(logo))

    async def _platform_settings(self, connection: AsyncConnection) -> PlatformSettings:
        rows = await connection.execute(select(system_setting))
        found = {row.section: row._mapping for row in rows}
        sections: dict[str, Any] = {
            name.value: msgspec.json.decode(found[name.value]["fields"], type=kind)
            for name, kind in SECTION_TYPES.items()
            if name.value in found
        }
        smtp = found.get(Section.SMTP.value)
        if smtp is not None and smtp["secret_encrypted"]:
            password = self._secret_box.decrypt(smtp["secret_encrypted"])
            sections["smtp"] = replace(sections["smtp"], password=password)
        if _LOGO in found:
            sections[_LOGO] = msgspec.json.decode(found[_LOGO]["fields"], type=Logo)
        return PlatformSettings(**sections)

    async def _put(self, connection: AsyncConnection, name: str, values: object, secret: str = "") -> None:
        await connection.execute(delete(system_setting).where(system_setting.c.section == name))
        await connection.execute(
            insert(system_setting).values(
                section=name,
                fields=msgspec.json.encode(values).decode(),
                secret_encrypted=self._secret_box.encrypt(secret) if secret else "",
                updated_at=self._now_ms(),
            )
        )


def _shown(logo: Logo | None) -> Mapping[str, Any]:
    """A logo as the audit log has it: which picture it is, not the picture."""
    return {} if logo is None else {"media_type": logo.media_type, "digest": logo.digest}
