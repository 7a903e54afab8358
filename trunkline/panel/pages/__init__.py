"""The panel's pages: one file each, and their order in the sidebar."""

from trunkline.panel.pages import (
    api_keys,
    audit,
    connector_detail,
    connectors,
    dashboard,
    enterprise_user,
    enterprise_users,
    esmes,
    http_accounts,
    inbound,
    logins,
    message,
    messages,
    own,
    receipts,
    send,
)

PAGES = (
    dashboard.PAGE,
    messages.PAGE,
    message.PAGE,
    receipts.PAGE,
    inbound.PAGE,
    send.PAGE,
    connectors.PAGE,
    connector_detail.PAGE,
    esmes.PAGE,
    http_accounts.PAGE,
    enterprise_users.PAGE,
    enterprise_user.PAGE,
    api_keys.PAGE,
    logins.PAGE,
    audit.PAGE,
    own.PAGE,
)
