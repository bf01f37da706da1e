"""A drawing in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.words import count, scene_text
from scoreviz.scene.density import PRESET_LABELS, Area, Bitmap, Density, Digest, Erase, Gaussian, Mark, Points, Preset, Stroke, Text
from scoreviz.scene.line import LINE_LABELS, LinePreset
from scoreviz.scene.solid import SOLID_LABELS, SolidPoints, SolidPreset


def _tr(text: str) -> str:
    return QCoreApplication.translate("DensityPanel", text)


def in_words(density: Density, blobs: Mapping[Digest, bytes]) -> str:
    """“two spirals + points data.csv (1 000 rows) + 2 strokes, 3 classes, 2 layers”. The number of rows is that of the points' blob."""
    if density.dimensions == "1":
        words = [scene_text(LINE_LABELS[m.name]) if isinstance(m, LinePreset) else _tr("a curve drawn by hand") for m in density.line]
    elif density.dimensions == "3":
        words = [_solid(m, blobs) for m in density.solid]
    else:
        words = [word for mark in density.marks if (word := _by_name(mark, blobs))] + _counted(density)
    what = " + ".join(words) or _tr("nothing drawn yet")
    return ", ".join([what, *_divided(density)]) if density.dimensions == "2" else what


def _counted(density: Density) -> list[str]:
    """Marks that are told by their number."""
    kinds = Counter(type(mark) for mark in density.marks)
    named = (
        (Stroke, _tr("1 stroke"), _tr("{n} strokes")),
        (Area, _tr("1 area"), _tr("{n} areas")),
        (Gaussian, _tr("1 Gaussian"), _tr("{n} Gaussians")),
        (Erase, _tr("1 erasure"), _tr("{n} erasures")),
    )
    return [one if kinds[kind] == 1 else many.format(n=count(kinds[kind])) for kind, one, many in named if kinds[kind]]


def _divided(density: Density) -> list[str]:
    """How many classes and layers there are, where there is more than one."""
    classes = {mark.label for mark in density.marks if not isinstance(mark, Erase)}
    hidden = sum(not layer.visible or layer.weight == 0 for layer in density.layers)
    words = [_tr("{n} classes").format(n=len(classes))] if len(classes) > 1 else []
    if len(density.layers) > 1 or hidden:
        words.append(_tr("{n} layers").format(n=len(density.layers)) if len(density.layers) > 1 else _tr("1 layer"))
    if hidden:
        words.append(_tr("{n} of them not seen").format(n=hidden))
    return words


def _solid(mark: SolidPreset | SolidPoints, blobs: Mapping[Digest, bytes]) -> str:
    if isinstance(mark, SolidPreset):
        return scene_text(SOLID_LABELS[mark.name])
    return _tr("points {name} ({n} rows)").format(name=mark.name, n=count(len(blobs.get(mark.points, b"")) // 12))


def _by_name(mark: Mark, blobs: Mapping[Digest, bytes]) -> str:
    """Marks that are told one by one."""
    match mark:
        case Preset():
            return scene_text(PRESET_LABELS[mark.name])
        case Text():
            return _tr("text “{text}”").format(text=mark.text)
        case Bitmap():
            return _tr("picture {name}").format(name=mark.name)
        case Points():
            rows = len(blobs.get(mark.points, b"")) // 8
            return _tr("points {name} ({n} rows)").format(name=mark.name, n=count(rows))
        case _:
            return ""


def mark_in_words(mark: Mark, blobs: Mapping[Digest, bytes]) -> str:
    """One mark, as it is called when it is chosen."""
    simple = {Stroke: _tr("stroke"), Area: _tr("area"), Gaussian: _tr("Gaussian"), Erase: _tr("erasure")}
    return _by_name(mark, blobs) or simple[type(mark)]
