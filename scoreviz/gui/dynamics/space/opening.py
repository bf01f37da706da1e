"""Space as the Dynamics tab opens it: the view, what joins it to the engine, its turntable and its chips."""

from __future__ import annotations

from collections.abc import Callable

from scoreviz.gui.dynamics.space.chips import SpaceChips
from scoreviz.gui.dynamics.space.keeper import SpaceKeeper
from scoreviz.gui.dynamics.space.turntable import Turntable
from scoreviz.gui.dynamics.space.view import SpaceView
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store


class Space(SpaceView):
    """A view of space that keeps itself up to date. `chips` lie beside it, so no film shows them."""

    def __init__(
        self, store: Store, session: Session, playback: Playback[Run], progress: Progress, questions: Questions, tell: Callable[[str], None]
    ) -> None:
        """tell: takes a sentence that a person should read."""
        super().__init__()
        self.keeper = SpaceKeeper(self, store, session, playback, progress, questions)
        self.turntable = Turntable(self)
        self.chips = SpaceChips(store, self.turntable)
        self.keeper.told.connect(tell)
        self.chips.told.connect(tell)
