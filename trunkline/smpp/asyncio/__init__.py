"""The byte pump for SMPP sessions: connections, a client, a server and both ends of outbind on asyncio."""

from trunkline.smpp.asyncio.client import connect
from trunkline.smpp.asyncio.connection import BindRefused, ConnectionLost, SmppConnection
from trunkline.smpp.asyncio.outbind import OutbindListener, connect_outbind
from trunkline.smpp.asyncio.server import SmppServer

__all__ = [
    "BindRefused",
    "ConnectionLost",
    "OutbindListener",
    "SmppConnection",
    "SmppServer",
    "connect",
    "connect_outbind",
]
