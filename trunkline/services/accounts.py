"""The rules that several services have in common."""

import re
import secrets
import string
from enum import StrEnum

is_name = re.compile(r"[A-Za-z0-9_.@-]{1,64}").fullmatch
_EMAIL = re.compile(r"[^@\s<>(),:;\"\\]{1,64}@[^@\s<>(),:;\"\\]{1,190}").fullmatch
_READABLE = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))


class InvalidInput(ValueError):
    """A field that breaks a rule; `field` names it and the text says the rule."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


def generate_password(length: int) -> str:
    """A random password without characters that are easily mistaken for others."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))


def check_email(field: str, address: str) -> None:
    """Raises `InvalidInput` for what is no e-mail address; it may be empty."""
    if address and not _EMAIL(address):
        raise InvalidInput(field, "an e-mail address such as ann@example.com")


def choice(field: str, value: str, choices: type[StrEnum]) -> str:
    """The value, if it is one of the choices. Raises `InvalidInput`."""
    try:
        return choices(value).value
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(each.value for each in choices)}") from None
