"""The pictures of the panel show pages that there are."""

from tests.panel.screenshots import PICTURES
from trunkline.panel.pages import PAGES


def test_every_picture_is_of_a_page() -> None:
    paths = {page.path.removeprefix("/") for page in PAGES} | {"sign-in", "connectors/orange-trx"}
    assert {picture.path for picture in PICTURES} <= paths
    assert len({picture.name for picture in PICTURES}) == len(PICTURES)
