import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox, SecretUnreadable


def test_a_secret_comes_back(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path / "deep" / "secret.key")
    token = box.encrypt("pässword €")
    assert "pässword" not in token
    assert box.encrypt("pässword €") != token
    assert SecretBox.open(tmp_path / "deep" / "secret.key").decrypt(token) == "pässword €"


def test_the_key_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    SecretBox.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]  # no draft is left


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(16) as pool:
        boxes = list(pool.map(lambda _: SecretBox.open(path), range(32)))
    token = boxes[0].encrypt("x")
    assert {box.decrypt(token) for box in boxes} == {"x"}


def test_a_file_that_holds_no_key_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("not a key")
    with pytest.raises(SecretUnreadable, match=r"secret\.key"):
        SecretBox.open(path)
    assert path.read_text() == "not a key"


@pytest.mark.parametrize("token", ["", "x", "gAAAAA=="])
def test_another_keys_secret_cannot_be_read(token: str) -> None:
    box = SecretBox(Fernet.generate_key())
    with pytest.raises(SecretUnreadable):
        box.decrypt(token or SecretBox(Fernet.generate_key()).encrypt("x"))
