import pytest

from trunkline.connectors.http_target import InvalidUrl, parse_target


class TestTarget:
    @pytest.mark.parametrize(
        ("url", "host", "port", "secure", "first_lines"),
        [
            ("http://example.com", "example.com", 80, False, b"POST / HTTP/1.1\r\nHost: example.com\r\n"),
            (
                "https://Example.com:8443/a/b?c=d&e=%20#f",
                "example.com",
                8443,
                True,
                b"POST /a/b?c=d&e=%20 HTTP/1.1\r\nHost: example.com:8443\r\n",
            ),
            (
                "http://example.com:80/x",
                "example.com",
                80,
                False,
                b"POST /x HTTP/1.1\r\nHost: example.com\r\n",
            ),
            ("http://[::1]:81/", "::1", 81, False, b"POST / HTTP/1.1\r\nHost: [::1]:81\r\n"),
            ("http://b\u00fccher.example/", "xn--bcher-kva.example", 80, False, None),
            ("http://h/a b\u00e9", "h", 80, False, b"POST /a%20b%C3%A9 HTTP/1.1\r\nHost: h\r\n"),
            ("http://h?q=1", "h", 80, False, b"POST /?q=1 HTTP/1.1\r\nHost: h\r\n"),
        ],
    )
    def test_parts(self, url, host, port, secure, first_lines):
        target = parse_target(url)
        assert (target.host, target.port, target.secure) == (host, port, secure)
        if first_lines:
            assert target.head.startswith(first_lines)
        assert target.head.endswith(b"\r\nContent-Length: ")

    def test_credentials_become_a_header(self):
        head = parse_target("http://me:p%40ss@example.com/").head
        assert b"\r\nAuthorization: Basic bWU6cEBzcw==\r\n" in head
        assert b"Host: example.com\r\n" in head

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("ftp://example.com/", "scheme is 'ftp'"),
            ("file:///etc/passwd", "scheme is 'file'"),
            ("example.com/x", "scheme is ''"),
            ("http:///x", "names no host"),
            ("http://h:99999/", "malformed"),
            ("http://h:x/", "malformed"),
            ("http://[::1/", "malformed"),
            ("http://a b/", "not a valid name"),
            ("http://a\\b/", "not a valid name"),
            ("http://" + "\u00fc" * 80 + "/", "not a valid name"),
            ("", "scheme is ''"),
        ],
    )
    def test_unusable(self, url, why):
        with pytest.raises(InvalidUrl, match=why):
            parse_target(url)

    def test_a_badly_escaped_password_is_not_shown(self):
        with pytest.raises(InvalidUrl) as error:
            parse_target("http://me:hu/sh@example.com/")
        assert "hu" not in str(error.value).replace("http", "")

    def test_no_header_can_be_smuggled_in(self):
        head = parse_target("http://h/x\r\nX-Evil: 1\r\n?a\r\nb").head
        assert b"X-Evil: 1" not in head.split(b"\r\n")
        with pytest.raises(InvalidUrl):
            parse_target("http://h\x00/")
