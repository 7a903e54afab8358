"""What services have in common."""

from trunkline.services.accounts import generate_password


def test_generated_passwords_can_be_read_aloud() -> None:
    made = {generate_password(8) for _ in range(200)}
    assert len(made) == 200
    assert set("".join(made)).isdisjoint("0O1lI")
    assert all(len(each) == 8 and each.isalnum() for each in made)
