"""What the Record button and its actions do with a window's recorder."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from scoreviz.gui import recording
from scoreviz.gui.notices import Remedy
from scoreviz.gui.record_settings import RecordSettings
from scoreviz.gui.recording import Recorder
from scoreviz.gui.widgets.words import sentence
from scoreviz.record.parts import leftovers, part_of
from scoreviz.scene.errors import SceneError

if TYPE_CHECKING:
    from scoreviz.gui.window import Window


class RecordControls(QObject):
    """Films and still pictures of one window, as the remembered settings say."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.recorder = Recorder(self)
        button = window.topbar.record_button
        button.follow(self.recorder)
        button.set_settings(RecordSettings.load(window.preferences))
        button.recordToggled.connect(self.toggle)
        button.stillWanted.connect(self.still)
        button.cancelWanted.connect(self.recorder.cancel)
        button.settingsChanged.connect(lambda settings: settings.save(window.preferences))
        self.recorder.saved.connect(self._saved)
        self.recorder.failed.connect(self._failed)

    @property
    def settings(self) -> RecordSettings:
        return self._window.topbar.record_button.settings

    def toggle(self) -> None:
        """Record, or make the film of what is recorded."""
        if self.recorder.state == "idle":
            self.recorder.start(self._subject(), self.settings.video_path(), self.settings.rate)
        else:
            self.recorder.stop()

    def still(self) -> None:
        """A PNG of what a film would show now."""
        try:
            path = recording.still(self._subject(), self.settings.still_path())
        except SceneError as error:
            self._window.tell(sentence(error))
        else:
            self._saved(path)

    def offer_leftovers(self) -> None:
        """A recording whose window and recorder were both cut off can still become a film; others are offered at later starts."""
        found = leftovers(self.settings.films)
        if not found or self.recorder.state != "idle" or self._window.pages.notice.text:
            return  # one question at a time; the next start asks again
        part = found[0]

        def discard() -> None:
            with contextlib.suppress(OSError):
                part.unlink()

        text = self.tr("A recording was cut off: “{name}”.").format(name=part.name)
        self._window.tell(text, self._make(part), Remedy(self.tr("Discard"), discard))

    def _failed(self, text: str) -> None:
        """What went wrong; where the recording itself is there, its film can still be made."""
        kept = [part for part in leftovers(self.recorder.path.parent) if part == part_of(self.recorder.path)]
        self._window.tell(text, *(self._make(part) for part in kept))

    def _make(self, part: Path) -> Remedy:
        return Remedy(self.tr("Make the film"), lambda: self.recorder.finish(part))

    def _subject(self) -> QWidget:
        if self.settings.what == "canvas":
            return self._window.pages.picture
        window = self._window
        subject: Any = window.centralWidget() if window.presentation.on else window.pages.page  # presenting, with the rule below
        return subject

    def _saved(self, path: Path) -> None:
        def show() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

        self._window.tell(self.tr("Saved “{name}” in {folder}.").format(name=path.name, folder=path.parent), Remedy(self.tr("Show"), show))
