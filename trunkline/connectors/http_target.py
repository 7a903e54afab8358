"""A callback URL taken apart once, for calling it many times."""

import base64
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


class InvalidUrl(ValueError):
    """A URL that cannot be called; the text says why and never shows the URL's credentials."""


class Target:
    """A URL taken apart for calling it: the origin, and the request's head up to the Content-Length value."""

    __slots__ = ("head", "host", "port", "secure")

    def __init__(self, host: str, port: int, secure: bool, head: bytes) -> None:
        self.host = host
        self.port = port
        self.secure = secure
        self.head = head


@lru_cache(maxsize=4096)
def parse_target(url: str) -> Target:
    """Take a callback URL apart. Raises `InvalidUrl` unless it is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # The reason given would quote the URL, and a badly escaped password may be what stands there.
        raise InvalidUrl("the URL's host or port is malformed") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidUrl(f"the URL's scheme is {parts.scheme!r}: only http and https are called")
    if not parts.hostname:
        raise InvalidUrl("the URL names no host")
    try:
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
    except UnicodeError:
        raise InvalidUrl("the URL's host is not a valid name") from None
    if any(char <= " " or char in "\x7f/\\" for char in host):
        raise InvalidUrl("the URL's host is not a valid name")
    default_port = _DEFAULT_PORTS[parts.scheme]
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != default_port:
        authority += f":{port}"
    # Whatever is not allowed in a request line is escaped; that also rules out injected header lines.
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    lines = [f"POST {path} HTTP/1.1", f"Host: {authority}"]
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Authorization: Basic {base64.b64encode(credentials).decode('ascii')}")
    lines += ["User-Agent: Trunkline", "Accept: */*", "Content-Type: application/json", "Content-Length: "]
    head = "\r\n".join(lines).encode("ascii")
    return Target(host, default_port if port is None else port, parts.scheme == "https", head)
