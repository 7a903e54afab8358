"""Colours: contrasts as WCAG counts them, and shades that stay readable."""

import pytest

from trunkline.model.colors import DARK_CARD, READABLE, WHITE, contrast, is_color, mixed, on_dark


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", WHITE, 21.0), (WHITE, WHITE, 1.0), ("#767676", WHITE, 4.54), ("#ff0000", WHITE, 4.0)],
)
def test_contrast(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_what_is_a_color() -> None:
    assert is_color("#0f766e")
    for text in ("", "red", "#fff", "#0F766E", "#0f766e;", "#0f766g", "0f766e"):
        assert not is_color(text)


def test_mixed() -> None:
    assert mixed("#000000", WHITE, 0.5) == "#808080"
    assert mixed("#0f766e", WHITE, 0) == "#0f766e"
    assert mixed("#0f766e", WHITE, 1) == WHITE


@pytest.mark.parametrize("color", ["#0f766e", "#000000", "#1e3a8a", "#7f1d1d", "#6b21a8"])
def test_on_dark_pages_it_is_light_enough(color: str) -> None:
    assert contrast(on_dark(color), DARK_CARD) >= READABLE


def test_what_is_light_enough_stays() -> None:
    assert on_dark("#2dd4bf") == "#2dd4bf"
