"""What management can fail with, in words for people."""


class ManagementError(Exception):
    """A change or a look-up that could not be done."""


class AlreadyExists(ManagementError):
    """A name that is taken."""

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"{noun} {name!r} exists already")
        self.noun = noun
        self.name = name


class NotFound(ManagementError):
    """A name that is not known."""

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"{noun} {name!r} does not exist")
        self.noun = noun
        self.name = name


class InUse(ManagementError):
    """Something that cannot be deleted yet; the text says what still needs it."""


class InsufficientBalance(ManagementError):
    """A debit that the balance does not cover."""


class UnsupportedDatabase(ManagementError):
    """The database URL names no supported database."""


class DatabaseTooNew(ManagementError):
    """The database was made by a newer version of Trunkline."""
