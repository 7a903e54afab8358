"""The tables of people: who may sign in, with which rights, from which browsers, and what they changed.

Rows of `audit` are never changed or deleted; triggers of the database see to it.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from trunkline.backends.storage.tables import metadata, serial

permission_group = Table(
    "permission_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("permissions", Text, nullable=False),  # JSON array of model.identity.Permission
    Column("created_at", BigInteger, nullable=False),
)

account_group = Table(
    "account_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

login = Table(
    "login",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), index=True),  # an enterprise user's
    Column("email", String(255), nullable=False),
    Column("full_name", String(255), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("totp_secret_encrypted", Text, nullable=False),  # empty: no second factor
    Column("totp_last_step", BigInteger, nullable=False),  # of the code used last: none counts twice
    Column("locale", String(16), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("last_login_at", BigInteger),
)

login_session = Table(
    "login_session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("login_id", Integer, ForeignKey("login.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(255), nullable=False),
)

password_reset = Table(
    "password_reset",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256
    Column("login_id", Integer, ForeignKey("login.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("prefix", String(32), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("login_id", Integer, ForeignKey("login.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("enabled", Boolean, nullable=False),
    Column("last_used_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", serial(), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", String(255), nullable=False),
    Column("account_id", Integer),
    Column("action", String(32), nullable=False),
    Column("entity", String(32), nullable=False),
    Column("entity_id", String(255), nullable=False),
    Column("address", String(64), nullable=False),
    Column("door", String(16), nullable=False),
    Column("details", Text, nullable=False),  # JSON
    Index("ix_audit_account_id_id", "account_id", "id"),
    Index("ix_audit_entity_entity_id_id", "entity", "entity_id", "id"),
)
