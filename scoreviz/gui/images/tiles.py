"""Pictures side by side in whole device pixels: the grid of a batch, how large its pictures are, and the panes' places."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect

GAP = 2  # device pixels between pictures of a grid
LEAST_SMALL = 1 / 3  # of the large panes' side: smaller ones are no help


@dataclass(frozen=True)
class Grid:
    """`columns` x `rows` pictures of `width` x `height` values. zoom > 0: each value is zoom x zoom pixels; zoom < 0: each pixel is the
    mean of -zoom x -zoom values."""

    columns: int
    rows: int
    width: int
    height: int
    zoom: int

    @property
    def tile(self) -> tuple[int, int]:
        """Width and height of one picture in pixels."""
        if self.zoom > 0:
            return self.width * self.zoom, self.height * self.zoom
        return -(-self.width // -self.zoom), -(-self.height // -self.zoom)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all of it."""
        w, h = self.tile
        return self.columns * (w + GAP) - GAP, self.rows * (h + GAP) - GAP

    def picture_at(self, x: float, y: float, count: int) -> int | None:
        """Which of `count` pictures lies there, from 0; None in a gap or beyond."""
        w, h = self.tile
        column, row = int(x // (w + GAP)), int(y // (h + GAP))
        inside = 0 <= column < self.columns and 0 <= row < self.rows and x % (w + GAP) < w and y % (h + GAP) < h
        index = row * self.columns + column
        return index if inside and index < count else None


def grid(count: int, width: int, height: int, zoom: int) -> Grid:
    """A near-square grid."""
    columns = math.ceil(math.sqrt(count))
    return Grid(columns, -(-count // columns), width, height, zoom)


def fitting(count: int, width: int, height: int, room: tuple[int, int]) -> Grid:
    """The largest grid that fits: whole multiples where they fit, else means over whole blocks."""
    best = grid(count, width, height, 1)
    if best.size[0] <= room[0] and best.size[1] <= room[1]:
        columns, rows = best.columns, best.rows
        zoom = min((room[0] + GAP - columns * GAP) // (columns * width), (room[1] + GAP - rows * GAP) // (rows * height))
        return grid(count, width, height, max(zoom, 1))
    for shrink in range(2, max(width, height) + 1):
        best = grid(count, width, height, -shrink)
        if best.size[0] <= room[0] and best.size[1] <= room[1]:
            break
    return best


def tiled(pixels: np.ndarray, grid: Grid, ground: int) -> np.ndarray:
    """(B, C, h, w) bytes -> (H, W) uint32 0xffRRGGBB of the whole grid; `ground` fills gaps and empty places."""
    rgb = np.broadcast_to(pixels, (len(pixels), 3, *pixels.shape[2:])) if pixels.shape[1] == 1 else pixels[:, :3]
    if grid.zoom < 0:
        rgb = _means(rgb, -grid.zoom)
    colour = np.uint32(0xFF000000) | (rgb[:, 0].astype(np.uint32) << 16) | (rgb[:, 1].astype(np.uint32) << 8) | rgb[:, 2]
    zoom, (w, h) = max(grid.zoom, 1), grid.tile
    out = np.full((grid.rows, h + GAP, grid.columns, w + GAP), ground, np.uint32)
    for i, picture in enumerate(colour):
        row, column = divmod(i, grid.columns)
        out[row, :h, column, :w] = np.repeat(np.repeat(picture, zoom, 0), zoom, 1)
    whole = out.reshape(grid.rows * (h + GAP), grid.columns * (w + GAP))
    return np.ascontiguousarray(whole[:-GAP, :-GAP])


def _means(pixels: np.ndarray, block: int) -> np.ndarray:
    """Each block x block of the last two axes becomes its mean; those at the right and bottom edge may be smaller."""
    for axis in (2, 3):
        starts = np.arange(0, pixels.shape[axis], block)
        sizes = np.diff([*starts, pixels.shape[axis]])
        sums = np.add.reduceat(pixels.astype(np.float32), starts, axis=axis)
        pixels = sums / sizes.reshape([-1 if i == axis else 1 for i in range(4)])
    return np.rint(pixels).astype(np.uint8)


@dataclass(frozen=True)
class Place:
    """Where one pane is: its whole box, and where in it the pictures are."""

    box: QRect
    pictures: QRect
    grid: Grid


@dataclass(frozen=True)
class Spacing:
    """Device pixels: height of a caption, between panes, and the smallest width that a caption can be read in."""

    caption: int
    gap: int
    least: int


def places(count: int, width: int, height: int, room: QRect, spacing: Spacing) -> list[Place]:
    """Four panes within `room`, each under a caption: two large with two small ones stacked beside them, or two by two.

    Whichever shows more pixels.
    """
    arrangements = [_square(count, width, height, room, spacing), *_stacked(count, width, height, room, spacing)]
    return max(arrangements, key=lambda panes: sum(pane.pictures.width() * pane.pictures.height() for pane in panes))


def _square(count: int, width: int, height: int, room: QRect, spacing: Spacing) -> list[Place]:
    each = ((room.width() - spacing.gap) // 2, (room.height() - spacing.gap) // 2 - spacing.caption)
    fit = fitting(count, width, height, each)
    w, h = max(fit.size[0], min(spacing.least, each[0])), fit.size[1] + spacing.caption
    x, y = _centred(room, 2 * w + spacing.gap, 2 * h + spacing.gap, spacing.gap)
    corners = [(x, y), (x + w + spacing.gap, y), (x, y + h + spacing.gap), (x + w + spacing.gap, y + h + spacing.gap)]
    return [_place(QRect(*corner, w, h), fit, spacing) for corner in corners]


def _stacked(count: int, width: int, height: int, room: QRect, spacing: Spacing) -> Iterator[list[Place]]:
    """For each size of the large panes, the largest small ones beside them."""
    largest = fitting(count, width, height, ((room.width() - 2 * spacing.gap) // 2, room.height() - spacing.caption))
    for zoom in _down_from(largest.zoom):
        large = grid(count, width, height, zoom)
        wide = max(large.size[0], spacing.least)
        left = (room.width() - 2 * (wide + spacing.gap), (room.height() - spacing.gap) // 2 - spacing.caption)
        if left[0] < spacing.least:
            continue
        small = fitting(count, width, height, left)
        if small.zoom > zoom:
            small = large
        if small.size[0] > left[0] or small.size[0] < LEAST_SMALL * large.size[0]:
            continue
        narrow = max(small.size[0], spacing.least)
        tall, short = large.size[1] + spacing.caption, small.size[1] + spacing.caption
        x, y = _centred(room, 2 * (wide + spacing.gap) + narrow, max(tall, 2 * short + spacing.gap), spacing.gap)
        beside = x + 2 * (wide + spacing.gap)
        yield [
            _place(QRect(x, y, wide, tall), large, spacing),
            _place(QRect(x + wide + spacing.gap, y, wide, tall), large, spacing),
            _place(QRect(beside, y, narrow, short), small, spacing),
            _place(QRect(beside, y + short + spacing.gap, narrow, short), small, spacing),
        ]


def _down_from(zoom: int) -> Iterator[int]:
    yield from range(zoom, 0, -1)
    yield from range(min(zoom, -2), -17, -1)


def _centred(room: QRect, width: int, height: int, gap: int) -> tuple[int, int]:
    """Top left of what is that large: in the middle, and under the header, so that what is free is at the bottom."""
    return room.x() + max(0, (room.width() - width) // 2), room.y() + min(max(0, (room.height() - height) // 3), 2 * gap)


def _place(box: QRect, grid: Grid, spacing: Spacing) -> Place:
    return Place(box, QRect(box.x(), box.y() + spacing.caption, *grid.size), grid)
