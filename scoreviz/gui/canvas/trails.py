"""The trail layer: straight lines between consecutive frames, fading by the substep.

Brightness is multiplied by a constant each substep, and where lines overlap the brighter one stays. Rounding is monotone,
so both commute to the last bit: a picture reached by playing equals one reached by a jump. A substep leaves the same light
along a long way as along a short one, as a moving lamp does on film; else the large steps at high noise would hide the rest.
"""

from __future__ import annotations

import functools
from collections import OrderedDict

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import Frames
from scoreviz.gui.canvas.palette import CanvasPalette, shades
from scoreviz.gui.canvas.paths import painting, segments_path, thickened

BRIGHT = 10.0
"""Logical pixels of a substep's way up to which its line has full brightness; beyond, it dims as 1 / length."""
_DIMMEST = 0.05
_HALVINGS = 2  # brightness steps per factor of two: Qt draws lines of one colour together
_ROUGH = 4  # lines this much dimmer are long and hardly seen: drawn in half the time, without antialiasing
_NOTHING = 1e-3  # of 255, so never seen: the fade ends here, and not in denormal numbers, which are slow
_FAR = 1e6  # pixels; what has run off further is not drawn, nor could it be seen
_CACHE = 48 << 20  # bytes of kept stamps: 78 substeps at 800 x 800, so scrubbing to and fro draws no line twice


class Trails:
    """Accumulates substeps into one float32 picture of 0 to 255, and turns it into colour."""

    def __init__(self) -> None:
        self._frames: Frames | None = None
        self._camera = Camera()
        self._scale = 1.0
        self._length = 0
        self._k: int | None = None  # the frame accumulated up to
        self._level = np.zeros((0, 0), np.float32)
        self._fresh = self._level  # room for one stamp: a new array each substep costs more than the sum
        self._stroke = QImage()
        self._stamps: OrderedDict[int, np.ndarray] = OrderedDict()
        self._pixels = np.zeros((1, 1), np.uint32)

    def level(self, frames: Frames, k: int, camera: Camera, length: int, scale: float) -> np.ndarray:
        """(height, width) uint8 brightness at frame k. After `length` substeps a line is at 0."""
        self._adopt(frames, camera, scale, length)
        if self._k is None or not 0 <= k - self._k < length:
            self._level.fill(_NOTHING)
            self._k = max(0, k - length)
        fade = np.float32(256.0 ** (-1.0 / length))
        while self._k < k:
            self._k += 1
            self._level *= fade
            self._level += np.float32(_NOTHING) * (1 - fade)
            np.copyto(self._fresh, self._stamp(frames, self._k))
            np.maximum(self._level, self._fresh, out=self._level)
        return self._level.astype(np.uint8)

    def image(self, frames: Frames, k: int, camera: Camera, length: int, scale: float, palette: CanvasPalette) -> QImage | None:
        """The layer at frame k, or None where trails are off. Valid until the next call."""
        if length <= 0:
            return None
        level = self.level(frames, k, camera, length, scale)
        if self._pixels.shape != level.shape:
            self._pixels = np.zeros(level.shape, np.uint32)
        _shades(palette).take(level, out=self._pixels, mode="wrap")  # the fastest mode; a uint8 is never out of range
        height, width = level.shape
        return QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)

    def _adopt(self, frames: Frames, camera: Camera, scale: float, length: int) -> None:
        if frames is not self._frames or camera != self._camera or scale != self._scale:
            self._frames, self._camera, self._scale = frames, camera, scale
            self._stamps.clear()
        elif length == self._length:
            return
        self._length = length
        self._k = None
        shape = (camera.height_px, camera.width_px)
        if self._level.shape != shape:
            self._level = np.zeros(shape, np.float32)
            self._fresh = np.zeros(shape, np.float32)
            self._stroke = QImage(shape[1], shape[0], QImage.Format.Format_RGB32)

    def _stamp(self, frames: Frames, j: int) -> np.ndarray:
        """(height, width) uint8: the lines of substep j."""
        if j in self._stamps:
            self._stamps.move_to_end(j)
            return self._stamps[j]
        stamp = self._draw(frames.at(j - 1), frames.at(j))
        self._stamps[j] = stamp
        while len(self._stamps) * stamp.nbytes > _CACHE and len(self._stamps) > 1:
            self._stamps.popitem(last=False)
        return stamp

    def _draw(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        image = self._stroke
        image.fill(Qt.GlobalColor.black)
        segments = visible_segments(before, after, self._camera)
        step = dimness(segments, self._scale)
        with painting(image) as painter:
            for some in np.flatnonzero(np.bincount(step))[::-1]:  # the brightest last, on top; np.unique would load numpy.ma
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(some < _ROUGH))
                grey = round(255 * 2.0 ** (-some / _HALVINGS))
                painter.setPen(QPen(QColor(grey, grey, grey), 1.0))
                painter.drawPath(segments_path(thickened(segments[step == some], self._scale)))
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
        return pixels.astype(np.uint8)  # the lowest byte: grey has three equal channels


@functools.cache
def _shades(palette: CanvasPalette) -> np.ndarray:
    return shades(palette.trail, palette.trail.alphaF() * (np.arange(256) / 255.0) ** 0.7)


def dimness(segments: np.ndarray, scale: float) -> np.ndarray:
    """(n,) int: how many steps of 2**(-1/2) each line is below full brightness."""
    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    brightness = np.clip(BRIGHT * scale / np.maximum(length, 1e-9), _DIMMEST, 1.0)
    return np.rint(-_HALVINGS * np.log2(brightness)).astype(np.int64)


def visible_segments(before: np.ndarray, after: np.ndarray, camera: Camera) -> np.ndarray:
    """(m, 2, 2) pixels: each particle's way from one frame to the next, where that can be seen and is a number."""
    if before.shape != after.shape:  # another batch: no particle of one is a particle of the other
        return np.empty((0, 2, 2))
    a, b = camera.to_pixels(before), camera.to_pixels(after)
    with np.errstate(invalid="ignore"):
        near = (np.abs(a) < _FAR).all(axis=1) & (np.abs(b) < _FAR).all(axis=1)
        low, high = np.minimum(a, b), np.maximum(a, b)
        near &= (high[:, 0] >= -1) & (high[:, 1] >= -1) & (low[:, 0] <= camera.width_px + 1) & (low[:, 1] <= camera.height_px + 1)
    return np.stack([a[near], b[near]], axis=1)
