"""The Images tab's frames for a video: the engine develops the run once, in order, while they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoreviz.gui.images.run import BUDGET, PictureRun
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.shots import Cue
from scoreviz.protocol import messages
from scoreviz.protocol.shots import frame_of
from scoreviz.scene.images import Images

RUN_SECONDS = 12
"""A whole run at speed 1, as the Images tab's transport plays it."""


@dataclass(frozen=True)
class PictureStill:
    """A frame as it is to be drawn: frame `index` of `run`."""

    cue: Cue
    run: PictureRun
    index: int


class Developing:
    """The stills of one scene's pictures. SceneError for whatever the engine cannot do, such as a model that cannot be read."""

    def __init__(self, engine: OfflineEngine, images: Images) -> None:
        self._engine, self._images = engine, images
        self._model = ""
        self._run: PictureRun | None = None
        self._came = self._asked = -1  # the newest frame that came, and that was asked for
        engine.send(messages.Show(tab="images"))
        engine.update({"images": images})

    def stills(self, cues: Sequence[Cue]) -> Iterator[PictureStill]:
        """One for each cue, in order."""
        run = self._started()
        last = max(frame_of(float(wanted.position), run.length) for wanted in cues)
        self._develop(run, 0, last)
        for wanted in cues:
            index = frame_of(float(wanted.position), run.length)
            missing = [k for k in run.needs(index) if not run.has(k)]
            if missing and missing[0] <= self._came:  # it had to make room since
                self._develop(run, min(missing), max(self._asked, index))
            self._await(run, index)
            yield PictureStill(wanted, run, index)

    def _develop(self, run: PictureRun, first: int, last: int) -> None:
        self._engine.send(messages.Develop(run=run.number, first=first, last=last))
        self._came, self._asked = first - 1, last

    def _started(self) -> PictureRun:
        for message in self._engine.heard():
            match message:
                case messages.ModelReady():
                    self._model = message.card.name
                case messages.PicturesStarted():
                    return PictureRun.started(message, self._images, self._model, BUDGET)
        raise AssertionError("what an engine says ends with an error")

    def _await(self, run: PictureRun, index: int) -> None:
        """Read on until the frame is there; at the last one, until what is known of the whole run is, too."""
        if _whole(run, index):
            return
        for message in self._engine.heard():
            match message:
                case messages.PictureFrame():
                    self._came = max(self._came, message.index)
                    run.put(message, index, index)
                case messages.PicturesDone():
                    run.finish(message)
            if _whole(run, index):
                return


def _whole(run: PictureRun, index: int) -> bool:
    return all(run.has(k) for k in run.needs(index)) and (index < run.length - 1 or run.nfe is not None)
