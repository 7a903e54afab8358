"""The composition root: settings in, a running gateway out. The only room that names concrete engines."""

from trunkline.app.administration import DatabaseNotReady, open_administration, upgrade_database
from trunkline.app.run import run_gateway

__all__ = ["DatabaseNotReady", "open_administration", "run_gateway", "upgrade_database"]
