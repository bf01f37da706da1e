"""The trail layer: straight lines between consecutive frames, fading by the substep.

Brightness is multiplied by a constant each substep, and where lines overlap the brighter one stays. What is kept of a pixel is the
logarithm of the brightness that it would have had at a substep long past: that does not change as it fades, so a substep costs only the
pixels that it lights, and in whole numbers a picture reached by playing equals one reached by a jump. A substep leaves the same light
along a long way as along a short one, as a moving lamp does on film; else the large steps at high noise would hide the rest.
"""

from __future__ import annotations

import functools
import math
import time
from collections import OrderedDict

import numpy as np
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
_FADE = 2048  # units of log brightness from 256 to 1, which a line loses in the length of a trail
_FAR = 1e6  # pixels; what has run off further is not drawn, nor could it be seen
_CACHE = 48 << 20  # bytes of kept stamps: more than a hundred substeps of 2000 particles, so scrubbing to and fro draws no line twice
_UNITS = np.rint(_FADE / 8 * np.log2(np.maximum(np.arange(256), 1))).astype(np.uint16)
"""Log brightness of each of a pixel's 256 greys."""
_BRIGHTNESS = np.where(np.arange(_FADE + 1) > 0, np.minimum(256.0 ** (np.arange(_FADE + 1) / _FADE), 255.0), 0.0)
"""Of each log brightness; at 0 the line is gone."""


class Trails:
    """Accumulates substeps into one picture of log brightness, and turns it into colour."""

    def __init__(self) -> None:
        self._frames: Frames | None = None
        self._camera = Camera()
        self._scale = 1.0
        self._length = 0
        self._k: int | None = None  # the frame accumulated up to
        self._older = 0  # down to which substep, itself still to come
        self.unfinished = False
        self._since = 0  # the substep whose brightness is kept: that of substep j counts `_faded(j)` more
        self._light = np.zeros(0, np.uint16)  # one for each pixel
        self._now = self._light
        self._stroke = QImage()
        self._stamps: OrderedDict[int, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._kept = 0  # bytes of the stamps
        self._pixels = np.zeros((1, 1), np.uint32)

    def level(self, frames: Frames, k: int, camera: Camera, length: int, scale: float) -> np.ndarray:
        """(height, width) uint8 brightness at frame k. After `length` substeps a line is at 0."""
        now = self._log_brightness(frames, k, camera, length, scale)
        return _BRIGHTNESS[now].astype(np.uint8).reshape(camera.height_px, camera.width_px)

    def image(
        self, frames: Frames, k: int, camera: Camera, length: int, scale: float, palette: CanvasPalette, seconds: float = math.inf
    ) -> QImage | None:
        """The layer at frame k, or None where trails are off. Valid until the next call.

        `seconds`: of the processor, after which no further substep is begun; the newest are drawn first. If others are left, `unfinished`
        says so, and the next call goes on with them.
        """
        self.unfinished = False
        if length <= 0:
            return None
        now = self._log_brightness(frames, k, camera, length, scale, seconds)
        height, width = camera.height_px, camera.width_px
        if self._pixels.shape != (height, width):
            self._pixels = np.zeros((height, width), np.uint32)
        _shades(palette).take(now, out=self._pixels.reshape(-1), mode="wrap")  # the fastest mode; none is out of range
        return QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)

    def _log_brightness(self, frames: Frames, k: int, camera: Camera, length: int, scale: float, seconds: float = math.inf) -> np.ndarray:
        """(height * width,) 0 to _FADE at frame k. Valid until the next call."""
        self._adopt(frames, camera, scale, length)
        first, until = max(0, k - length), time.thread_time() + seconds  # not the time of the clock: a busy machine changes no picture
        if self._k is None or not 0 <= k - self._k < length:
            self._light.fill(0)
            self._k, self._older, self._since = k, k, first
        if self._faded(k) + _FADE > np.iinfo(np.uint16).max:
            self._count_from(k)
        newest_first = (*range(k, self._k, -1), *range(self._older, first, -1))
        self._k, self._older = k, min(self._older, first)
        for j in newest_first:
            if j != k and time.thread_time() > until:
                self._older = j  # what is drawn of those before it is found drawn once more, which changes nothing
                break
            places, units = self._stamp(frames, j)
            light = np.maximum(units.astype(np.int32) + self._faded(j), 0).astype(np.uint16)
            self._light[places] = np.maximum(self._light[places], light)
        self.unfinished = self._older > first
        return self._less(self._faded(k), self._now)

    def _faded(self, j: int) -> int:
        """Units that a line of `_since` has lost at substep j; counted from the first frame, so that it is the same on every way there."""
        return j * _FADE // self._length - self._since * _FADE // self._length

    def _count_from(self, k: int) -> None:
        """Keep the brightness of substep k instead; what is gone by then stays so."""
        self._less(self._faded(k), self._light)
        self._since = k

    def _less(self, units: int, out: np.ndarray) -> np.ndarray:
        np.maximum(self._light, np.uint16(units), out=out)
        return np.subtract(out, np.uint16(units), out=out)

    def _adopt(self, frames: Frames, camera: Camera, scale: float, length: int) -> None:
        if frames is not self._frames or camera != self._camera or scale != self._scale:
            self._frames, self._camera, self._scale = frames, camera, scale
            self._stamps.clear()
            self._kept = 0
        elif length == self._length:
            return
        self._length = length
        self._k = None
        if (self._stroke.height(), self._stroke.width()) != (camera.height_px, camera.width_px):
            self._stroke = QImage(camera.width_px, camera.height_px, QImage.Format.Format_RGB32)
            _greys(self._stroke).fill(0)
            self._light = np.zeros(camera.height_px * camera.width_px, np.uint16)
            self._now = np.zeros_like(self._light)

    def _stamp(self, frames: Frames, j: int) -> tuple[np.ndarray, np.ndarray]:
        """The pixels that substep j lights, and the log brightness of each."""
        if j in self._stamps:
            self._stamps.move_to_end(j)
            return self._stamps[j]
        stamp = self._stamps[j] = self._draw(frames.at(j - 1), frames.at(j))
        self._kept += sum(part.nbytes for part in stamp)
        while self._kept > _CACHE and len(self._stamps) > 1:
            _, old = self._stamps.popitem(last=False)
            self._kept -= sum(part.nbytes for part in old)
        return stamp

    def _draw(self, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        segments = visible_segments(before, after, self._camera)
        step = dimness(segments, self._scale)
        with painting(self._stroke) as painter:
            for some in np.flatnonzero(np.bincount(step))[::-1]:  # the brightest last, on top; np.unique would load numpy.ma
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(some < _ROUGH))
                grey = round(255 * 2.0 ** (-some / _HALVINGS))
                painter.setPen(QPen(QColor(grey, grey, grey), 1.0))
                painter.drawPath(segments_path(thickened(segments[step == some], self._scale)))
        greys = _greys(self._stroke)
        places = np.flatnonzero(greys != 0)  # Qt makes what it paints opaque, so a black pixel that it has painted is found too
        units = _UNITS[greys[places] & 0xFF]  # grey has three equal channels
        greys[places] = 0
        return places, units


def _greys(image: QImage) -> np.ndarray:
    """Its pixels, in a row, to be written."""
    return np.frombuffer(image.bits(), np.uint32)


@functools.cache
def _shades(palette: CanvasPalette) -> np.ndarray:
    return shades(palette.trail, palette.trail.alphaF() * (_BRIGHTNESS / 255.0) ** 0.7)


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
