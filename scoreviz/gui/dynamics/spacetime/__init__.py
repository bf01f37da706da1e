"""One dimension over time: heat map of p_t, paths, and a curve that one draws. `make` builds it for the Dynamics tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoreviz.gui.dynamics.spacetime.view import SpaceTime
    from scoreviz.gui.dynamics.tool_settings import ToolSettings
    from scoreviz.gui.playback import Playback
    from scoreviz.gui.questions import Questions
    from scoreviz.gui.session import Session
    from scoreviz.gui.store import Store


def make(
    store: Store, session: Session, playback: Playback, questions: Questions, tools: ToolSettings, tell: Callable[[str], None]
) -> SpaceTime:
    """The view with its keeper and its chips; `tell` shows a person a sentence."""
    from scoreviz.gui.dynamics.spacetime.chips import SpaceTimeChips
    from scoreviz.gui.dynamics.spacetime.keeper import SpaceTimeKeeper
    from scoreviz.gui.dynamics.spacetime.view import SpaceTime

    view = SpaceTime(tools)
    view.chips = SpaceTimeChips(store, playback)
    keeper = SpaceTimeKeeper(view, store, session, playback, questions, view)
    keeper.told.connect(tell)
    return view
