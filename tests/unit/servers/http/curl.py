"""The curl commands in the documentation, as far as it uses curl, and the answers that it shows."""

import re
import shlex
from base64 import b64encode
from typing import Any

# A command in a block of its own, and after it the answer with its status.
EXAMPLE = re.compile(r"```sh\n(curl .*?)```\n\n```json (\d+)\n(.*?)```", re.DOTALL)


def parse(command: str) -> tuple[str, str, dict[str, Any]]:
    """Method, URL without the host and aiohttp's options of a curl command."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, url, headers, data, form = "", "", {}, None, []
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            data = next(words).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif word == "--data-urlencode":
            form.append(tuple(next(words).split("=", 1)))
        elif word == "-u":
            headers["Authorization"] = "Basic " + b64encode(next(words).encode()).decode()
        else:
            assert word.startswith("http://localhost:8080/"), word
            url = word.removeprefix("http://localhost:8080")
    options: dict[str, Any] = {"headers": headers, "data": form or data}
    return method or ("POST" if data or form else "GET"), url, options
