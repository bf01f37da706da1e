"""Where a run is, in the symbols of a notation: t and log-SNR, NCSN's level, or DDPM's k and ᾱ; only where that is true of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.words import count, figure
from scoreviz.scene.noise import EDM, VE, VP
from scoreviz.scene.notation import Notation

GROWING = (VE.LABEL, EDM.LABEL)
"""Noises that never shrink the data; of a custom one a run does not say."""


@dataclass(frozen=True)
class Place:
    """position: “level 3 of 40”, “k 37 of 100”, or nothing. timed: t and log-SNR say it instead."""

    position: str = ""
    abar: float | None = None
    timed: bool = True

    @property
    def words(self) -> list[str]:
        """The position, and ᾱ where there is one."""
        return [part for part in (self.position, "" if self.abar is None else f"ᾱ {figure(self.abar)}") if part]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Timeline", text)


def place(run: Any, index: int, notation: Notation) -> Place:
    """Of frame `index` of a run. NCSN's level counts the noisiest as 1, DDPM's k the steps that are left; both need
    every substep's frame."""
    noise = getattr(run, "noise", "")
    if notation == "sde" or run.axis not in ("reverse", "forward") or run.length != run.total + 1:
        return Place()
    way = -1 if run.axis == "reverse" else 1
    if (np.diff(run.t) * way < 0).any():
        return Place()  # a sampler that goes back and forth has no one level after another
    levels = np.unique(run.t[run.t > 0] if way < 0 else run.t)
    here = int(np.searchsorted(levels, run.t[index], side="right"))  # how many are at or below; 0 for the data
    if notation == "ncsn" and noise in GROWING:
        total = len(levels)
        if not here:
            return Place(_tr("after level {n}").format(n=count(total)), timed=False)
        return Place(_tr("level {k} of {n}").format(k=count(total - here + 1), n=count(total)), timed=False)
    if notation == "ddpm" and noise == VP.LABEL:
        k, total = (here, len(levels)) if way < 0 else (here - 1, len(levels) - 1)
        return Place(_tr("k {k} of {n}").format(k=count(k), n=count(total)), 1.0 / (1.0 + float(run.sigma[index]) ** 2), timed=False)
    return Place()
