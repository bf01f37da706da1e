from __future__ import annotations

import numpy as np
import pytest

from scoreviz.gui.canvas.palette import palette, to_oklab


def oklab(colours: np.ndarray) -> np.ndarray:
    return to_oklab(np.stack([(colours >> shift & 255) / 255.0 for shift in (16, 8, 0)], axis=-1))


def contrast(a, b) -> float:
    """WCAG's ratio."""

    def luminance(c):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "sign"), [("dark", 1), ("light", -1)])
def test_lightness_is_monotone(name, sign):
    lightness = oklab(palette(name).density)[:, 0]
    assert (sign * np.diff(lightness) > -1e-3).all()  # 8-bit colours round
    assert (sign * np.diff(lightness[::4]) > 0).all()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_equal_steps_look_equal(name):
    lab = oklab(palette(name).density)
    steps = np.linalg.norm(np.diff(lab[::15], axis=0), axis=1)
    assert steps.max() / steps.min() < 1.35


@pytest.mark.parametrize("name", ["dark", "light"])
def test_words_are_legible(name):
    p = palette(name)
    assert contrast(p.text, p.ground) > 7
    assert contrast(p.text_dim, p.ground) > 4.5
    assert contrast(p.warning, p.ground) > 4.5
    assert contrast(p.particle, p.ground) > 7


def test_an_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="'sepia'"):
        palette("sepia")
