"""A run and a frame of it, in words: what stands at the ends of the time line and below it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from scoreviz.gui.notation import place
from scoreviz.gui.playback import STAGES, Timed
from scoreviz.gui.widgets.words import count, figure, signed
from scoreviz.scene.notation import Notation


def _tr(text: str) -> str:
    return QCoreApplication.translate("Timeline", text)


def ends(run: Timed, notation: Notation = "sde") -> tuple[str, str]:
    """What stands at the two ends of the axis."""
    if run.length and (begins := place(run, 0, notation).position):
        return begins, place(run, run.length - 1, notation).position
    match run.axis:
        case "iterations":
            return _tr("iteration 0"), count(run.total)
        case "levels":
            return _tr("level 1"), count(levels(run))
        case _:
            first, last = (float(run.t[0]), float(run.t[-1])) if run.length else (1.0, 0.0)
            return f"t = {first:.3g}", f"{last:.3g}"


def levels(run: Timed) -> int:
    """Number of noise levels."""
    return len(np.unique(np.round(run.sigma[1:] if run.length > 1 else run.sigma, 9)))


def stage_name(code: int) -> str:
    """A stage as a person reads it."""
    return {"start": _tr("start"), "predict": _tr("predict"), "correct": _tr("correct"), "denoise": _tr("denoise")}[STAGES[code]]


def stride(run: Timed) -> int:
    """Every how many substeps a frame was kept."""
    kept = max(run.length - 1, 1)
    return max(1, round(run.total / kept))


def caption(run: Timed, index: int, notation: Notation = "sde") -> str:
    """“predict 96 of 160 · t 0.40 · σ 0.110 · log-SNR +4.4”; NCSN has levels for t, DDPM k and ᾱ."""
    here = place(run, index, notation)
    parts = [stage_name(int(run.stage[index]))]
    if index:
        parts[0] = _tr("{stage} {k} of {n}").format(stage=parts[0], k=count(int(run.substep[index])), n=count(run.total))
    parts += here.words
    if here.timed and run.axis in ("reverse", "forward"):
        parts.append(f"t {float(run.t[index]):.2f}")
    if here.abar is None and np.isfinite(run.sigma[index]):
        parts.append(f"σ {figure(float(run.sigma[index]))}")
    if here.timed and notation != "ncsn" and np.isfinite(run.log_snr[index]):
        parts.append(_tr("log-SNR {value}").format(value=signed(float(run.log_snr[index]))))
    return " · ".join(parts)


def aside(run: Timed) -> str:
    """What the time line must not hide: frames left out, frames still under way."""
    parts = []
    every = stride(run)
    if every > 1:
        parts.append(_tr("every {n}{th} kept").format(n=every, th=_ordinal(every)))
    if run.ready < run.length:
        parts.append(_tr("{percent} % computed").format(percent=100 * run.ready // max(run.length, 1)))
    return " · ".join(parts)


def _ordinal(n: int) -> str:
    if 10 <= n % 100 <= 20:
        return _tr("th")
    return {1: _tr("st"), 2: _tr("nd"), 3: _tr("rd")}.get(n % 10, _tr("th"))
