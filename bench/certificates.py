"""Certificates for runs over TLS, made on the spot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.processes import HOST
from trunkline.simulator.certificates import Authority


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: a certificate for this host, its key, and the authority that issued it."""

    certificate: Path
    key: Path
    authority: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Writes them into a directory."""
        authority = Authority()
        path = folder / "authority.pem"
        path.write_text(authority.certificate)
        return cls(*authority.issue(HOST).write(folder), path)
