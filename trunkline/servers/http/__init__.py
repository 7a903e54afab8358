"""The HTTP door: send, look up, health and metrics. `create_app` builds it, `HttpServer` runs it."""

from trunkline.servers.http.app import HttpApp, create_app
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.server import HttpServer

__all__ = ["HttpApp", "HttpServer", "HttpServices", "create_app"]
