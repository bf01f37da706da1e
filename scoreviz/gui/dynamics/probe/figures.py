"""What the probe's page says in figures: vectors, angles, errors, sentences. No widgets."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.words import figure
from scoreviz.protocol.questions import Probe

NONE = "—"


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbeFigures", text)


def number(value: float) -> str:
    """Three figures with a true minus sign."""
    return figure(float(value)).replace("-", "−")


def vector(values: np.ndarray) -> str:
    """( −3.10, 4.60 ); a single number without brackets. What is a billionth of the largest is rounding, and 0."""
    largest = max(map(abs, values.tolist()))
    parts = [number(0.0 if abs(value) < 1e-9 * largest else value) for value in values.tolist()]
    return parts[0] if len(parts) == 1 else f"( {', '.join(parts)} )"


def centre(values: tuple[float, ...]) -> str:
    """( −0.06, 0.12 ): two decimals, where a column of places is compared."""
    parts = [f"{value + 0.0:.2f}".replace("-", "−") for value in values]
    return parts[0] if len(parts) == 1 else f"( {', '.join(parts)} )"


def angle(one: np.ndarray, other: np.ndarray) -> float:
    """Degrees between two vectors, 0 to 180; NaN where one of them is 0 or not finite."""
    sizes = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    if not 0 < sizes < math.inf:
        return math.nan
    return math.degrees(math.acos(min(1.0, max(-1.0, float(one @ other) / sizes))))


def relative_error(learned: np.ndarray, exact: np.ndarray) -> float:
    """|s_theta - s| / |s|; infinite where the exact score is 0."""
    size = float(np.linalg.norm(exact))
    return float(np.linalg.norm(learned - exact)) / size if size > 0 else math.inf


def off_by(learned: np.ndarray, exact: np.ndarray) -> str:
    """1.9° · 3.1 %; what cannot be said is left out."""
    if not np.isfinite(learned).all():
        return _tr("not finite")
    turned, error = angle(learned, exact), relative_error(learned, exact)
    parts = [f"{turned:.1f}°"] if math.isfinite(turned) else []
    if math.isfinite(error):
        parts.append(f"{number(100 * error)} %")
    return " · ".join(parts) or NONE


def steered(probe: Probe) -> bool:
    """Is the sampler given another score than one of those that are shown beside it, as control does?"""
    if probe.driving is None:
        return False
    shown = [probe.exact, probe.network, *([] if probe.data is None else [probe.data])]
    driving = probe.driving.numpy()
    return not any(np.allclose(driving, each.numpy(), rtol=1e-3, atol=1e-4, equal_nan=True) for each in shown)


def axes_stds(cov: np.ndarray) -> np.ndarray:
    """Standard deviations along the axes of an ellipse, the longest first."""
    out: np.ndarray = np.sqrt(np.maximum(np.linalg.eigvalsh(cov)[::-1], 0.0))
    return out


def fan_gap(probe: Probe) -> tuple[float, float]:
    """How far the mean of the targets is from the exact score, and how far the mean of so many is expected to be, both times std.

    The second is the root mean square sqrt(tr Cov / K), with the targets' exact covariance a^2 Cov[x_0|x] / std^2 (in units of std).
    """
    targets = probe.targets.numpy()
    off = probe.std * float(np.linalg.norm(targets.mean(0) - probe.exact.numpy()))
    trace = float(np.trace(probe.cov.numpy())) * (probe.a / probe.std) ** 2
    return off, math.sqrt(max(trace, 0.0) / len(targets))


def fan_words(probe: Probe) -> str:
    """What the mean of the fan comes to."""
    n = len(probe.targets.numpy())
    off, expected = fan_gap(probe)
    one = _tr("This one target is {off} off the score; one is expected to be {expected} off (both times std).")
    many = _tr("The mean of {n} targets is {off} off the score, with a standard error of {expected} (both times std).")
    return (one if n == 1 else many).format(n=n, off=number(off), expected=number(expected))
