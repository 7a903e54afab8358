"""The port `SettingsStore`: sections, the logo, the secret, and what is written down of changes."""

import json
from collections.abc import AsyncIterator

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.system_settings import (
    Alerts,
    Branding,
    Company,
    Logo,
    Platform,
    PlatformSettings,
    Section,
    Security,
    Smtp,
)

from .harness import NOW, Place

SMTP = Smtp("mail.example.com", 465, Security.TLS, "gateway", "s3cret", "sms@example.com")
LOGO = Logo("image/png", "ab" * 32, bytes(range(256)))


@pytest.fixture
async def store(place: Place) -> AsyncIterator[SqlStore]:
    store = place.store(now_ms=lambda: NOW)
    await store.open()
    yield store
    await store.close()


async def test_every_section_is_what_was_stored(store: SqlStore) -> None:
    assert await store.platform_settings() == PlatformSettings()
    wanted = PlatformSettings(
        Branding("Acme SMS", "#1e3a8a"),
        Company("Acme", "1 High Street\nLondon", "a@b.example", "+44 20", "https://acme.example", "GB 1"),
        Platform("https://sms.example.com", "Asia/Dubai", "ar", 5_500_000),
        Alerts(("ops@example.com", "boss@example.com")),
        SMTP,
        LOGO,
    )
    revision = await store.revision()
    for section in Section:
        await store.update_settings(section, wanted.section(section))
    await store.set_logo(LOGO)
    assert await store.platform_settings() == wanted
    snapshot = await store.snapshot()
    assert snapshot.settings == wanted
    assert snapshot.revision == revision + 6


async def test_the_password_is_encrypted(store: SqlStore, place: Place) -> None:
    await store.update_settings(Section.SMTP, SMTP)
    rows = await place.rows("SELECT fields, secret_encrypted FROM system_setting")
    assert "s3cret" not in str(rows)
    assert rows[0][1]


async def test_the_audit_log_has_each_field_and_no_secret(store: SqlStore) -> None:
    await store.update_settings(Section.SMTP, SMTP)
    await store.update_settings(Section.BRANDING, Branding("Acme SMS"))
    await store.update_settings(Section.BRANDING, Branding("Acme SMS"))  # nothing changes
    await store.set_logo(LOGO)
    await store.set_logo(None)
    entries = (await store.page_audit(AuditFilter(entity="settings"), Paging())).items
    assert [(each.action, each.entity_id) for each in entries] == [
        ("change", "logo"), ("change", "logo"), ("change", "branding"), ("change", "smtp"),
    ]  # fmt: skip
    removed, added, branding, smtp = (each.details for each in entries)
    assert branding == {"platform_name": ["Trunkline", "Acme SMS"]}
    assert smtp["password"] == ["", "***"]
    assert smtp["security"] == ["starttls", "tls"]
    assert added == {"digest": [None, LOGO.digest], "media_type": [None, "image/png"]}
    assert removed["digest"] == [LOGO.digest, None]
    assert "s3cret" not in json.dumps([each.details for each in entries])


async def test_fields_of_another_version_do_no_harm(store: SqlStore, place: Place) -> None:
    await store.update_settings(Section.BRANDING, Branding("Acme SMS"))
    await place.rows("UPDATE system_setting SET fields = ?", '{"platform_name": "Old", "gone": 1}')
    assert (await store.platform_settings()).branding == Branding("Old")


async def test_when_the_token_was_made(store: SqlStore) -> None:
    assert await store.api_token_made_at() is None
    await store.set_api_token_hash("ab")
    assert await store.api_token_made_at() == NOW
