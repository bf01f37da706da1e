"""Figures and sentences as a person reads and types them."""

from __future__ import annotations

import functools
import math
import textwrap
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QCoreApplication

from scoreviz.scene.errors import SceneError

TOOLTIP_LETTERS = 84
"""A line of a tooltip: Qt does not break those of plain text."""
THIN = "\u202f"  # narrow no-break space, between thousands


def scene_text(text: str) -> str:
    """A label or sentence of a spec, translated."""
    return QCoreApplication.translate("scene", text) if text else ""


def member_text(member: Any) -> str:
    """What a tooltip says of one choice of a family: what it is, its formula, and where that comes from; a line each."""
    return wrapped(member_lines(member))


def member_lines(member: Any) -> list[str]:
    """The lines of `member_text`, as long as they are."""
    lines = [scene_text(member.HELP), scene_text(member.RULE)]
    if member.SOURCE:
        lines.append(QCoreApplication.translate("words", "Source: {source}").format(source=scene_text(member.SOURCE)))
    return [line for line in lines if line]


def wrapped(lines: Iterable[str]) -> str:
    """Lines for a tooltip, the empty ones left out, the long ones broken."""
    return "\n".join(_broken(part) for line in lines for part in line.split("\n") if part)


@functools.cache  # the same few hundred sentences of specs, at each filling of a menu
def _broken(line: str) -> str:
    return textwrap.fill(line, TOOLTIP_LETTERS, break_on_hyphens=False)


def sentence(error: SceneError) -> str:
    """What an error says to a person, translated; labels within it too."""
    template = QCoreApplication.translate("errors", error.template)
    params = {key: scene_text(value) if key == "label" and isinstance(value, str) else value for key, value in error.params.items()}
    return template.format(**params) if params else template


def count(number: int) -> str:
    """1234567 as 1 234 567."""
    return f"{number:,}".replace(",", THIN)


def figure(value: float | int | None) -> str:
    """A number in three significant figures, integers in full."""
    if value is None:
        return ""
    if isinstance(value, int):
        return count(value)
    if math.isnan(value):
        return QCoreApplication.translate("words", "no number")
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 10000 or size < 0.0005:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if size >= 1000:
        return count(round(value))
    decimals = max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0") if size < 0.1 else text


def editable(value: float | int) -> str:
    """All the digits of a number, for a field that is about to be edited."""
    return str(value)


def parse(text: str) -> float | None:
    """The number that a person typed, or None. A comma is a decimal point; spaces do not count."""
    plain = "".join(text.split()).replace(THIN, "").replace("−", "-").replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number


def signed(value: float, decimals: int = 1) -> str:
    """+4.4 or −2.9, with a true minus."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def rounded(value: float, figures: int = 3) -> float:
    """`value` with so many significant figures, so that what is shown is what is set."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, figures - 1 - math.floor(math.log10(abs(value))))
